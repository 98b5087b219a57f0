"""Test timelines and keyframe places on SQLite and a real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from pitwall.domain.records import (
    Batch,
    EndingRecord,
    EntryRecord,
    LapRow,
    PredictionRecord,
    StatusRecord,
    TimingRecord,
)
from pitwall.domain.timeline import Digest, Fight, Pass, Span, Stop, Timeline
from pitwall.recording import record_rows
from pitwall.store.database import Database
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from tests.store.races import LIGHTS_OUT, SMALL, small_batch


def at(seconds: float) -> datetime:
    return LIGHTS_OUT + timedelta(seconds=seconds)


def forecasts(batch: Batch, pair: tuple[int, int], seconds: range, p: float, outcome: str) -> None:
    for second in seconds:
        row = PredictionRecord(*pair, 2, at(second), 1, 0.5, p, "small-model", outcome=outcome)
        batch.predictions[row.made_at, *pair] = row


def place(batch: Batch, second: float, car: int, position: int) -> None:
    seq = 1_000 + len(batch.timing)
    batch.timing.append(
        TimingRecord(
            at(second), seq, car, position, None, None, is_leader=False, gap_s=0, interval_s=1
        )
    )


def status(batch: Batch, second: float, kind: str, value: str) -> None:
    batch.statuses.append(StatusRecord(at(second), 1_000 + len(batch.statuses), kind, value))


def lap(batch: Batch, car: int, number: int, second: float, *, pitted: bool = False) -> None:
    empty: dict[str, Any] = dict.fromkeys(LapRow._fields[3:11])
    made = LapRow(car, number, at(second), pitted=pitted, track_clear=True, **empty)
    batch.laps[car, number] = made


def ending(
    batch: Batch, second: float, pair: tuple[int, int], position: int, reason: str = "passed"
) -> None:
    row = EndingRecord(at(second), *pair, at(second - 20), position, reason, False, 0.5)
    batch.endings[row.ended_at, *pair] = row


def eventful() -> Batch:
    """Return a race of ten minutes of three cars: 2 passes 1, 3 passes 1, and 1 does not pass 3."""
    batch = small_batch(600)
    batch.predictions.clear()
    batch.timing.clear()
    batch.entries[3] = EntryRecord(3, "eve-third", "EVE", "Eve Third", "Team", "00ff00", 3)
    status(batch, 0, "phase", "started")
    for begun in range(6):
        status(batch, 90 * begun, "lap_count", str(begun + 1))
    status(batch, 200, "track", "safety_car")
    status(batch, 260, "track", "clear")
    status(batch, 590, "phase", "finished")
    for car in (1, 2, 3):
        place(batch, 0, car, car)
        lap(batch, car, 5, 580)
    lap(batch, 3, 2, 270, pitted=True)
    lap(batch, 3, 3, 360, pitted=True)
    forecasts(batch, (2, 1), range(40, 60), 0.6, "held")
    forecasts(batch, (2, 1), range(100, 120), 0.8, "passed")
    place(batch, 122, 2, 1)
    place(batch, 122, 1, 2)
    forecasts(batch, (3, 1), range(500, 510), 0.2, "passed")
    place(batch, 511, 1, 3)
    place(batch, 511.5, 3, 2)
    forecasts(batch, (1, 3), range(515, 530), 0.55, "held")
    ending(batch, 122, (2, 1), 1)
    ending(batch, 511.5, (3, 1), 2)
    ending(batch, 531, (1, 3), 2, "separated")
    batch.last_at = at(599)
    return batch


async def kept(database: Database, batch: Batch) -> Timeline:
    writer = SqlRaceWriter(database)
    mark = await writer.begin(SMALL, "recorded", "recording:small")
    await writer.append(mark, record_rows.joined(Batch(info=SMALL), batch))
    await writer.finish(mark, "finished")
    reader = SqlRaceReader(database)
    return await reader.timeline(await reader.race(SMALL.race_id))


async def test_a_race_is_told_at_a_glance(database: Database) -> None:
    line = await kept(database, eventful())

    assert (line.begins, line.ends, line.started) == (at(0), at(599), at(0))
    assert line.flags == (Span("safety_car", at(200), at(260)),)
    assert line.laps == tuple((at(90 * begun), begun + 1) for begun in range(6))
    assert line.stops == (Stop(at(270), 3, 2),)
    assert line.codes == {1: "BYR", 2: "MAR", 3: "EVE"}
    assert line.fights == (
        Fight(2, 1, at(40), at(59), 0.6, None, is_false_alarm=True),
        Fight(2, 1, at(100), at(119), 0.8, 0.8, is_false_alarm=False),
        Fight(3, 1, at(500), at(509), 0.2, 0.2, is_false_alarm=False),
        Fight(1, 3, at(515), at(529), 0.55, None, is_false_alarm=True),
    )
    assert line.passes == (Pass(at(122), 2, 1, 1, 0.8), Pass(at(511.5), 3, 1, 2, 0.2))
    assert line.digest == Digest(passes=2, called=1, missed=1, failed=2)


async def test_heat_lies_where_battles_are(database: Database) -> None:
    line = await kept(database, eventful())

    width_s = 599 / len(line.heat)
    assert line.heat[int(110 / width_s)] == pytest.approx(0.75 * 0.8 + 0.25 * 0.8)
    assert line.heat[int(300 / width_s)] == 0


async def test_a_stop_of_a_lap_that_a_red_flag_took_back_is_none(database: Database) -> None:
    batch = eventful()
    lap(batch, 2, 2, 150, pitted=True)
    lap(batch, 3, 4, 170, pitted=True)  # the way to the grid of the restart
    for taken_back in ((2, 2), (3, 4)):
        batch.laps[taken_back] = batch.laps[taken_back]._replace(deleted=True)

    line = await kept(database, batch)

    assert line.stops == (Stop(at(270), 3, 2),)


async def test_a_pass_that_was_taken_back_is_none(database: Database) -> None:
    batch = eventful()
    writer = SqlRaceWriter(database)
    mark = await writer.begin(SMALL, "recorded", "recording:small")
    await writer.append(mark, record_rows.joined(Batch(info=SMALL), batch))
    later = Batch(info=SMALL)
    ending(later, 122, (2, 1), 1, "pitted")
    await writer.append(mark, later)
    reader = SqlRaceReader(database)

    line = await reader.timeline(await reader.race(SMALL.race_id))

    assert line.passes == (Pass(at(511.5), 3, 1, 2, 0.2),)


async def test_a_pass_without_forecasts_is_one(database: Database) -> None:
    batch = eventful()
    batch.predictions.clear()

    line = await kept(database, batch)

    assert line.passes == (Pass(at(122), 2, 1, 1, None), Pass(at(511.5), 3, 1, 2, None))


async def test_in_a_race_of_an_earlier_release_outcomes_say_who_passed(database: Database) -> None:
    batch = eventful()
    batch.endings.clear()

    line = await kept(database, batch)

    assert line.passes == (Pass(at(119), 2, 1, 1, 0.8), Pass(at(509), 3, 1, 1, 0.2))


async def test_an_hour_of_empty_grid_is_left_out(database: Database) -> None:
    batch = eventful()
    early = batch.messages[0]._replace(sent_at=at(-3_600))
    batch.messages[0] = early

    line = await kept(database, batch)

    assert line.begins == at(-300)


async def test_a_race_without_anything_has_an_empty_timeline(database: Database) -> None:
    line = await kept(database, Batch(info=replace(SMALL)))

    assert line.begins == line.ends
    assert (line.started, line.passes, line.fights, line.flags) == (None, (), (), ())
    assert set(line.heat) == {0.0}
