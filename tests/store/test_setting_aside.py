"""Test that a rejected row is set aside and does not stop the rows beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from pitwall.domain.records import Batch, MessageRecord
from pitwall.domain.sessions import Source
from pitwall.domain.stored_races import HistoryTable, Selection
from pitwall.errors import StoreError
from pitwall.recording.race_recorder import Recorder
from pitwall.store.database import Database
from pitwall.store.ledger.verifier import verify
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.store.rejected_rows import Refused, SetAsideFile
from pitwall.wire.message import RawMessage
from tests.store.races import LIGHTS_OUT, SMALL, small_batch

ROWS = 60


def with_odd_rows() -> tuple[Batch, dict[str, int]]:
    """Return a batch with a few rows that no database accepts, and their number by table."""
    batch = small_batch(ROWS)
    batch.timing[7] = batch.timing[7]._replace(seq=2**70)
    batch.control.append(batch.control[0])  # told twice: written once, and nothing is lost
    batch.samples[11] = (11, batch.samples[11][1]._replace(car=10**30))
    at = LIGHTS_OUT + timedelta(seconds=20)
    odd = batch.predictions[at, 2, 1]
    batch.predictions[at, 2, 1] = odd._replace(position=70_000)  # the ledger has one byte for it
    return batch, {"timing": 1, "car_samples": 1, "predictions": 1}


async def counts(database: Database) -> dict[HistoryTable, int]:
    reader = SqlRaceReader(database)
    race = await reader.race(SMALL.race_id)
    rows = (await reader.page(race, tuple(HistoryTable), Selection(), 10_000)).rows
    return {table: sum(each is table for each, _ in rows) for table in HistoryTable}


async def test_only_what_is_refused_is_set_aside(database: Database, tmp_path: Path) -> None:
    aside = SetAsideFile(tmp_path / "set-aside.jsonl")
    writer = SqlRaceWriter(database, aside)
    mark = await writer.begin(SMALL, "recorded", "recording:small")
    batch, odd = with_odd_rows()

    await writer.append(mark, batch)
    later = small_batch(ROWS + 5)
    await writer.append(mark, later)  # the mark has moved: only five seconds are new
    await writer.finish(mark, "finished")

    kept = await counts(database)
    assert kept[HistoryTable.RACE_CONTROL] == 1
    assert kept[HistoryTable.TIMING] == ROWS + 5 - 1
    assert kept[HistoryTable.TELEMETRY] == ROWS + 5 - 1
    assert kept[HistoryTable.PREDICTIONS] == ROWS + 5 - 1
    lines = [json.loads(line) for line in (tmp_path / "set-aside.jsonl").read_text().splitlines()]
    assert sorted(line["table"] for line in lines) == sorted(odd)
    assert {line["race"] for line in lines} == {SMALL.race_id}
    (timing,) = (line for line in lines if line["table"] == "timing")
    assert timing["row"]["seq"] == 2**70
    assert aside.state().rows == len(lines) == len(odd)
    reader = SqlRaceReader(database)
    race = await reader.race(SMALL.race_id)
    assert (race.messages, len(await reader.messages(race))) == (ROWS + 5, ROWS + 5)
    assert (await verify(database)).forecasts == ROWS + 5 - 1


async def test_a_raw_message_that_is_refused_leaves_a_gap_and_replay_goes_on(
    database: Database, tmp_path: Path
) -> None:
    aside = SetAsideFile(tmp_path / "set-aside.jsonl")
    writer = SqlRaceWriter(database, aside)
    mark = await writer.begin(SMALL, "recorded", "recording:small")
    batch = small_batch(90)
    whole = list(batch.messages)
    batch.messages[70] = batch.messages[70]._replace(topic="half a letter \ud800")

    await writer.append(mark, batch)
    at = whole[-1].sent_at + timedelta(seconds=1)
    more = Batch(info=SMALL, messages=[MessageRecord(90, at, "Heartbeat", b"{}")])
    await writer.append(mark, replace(more, messages_through=91, last_at=at))
    await writer.finish(mark, "finished")

    reader = SqlRaceReader(database)
    race = await reader.race(SMALL.race_id)
    assert race.messages == 91
    sent = [message.sent_at for message in await reader.messages(race)]
    assert sent == [each.sent_at for each in whole if each.seq != 70] + [at]
    assert [m.sent_at for m in await reader.messages(race, 71)] == sent[70:]
    assert aside.state().rows == 1
    assert "raw_chunks" in aside.state().reason


async def test_the_recorder_tells_what_was_set_aside_and_goes_on(
    database: Database, tmp_path: Path
) -> None:
    aside = SetAsideFile(tmp_path / "set-aside.jsonl")
    recorder = Recorder(SqlRaceWriter(database, aside), "test-model", set_aside=aside.state)
    watched = recorder.watch(_Feed())
    batch, odd = with_odd_rows()
    watched.collector.put_back(batch)

    await recorder.flush()

    assert (recorder.state.status, recorder.state.waiting) == ("ok", 0)
    assert recorder.state.set_aside.rows == sum(odd.values())
    assert recorder.state.set_aside.file == "set-aside.jsonl"
    assert recorder.state.set_aside.reason


async def test_without_a_file_a_refused_row_is_kept_and_said(database: Database) -> None:
    recorder = Recorder(SqlRaceWriter(database), "test-model")
    watched = recorder.watch(_Feed())
    watched.collector.put_back(with_odd_rows()[0])

    await recorder.flush()

    assert recorder.state.status == "degraded"
    assert "rejects rows of a race" in recorder.state.reason
    assert recorder.state.waiting == ROWS


async def test_tables_that_are_not_there_yet_are_trouble_and_nothing_is_set_aside(
    database: Database, tmp_path: Path
) -> None:
    aside = SetAsideFile(tmp_path / "set-aside.jsonl")
    writer = SqlRaceWriter(database, aside)
    mark = await writer.begin(SMALL, "recorded", "recording:small")
    async with database.writing() as connection:
        await connection.execute(text("ALTER TABLE laps RENAME TO laps_of_another_release"))

    with pytest.raises(StoreError):
        await writer.append(mark, small_batch(ROWS))

    assert aside.state().rows == 0
    async with database.writing() as connection:
        await connection.execute(text("ALTER TABLE laps_of_another_release RENAME TO laps"))
    await writer.append(mark, small_batch(ROWS))
    assert (await counts(database))[HistoryTable.TIMING] == ROWS


def test_the_file_has_a_bound_and_counts_what_it_did_not_take(tmp_path: Path) -> None:
    path = tmp_path / "set-aside.jsonl"
    aside = SetAsideFile(path, most_bytes=1_000)
    for nth in range(30):
        aside.write("a-race", [Refused("timing", (nth, b"bytes", LIGHTS_OUT), "out of range")])
        aside.write("a-race", [Refused("timing", (nth, b"bytes", LIGHTS_OUT), "out of range")])

    state = aside.state()
    assert path.stat().st_size <= 1_000
    assert 0 < state.rows == len(path.read_text().splitlines())
    assert state.rows + state.lost == 30
    assert SetAsideFile(path).state().rows == state.rows  # after a restart, too


class _Feed:
    """A feed of which only the name is used."""

    name = "recording:small"

    def __init__(self) -> None:
        self.source = Source.RECORDED

    def messages(self) -> Iterator[RawMessage]:
        return iter(())
