"""Test writing, reading and exporting races on SQLite and a real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from pitwall.domain.race import RaceInfo
from pitwall.domain.records import Batch, MessageRecord
from pitwall.domain.stored_races import HistoryTable, RaceFilter, Selection
from pitwall.engine.keyframes import decode_keyframe
from pitwall.engine.race_engine import RaceEngine
from pitwall.errors import RaceNotFoundError, SelectionError
from pitwall.recording import record_rows as batches
from pitwall.store.database import Database
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.store.tables import metadata
from pitwall.wire.message import RawMessage
from tests.contracts.conftest import FEED
from tests.store.races import PREDICTOR

pytestmark = pytest.mark.slow

EVERYTHING = tuple(HistoryTable)
ALL = Selection()


async def all_rows(
    reader: SqlRaceReader, told: Batch, **how: Any
) -> list[tuple[str, dict[str, Any]]]:
    race = await reader.race(told.info.race_id)
    selection = how.pop("selection", ALL)
    wanted = how.pop("wanted", EVERYTHING)
    rows: list[tuple[str, dict[str, Any]]] = []
    cursor = None
    while True:
        page = await reader.page(race, wanted, selection, how.get("limit", 5_000), cursor)
        rows += [(table.value, dict(row)) for table, row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            return rows


async def test_what_was_kept_comes_back_row_for_row(kept: Database, told: Batch) -> None:
    rows = await all_rows(SqlRaceReader(kept), told)
    by_table: dict[str, list[dict[str, Any]]] = {}
    for table, row in rows:
        by_table.setdefault(table, []).append(row)

    timing = [
        (row["at_utc"], row["car"], row["position"], row["gap_to_leader_s"], row["interval_s"])
        for row in by_table["timing"]
    ]
    in_order = sorted(told.timing, key=lambda row: (row.at, row.seq, row.car))
    assert timing == [(t.at, t.car, t.position, t.gap_s, t.interval_s) for t in in_order]
    laps = {(row["car"], row["lap"]): row["lap_time_s"] for row in by_table["laps"]}
    assert laps == {key: lap.lap_time_s for key, lap in told.laps.items()}
    telemetry = {(r["at_utc"], r["car"]): r["speed_kmh"] for r in by_table["telemetry"]}
    assert telemetry == {(s.at, s.car): s.speed_kmh for _, s in told.samples}
    assert len(by_table["telemetry"]) == len(told.samples) > 10_000
    predictions = {
        (r["made_at_utc"], r["interval_s"]): (r["p_overtake"], r["outcome"])
        for r in by_table["predictions"]
    }
    assert len(by_table["predictions"]) == len(told.predictions) > 20
    assert predictions == {
        (p.made_at, p.interval_s): (p.p_overtake, p.outcome) for p in told.predictions.values()
    }
    assert {name: len(by_table[name]) for name in ("stints", "race_control", "weather")} == {
        "stints": len(told.stints),
        "race_control": len(told.control),
        "weather": len(told.weather),
    }


async def test_small_pages_give_the_same_rows_as_one(kept: Database, told: Batch) -> None:
    reader = SqlRaceReader(kept)
    wanted = (HistoryTable.LAPS, HistoryTable.STATUSES, HistoryTable.PREDICTIONS)

    whole = await all_rows(reader, told, wanted=wanted, limit=100_000)

    assert await all_rows(reader, told, wanted=wanted, limit=7) == whole
    assert len(whole) > 100


async def test_a_selection_limits_time_and_drivers(kept: Database, told: Batch) -> None:
    reader = SqlRaceReader(kept)
    since = told.timing[len(told.timing) // 2].at
    until = since + timedelta(minutes=2)
    car = max(told.entries, key=lambda each: sum(row.car == each for row in told.timing))

    rows = await all_rows(
        reader,
        told,
        wanted=(HistoryTable.TIMING, HistoryTable.TELEMETRY),
        selection=Selection(since, until, (str(car), told.entries[car].code)),
    )

    assert {row["car"] for _, row in rows} == {car}
    assert all(since <= row["at_utc"] < until for _, row in rows)
    expected = [t for t in told.timing if t.car == car and since <= t.at < until]
    assert len([row for table, row in rows if table == "timing"]) == len(expected) > 5


async def test_predictions_are_found_by_either_driver(kept: Database, told: Batch) -> None:
    car = next(iter(told.predictions.values())).defender
    driver = told.entries[car].driver_id

    rows = await all_rows(
        SqlRaceReader(kept),
        told,
        wanted=(HistoryTable.PREDICTIONS,),
        selection=Selection(drivers=(driver,)),
    )

    ours = [p for p in told.predictions.values() if car in (p.attacker, p.defender)]
    assert len(rows) == len(ours)


async def test_a_batch_written_twice_adds_nothing(database: Database, told: Batch) -> None:
    writer, reader = SqlRaceWriter(database), SqlRaceReader(database)
    mark = await writer.begin(told.info, "recorded", "a feed")
    await writer.append(mark, batches.joined(Batch(), told))
    once = await all_rows(reader, told)

    await writer.append(mark, batches.joined(Batch(), told))

    assert await all_rows(reader, told) == once


async def test_the_raw_messages_come_back_byte_for_byte(kept: Database, told: Batch) -> None:
    reader = SqlRaceReader(kept)
    race = await reader.race(told.info.race_id)
    originals = [RawMessage(m.sent_at, m.topic, m.body) for m in told.messages]

    assert await reader.messages(race) == originals
    assert await reader.messages(race, 734, originals[1_500].sent_at) == [
        message for message in originals[734:] if message.sent_at <= originals[1_500].sent_at
    ]


async def test_a_replay_from_a_keyframe_is_the_race_from_its_beginning(
    kept: Database, told: Batch
) -> None:
    reader = SqlRaceReader(kept)
    race = await reader.race(told.info.race_id)
    at = told.messages[1_700].sent_at
    whole = RaceEngine(PREDICTOR)
    for kept_one in told.messages:
        if kept_one.sent_at <= at:
            whole.take(RawMessage(kept_one.sent_at, kept_one.topic, kept_one.body))

    keyframe = await reader.keyframe(race, at)
    assert keyframe is not None
    state = decode_keyframe(keyframe.body)
    assert state is not None
    resumed = RaceEngine(PREDICTOR)
    resumed.state = state
    rest = await reader.messages(race, keyframe.seq, at)
    for message in rest:
        resumed.take(message)

    assert resumed.state == whole.state
    assert 0 < len(rest) < 600


async def test_writing_goes_on_where_it_stopped(database: Database, told: Batch) -> None:
    """Write batches of about a second, and replace the writer half-way."""
    reader = SqlRaceReader(database)
    writer = SqlRaceWriter(database)
    mark = await writer.begin(told.info, "recorded", "a feed")
    for first in range(0, 1_200, 40):
        if first == 600:
            writer = SqlRaceWriter(database)
            mark = await writer.begin(told.info, "recorded", "a feed")
            assert mark.messages == first
        batch = Batch(info=told.info, messages=told.messages[first : first + 40])
        batch.messages_through = first + 40
        batch.last_at = batch.messages[-1].sent_at
        await writer.append(mark, batch)
    await writer.finish(mark, "finished")

    race = await reader.race(told.info.race_id)
    assert [m.body for m in await reader.messages(race)] == [m.body for m in told.messages[:1_200]]
    assert (race.state, race.messages) == ("finished", 1_200)


async def test_races_are_listed_newest_first_and_by_filter(database: Database) -> None:
    writer, reader = SqlRaceWriter(database), SqlRaceReader(database)
    at = datetime(2026, 7, 5, 13, tzinfo=UTC)
    for number, kind in enumerate(("Race", "Sprint", "Race", "Race")):
        info = RaceInfo(
            f"race-{number}", f"GP {number}", kind, f"Place {number % 2}", 2020 + number
        )
        batch = Batch(info=info, messages_through=1)
        batch.last_at = at + timedelta(days=number)
        batch.messages.append(MessageRecord(0, batch.last_at, "Heartbeat", b"{}"))
        await writer.append(await writer.begin(info, "recorded", "a feed"), batch)

    first, cursor = await reader.races(RaceFilter(), 3)
    second, end = await reader.races(RaceFilter(), 3, cursor)

    assert [race.id for race in (*first, *second)] == ["race-3", "race-2", "race-1", "race-0"]
    assert end is None
    sprints, _ = await reader.races(RaceFilter(kind="sprint"), 10)
    assert [race.id for race in sprints] == ["race-1"]
    there, _ = await reader.races(RaceFilter(circuit="place-1", year=2023), 10)
    assert [(race.id, race.circuit) for race in there] == [("race-3", "Place 1")]


async def test_old_simulated_races_make_room_for_new_ones(database: Database) -> None:
    writer, reader = SqlRaceWriter(database), SqlRaceReader(database)
    for number in range(5):
        info = RaceInfo(f"simulated-{number}", "GP", "Race", "Place", 2026)
        mark = await writer.begin(info, "simulated" if number else "recorded", "a feed")
        await writer.append(mark, Batch(info=info, messages_through=0))

    assert await writer.prune_simulated(2) == 2

    left, _ = await reader.races(RaceFilter(), 10)
    assert {race.id for race in left} == {"simulated-0", "simulated-3", "simulated-4"}


async def test_a_removed_race_leaves_nothing_but_its_ledger(kept: Database, told: Batch) -> None:
    writer, reader = SqlRaceWriter(kept), SqlRaceReader(kept)
    mark = await writer.begin(told.info, FEED.source.value, FEED.name)

    await writer.remove(told.info.race_id)

    with pytest.raises(RaceNotFoundError):
        await reader.race(told.info.race_id)
    with pytest.raises(RaceNotFoundError):
        await writer.append(mark, batches.joined(Batch(), told))
    async with kept.reading() as connection:
        left = {name for name in metadata.tables if name.startswith("ledger_")}
        for name in {*metadata.tables} - {"circuits", "drivers", "forecast_words"} - left:
            count = text(f"SELECT count(*) FROM {name}")  # noqa: S608  our own name
            assert await connection.scalar(count) == 0, name


@pytest.mark.parametrize("cursor", ["", "!", "e30", "WyJ0aW1pbmciXQ", "WyJ0aW1pbmciLDEsMiwiYSJd"])
async def test_a_damaged_cursor_is_refused(kept: Database, told: Batch, cursor: str) -> None:
    reader = SqlRaceReader(kept)
    race = await reader.race(told.info.race_id)
    if cursor == "WyJ0aW1pbmciXQ":  # the table alone begins it: no damage
        return

    with pytest.raises(SelectionError):
        await reader.page(race, (HistoryTable.TIMING,), ALL, 10, cursor)


async def test_a_driver_who_is_not_there_is_named(kept: Database, told: Batch) -> None:
    reader = SqlRaceReader(kept)
    race = await reader.race(told.info.race_id)

    with pytest.raises(SelectionError, match="zorro"):
        await reader.page(race, EVERYTHING, replace(ALL, drivers=("zorro",)), 10)


async def test_a_race_that_was_left_goes_on_with_its_own_kind_of_feed_alone(
    database: Database,
) -> None:
    writer, info = SqlRaceWriter(database), RaceInfo("2026-a-race", "A race", "Race", year=2026)
    mark = await writer.begin(info, "live", "f1_live")
    await writer.finish(mark, "abandoned")

    other = await writer.begin(info, "recorded", "recording")
    assert (other.source, other.state) == ("live", "abandoned")

    assert (await writer.begin(info, "live", "f1_live")).state == "running"


async def test_a_message_of_race_control_told_again_is_stored_once(
    database: Database, told: Batch
) -> None:
    writer = SqlRaceWriter(database)
    mark = await writer.begin(told.info, "live", "f1_live")
    await writer.append(mark, batches.joined(Batch(), told))
    snapshot = Batch(info=told.info, messages_through=told.messages_through + 1)
    at = told.messages[-1].sent_at
    snapshot.messages.append(MessageRecord(told.messages_through, at, "RaceControlMessages", b"{}"))
    repeated = [row._replace(at=at, seq=told.messages_through) for row in told.control]
    new = repeated[-1]._replace(message="A" * 2_000)
    snapshot.control = [
        row._replace(nth=nth) for nth, row in enumerate([*repeated, new, *repeated, new])
    ]

    await writer.append(mark, snapshot)

    rows = await all_rows(SqlRaceReader(database), told, wanted=(HistoryTable.RACE_CONTROL,))
    assert [row["message"] for _, row in rows] == [
        *(row.message for row in told.control), "A" * 1_000,
    ]  # fmt: skip
