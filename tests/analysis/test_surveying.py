"""Test that an outline is drawn from one clean lap of positions only."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from pitwall.analysis.track_maps import STEPS, SurveyedLap, lane_of, outline_of, survey
from pitwall.domain.car_use import TrackPoint
from pitwall.domain.stored_races import RaceFilter
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.feeds.simulated.lap_shape import CIRCUITS, measure
from pitwall.recording.import_race import import_race
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.wire.message import RawMessage
from tests.engine.test_race_engine import CountingPredictor
from tests.short_feeds import Short

BEGAN = datetime(2026, 8, 23, 13, 30, tzinfo=UTC)
LAP_S = 80.0
OTHER = 14  # the seed of another race at Sierra Alta
RADIUS_M = 600.0
LAP = SurveyedLap(81, BEGAN, BEGAN + timedelta(seconds=LAP_S), (24.0, 32.0))


def on_the_circle(at_s: float) -> TrackPoint:
    angle = 2 * math.pi * at_s / LAP_S
    x, y = RADIUS_M * math.sin(angle), RADIUS_M * math.cos(angle)
    return TrackPoint(BEGAN + timedelta(seconds=at_s), 10 * x, 10 * y, 0.0, on_track=True)


def readings(every_s: float = 0.25) -> list[TrackPoint]:
    return [on_the_circle(-2 + nth * every_s) for nth in range(int((LAP_S + 4) / every_s) + 1)]


def test_a_lap_becomes_a_closed_outline_from_the_line() -> None:
    outline = outline_of(readings(), LAP, "a race")

    assert outline is not None
    assert len(outline.points) == STEPS
    assert outline.points[0] == pytest.approx((0.0, RADIUS_M), abs=1.0)
    assert all(math.hypot(*point) == pytest.approx(RADIUS_M, abs=2.0) for point in outline.points)
    first, last = outline.points[0], outline.points[-1]
    assert math.dist(first, last) == pytest.approx(2 * math.pi * RADIUS_M / STEPS, rel=0.05)
    assert outline.sector_ends == (0.3, 0.7)
    assert outline.drawn_from == "a race"


def test_readings_that_repeat_or_come_in_no_order_change_nothing() -> None:
    told = readings()

    assert outline_of([*reversed(told), *told[40:60]], LAP, "") == outline_of(told, LAP, "")


def test_a_feed_that_says_the_last_place_again_while_it_has_no_new_one_is_understood() -> None:
    stuck = [
        TrackPoint(point.at, told.x, told.y, 0.0, on_track=True) if 100 <= nth < 106 else point
        for nth, point in enumerate(readings())
        for told in [readings()[99]]
    ]

    outline = outline_of(stuck, LAP, "")

    assert outline is not None
    assert min(math.hypot(*point) for point in outline.points) > RADIUS_M - 5


@pytest.mark.parametrize(
    "points",
    [
        [],
        readings(every_s=2.0),
        [point for nth, point in enumerate(readings()) if not 100 <= nth < 140],
        readings()[20:],
        readings()[:-20],
        [
            TrackPoint(p.at, p.x + 9_000 * (nth == 150), p.y, 0.0, on_track=True)
            for nth, p in enumerate(readings())
        ],
    ],
    ids=["none", "too few", "a hole", "begins late", "ends early", "jumps"],
)
def test_what_is_no_whole_lap_draws_nothing(points: list[TrackPoint]) -> None:
    assert outline_of(points, LAP, "") is None


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(database_url(None, tmp_path))
    await migrations.upgrade(database)
    yield database
    await database.close()


@pytest.mark.slow
async def test_a_kept_race_draws_the_circuit_that_was_driven(database: Database) -> None:
    await import_race(Short(SimulatedFeed(7), 6_000), SqlRaceWriter(database), CountingPredictor())
    reader = SqlRaceReader(database)
    race = await reader.race("2026-simulated-grand-prix-of-sierra-alta-race-7")

    outline = await survey(reader, race)

    assert outline is not None
    circuit = next(each for each in CIRCUITS if each.name == race.circuit)
    driven = [(spot.x_m, spot.y_m) for spot in measure(circuit).spots]
    assert max(min(math.dist(p, q) for q in driven) for p in outline.points) < 12
    assert max(min(math.dist(p, q) for q in outline.points) for p in driven) < 30


@pytest.mark.slow
async def test_a_race_without_positions_borrows_those_of_another_at_its_circuit(
    database: Database,
) -> None:
    writer, predictor = SqlRaceWriter(database), CountingPredictor()
    await import_race(Short(SimulatedFeed(7), 6_000), writer, predictor)
    silent = Short(SimulatedFeed(OTHER, telemetry=False), 4_000)
    await import_race(silent, writer, predictor)
    reader = SqlRaceReader(database)
    races = {race.id.rpartition("-")[2]: race for race in (await reader.races(RaceFilter(), 5))[0]}
    assert races[str(OTHER)].circuit_id == races["7"].circuit_id

    borrowed = await survey(reader, races[str(OTHER)])

    assert borrowed is not None
    assert borrowed == await survey(reader, races["7"])


RACE = "2026-simulated-grand-prix-of-sierra-alta-race-7"


@pytest.mark.parametrize(("messages", "is_open"), [(500, True), (1_300, False)])
async def test_the_first_lap_of_a_race_under_way_shows_the_circuit_as_it_is_driven(
    database: Database, messages: int, is_open: bool
) -> None:
    feed = Short(SimulatedFeed(7), messages)
    await import_race(feed, SqlRaceWriter(database), CountingPredictor())
    reader = SqlRaceReader(database)
    stored = await reader.race(RACE)

    outline = await survey(reader, replace(stored, state="running"))

    assert outline is not None
    assert (outline.is_open, outline.is_provisional) == (is_open, True)
    assert "first lap" in outline.drawn_from
    circuit = next(each for each in CIRCUITS if each.name == stored.circuit)
    driven = [(spot.x_m, spot.y_m) for spot in measure(circuit).spots]
    assert max(min(math.dist(p, q) for q in driven) for p in outline.points) < 25
    if not is_open:
        assert max(min(math.dist(p, q) for q in outline.points) for p in driven) < 60
    # A race that is over will not show more of it.
    assert await survey(reader, replace(stored, state="finished")) is None


async def test_before_the_start_nothing_is_drawn(database: Database) -> None:
    feed = Short(SimulatedFeed(7), 240)
    await import_race(feed, SqlRaceWriter(database), CountingPredictor())
    reader = SqlRaceReader(database)

    assert await survey(reader, replace(await reader.race(RACE), state="running")) is None


def test_the_way_of_a_car_between_entry_and_exit_is_the_pit_lane() -> None:
    def timed(at_s: float, body: str) -> RawMessage:
        return RawMessage(BEGAN + timedelta(seconds=at_s), "TimingData", body.encode())

    def placed(at_s: float, car: int, y_m: float) -> RawMessage:
        at = BEGAN + timedelta(seconds=at_s)
        entry = {"Status": "OnTrack", "X": round(100 * at_s), "Y": round(10 * y_m), "Z": 0}
        body = {"Position": [{"Timestamp": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z", "Entries": {car: entry}}]}
        return RawMessage(at, "Position", json.dumps(body).encode())

    messages = [
        *(placed(second, 81, 15.0) for second in range(60)),
        *(placed(second, 4, 99.0) for second in range(60)),
        timed(20, '{"Lines":{"81":{"InPit":true},"4":{"InPit":false}}}'),
        timed(45, '{"Lines":{"81":{"InPit":false,"PitOut":true}}}'),
    ]
    messages.sort(key=lambda message: message.sent_at)

    lane = lane_of(messages, 81)

    assert lane[0] == (200.0, 15.0)
    assert lane[-1] == (450.0, 15.0)
    assert all(math.dist(a, b) >= 8 for a, b in pairwise(lane))
    assert lane_of(messages, 4) == ()  # it did not come in
    assert lane_of([each for each in messages if each.topic == "TimingData"], 81) == ()
