"""Test that what each expert moved is stored, exported and replayed, on SQLite and PostgreSQL."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from pitwall.domain.forecasts import Condition
from pitwall.domain.frames import BattleLine, FeedState, LiveFrame
from pitwall.domain.records import Batch
from pitwall.domain.stored_races import HistoryTable, Selection
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame
from pitwall.engine.playback import Playback
from pitwall.engine.race_engine import RaceEngine
from pitwall.errors import LedgerError
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.ports.forecasts import Predictor
from pitwall.ports.replays import ReplayPace
from pitwall.recording.import_race import import_race
from pitwall.replay.service import ReplayService
from pitwall.replay.source import ReplayShortcuts
from pitwall.replay.stored_forecasts import forecasts_from_rows
from pitwall.store import migrations
from pitwall.store.database import Database
from pitwall.store.ledger import entries
from pitwall.store.ledger.verifier import verify
from pitwall.store.race_exporter import SqlRaceExporter
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from tests.contributing import ContributingPredictor
from tests.short_feeds import Short
from tests.store.ledgers import forecasts, outcomes, run, write
from tests.store.races import SMALL

FEED = Short(SimulatedFeed(7), 4_000)
LATER = ("c_base", "c_om", "c_boost", "c_aero", "p_kept", "condition")
ALL = Selection()


def a_frame(predictor: Predictor, at: datetime) -> LiveFrame:
    """Return what was on screen at a moment while the race was live."""
    playback = Playback(FEED, RaceEngine(predictor))
    playback.advance(at)
    view = FeedView(FEED.source.value, FEED.name, FeedState.FLOWING)
    return build_frame(playback.state, view, Stamp(1, at, None), predictor.version)


def of_pairs(frame: LiveFrame) -> dict[tuple[int, int], BattleLine]:
    return {(line.attacker, line.defender): line for line in frame.battles}


async def a_moment_of(reader: SqlRaceReader, race_id: str) -> datetime:
    """Return a moment shortly before the end, when forecasts are stored and battles go on."""
    last = (await reader.race(race_id)).last_at
    assert last is not None
    return last - timedelta(seconds=2.5)


async def test_every_part_of_a_forecast_comes_back_to_the_last_bit(database: Database) -> None:
    predictor = ContributingPredictor()
    came = await import_race(FEED, SqlRaceWriter(database), predictor)
    reader = SqlRaceReader(database)
    race, at = await reader.race(came.race_id), await a_moment_of(reader, came.race_id)
    live = of_pairs(a_frame(predictor, at))
    assert len({line.mixed.experts[1].points for line in live.values() if line.mixed}) > 2
    assert {line.condition for line in live.values()} == {Condition.FRESH, Condition.CLEAN}

    # The same model forecasts what is on screen anew; of another model all is as it was stored.
    whole = ReplayShortcuts(predictor.version)
    same = await ReplayService(reader, predictor, whole).open(race)
    other = await ReplayService(reader, ContributingPredictor("contributing-2")).open(race)
    repeated = of_pairs(await same.frame(at, ReplayPace()))
    as_stored = of_pairs(await other.frame(at, ReplayPace()))

    assert repeated == live
    assert [line.mixed for line in as_stored.values()] == [line.mixed for line in live.values()]
    assert [line.condition for line in as_stored.values()] == [
        line.condition for line in live.values()
    ]


async def test_exports_have_the_same_columns(database: Database) -> None:
    came = await import_race(FEED, SqlRaceWriter(database), ContributingPredictor())
    race, exporter = await SqlRaceReader(database).race(came.race_id), SqlRaceExporter(database)
    table = HistoryTable.PREDICTIONS

    lines = b"".join([piece async for piece in exporter.csv(race, table, ALL)]).decode()
    columns = b"".join([piece async for piece in exporter.parquet(race, table, ALL)])

    parsed = list(csv.DictReader(io.StringIO(lines, newline="")))
    rows = pq.read_table(io.BytesIO(columns)).to_pylist()
    assert len(rows) == len(parsed) > 100
    assert all(row[name] is not None for row in rows for name in LATER)
    for row, line in zip(rows, parsed, strict=True):
        assert [float(line[name]) for name in LATER[:-1]] == [row[name] for name in LATER[:-1]]
        assert line["condition"] == row["condition"] in {"fresh", "clean"}
        logit = row["c_base"] + row["c_om"] + row["c_boost"] + row["c_aero"]
        assert math.log(row["p_overtake"] / (1 - row["p_overtake"])) == pytest.approx(logit)


def _contributing() -> Batch:
    """Return the small race with contributions in every forecast but the first."""
    batch = forecasts()
    for nth, (key, row) in enumerate(batch.predictions.items()):
        if nth:
            batch.predictions[key] = row._replace(
                c_base=-1.0, c_om=0.1, c_boost=0.2, c_aero=-0.3, p_kept=0.8, condition="wet"
            )
    return batch


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE forecasts SET c_boost = 0.9 WHERE interval_s > 5",
        "UPDATE forecasts SET c_boost = NULL WHERE interval_s > 5",
        "UPDATE forecasts SET p_kept = 0.7 WHERE interval_s > 5",
        "UPDATE forecasts SET condition_number = model_number WHERE interval_s > 5",
        "UPDATE forecasts SET condition_number = NULL",
        "UPDATE forecasts SET c_base = NULL, c_om = NULL, c_boost = NULL, c_aero = NULL, "
        "p_kept = NULL, condition_number = NULL",
        "UPDATE forecasts SET c_base = 0.5 WHERE c_base IS NULL",
        "UPDATE forecasts SET condition_number = model_number WHERE condition_number IS NULL",
    ],
)
async def test_the_ledger_notices_what_is_changed_in_them(database: Database, change: str) -> None:
    await write(database, _contributing(), outcomes())
    assert (await verify(database)).compared == 60

    await run(database, change)

    with pytest.raises(LedgerError, match="were changed after they were written"):
        await verify(database)


async def test_a_database_of_an_earlier_release_keeps_its_forecasts_and_its_ledger(
    empty_database: Database,
) -> None:
    """Migrate a database with rows, a ledger included, up to this release and back."""
    database = empty_database
    await migrations.upgrade(database)
    await write(database, forecasts(), outcomes())
    await migrations.downgrade(database, "0002")
    async with database.reading() as connection:
        names = (await connection.execute(text("SELECT * FROM predictions LIMIT 1"))).keys()
        before = (await connection.execute(text("SELECT * FROM predictions ORDER BY id"))).all()
    assert set(LATER).isdisjoint(names)

    await migrations.upgrade(database)

    async with database.reading() as connection:
        after = (await connection.execute(text("SELECT * FROM predictions ORDER BY id"))).all()
    assert [tuple(row)[: len(names)] for row in after] == [tuple(row) for row in before]
    assert len(after) == 60
    assert {tuple(row)[len(names) :] for row in after} == {(None,) * len(LATER)}
    found = await verify(database)
    assert (found.forecasts, found.outcomes, found.compared) == (60, 60, 60)
    reader = SqlRaceReader(database)
    page = await reader.page(await reader.race(SMALL.race_id), [HistoryTable.PREDICTIONS], ALL, 100)
    stored = forecasts_from_rows(
        [row for _, row in page.rows], {"ada-byron": 1, "mary-somer": 2}, shown=True
    )
    assert {one.condition for round_ in stored.values() for one in round_.values()} == {
        Condition.CLEAN
    }
    # On an old entry rests the new table: adding to a row that had nothing is found out.
    await run(database, "UPDATE forecasts SET p_kept = 0.9 WHERE interval_s < 0.2")
    with pytest.raises(LedgerError, match="were changed"):
        await verify(database)


def test_rows_of_an_earlier_release_have_the_digest_that_it_wrote() -> None:
    """The digest was computed by the release before contributions, from the same two rows."""
    at = datetime(2026, 7, 5, 13, tzinfo=UTC)
    figures = (0.8, 0.25, 0.5, 0.1, 0.4, 0.2, 0.5, 0.3, 0.3, 0.1, 0.2, 0.01, 0.02, None)
    told: dict[str, Any] = dict(zip(entries.DETAILS, figures, strict=True))
    told |= {"attacker_id": "ada", "defender_id": "mary", "model_version": "m-1", "lap": 3}
    told |= {"position": 2} | dict.fromkeys(LATER)
    rows = [told | {"made_at": at + timedelta(seconds=second)} for second in range(2)]

    written = "0fede94bdaa696a19910c62d33a6443982f14f88f4a3fb6df0f3e382866531da"
    assert entries.details_digest(rows).hex() == written
    digests = {written}
    for name, value in (("c_base", 0.0), ("p_kept", 0.0), ("condition", "clean")):
        for nth in range(2):
            changed: list[Mapping[str, Any]] = [dict(row) for row in rows]
            changed[nth] = {**changed[nth], name: value}
            digests.add(entries.details_digest(changed).hex())
    assert len(digests) == 7


@pytest.mark.parametrize("value", [None, "stormy"])
def test_an_unknown_condition_is_shown_as_a_clean_battle(value: str | None) -> None:
    at = datetime(2026, 7, 5, 13, tzinfo=UTC)
    row = dict.fromkeys((*entries.DETAILS, *LATER)) | {
        "p_overtake": 0.3, "attacker": "ada", "defender": "mary", "made_at_utc": at,
        "condition": value,
    }  # fmt: skip

    (((_, forecast),),) = (
        one.items()
        for one in forecasts_from_rows([row], {"ada": 1, "mary": 2}, shown=True).values()
    )

    assert (forecast.p_overtake, forecast.mixed, forecast.condition) == (0.3, None, Condition.CLEAN)
