"""Test small recordings with laps and messages that are told twice, or not at all."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from pitwall.cli.import_races import what_was_found
from pitwall.domain.forecasts import Outcome
from pitwall.domain.race import DriverNumber, RaceState
from pitwall.domain.records import Batch
from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.recording import RecordingFeed
from pitwall.recording.batch_collector import BatchCollector
from pitwall.recording.recording_report import report_on
from tests.engine.test_race_engine import CountingPredictor


def played(shared: Path, case: str) -> tuple[RaceState, Batch]:
    """Return the race at its end and all rows; a forecast is made wherever there is a battle."""
    collector = BatchCollector("counting", most_messages=10**9)
    engine = RaceEngine(CountingPredictor(), observer=collector)
    for message in RecordingFeed(shared / "data" / "cases" / case).messages():
        engine.take(message)
    (batch,) = collector.take_batches()
    return engine.state.race, batch


@pytest.mark.slow
def test_laps_counted_back_have_times_of_their_own(shared: Path) -> None:
    race, batch = played(shared, "04-laps-counted-back-after-lap-1-restart")
    restarted = race.stopped_at
    assert restarted is not None

    for car in race.cars.values():
        assert [lap.lap_number for lap in car.laps] == list(range(1, 9))
        assert all(lap.completed_at > restarted for lap in car.laps)
        assert [lap.lap_number for lap in car.laps_before_restart] == [1, 2, 3]
        assert all(lap.completed_at < restarted for lap in car.laps_before_restart)
        between = car.laps[0].completed_at - car.laps_before_restart[-1].completed_at
        assert between == timedelta(minutes=12)
        for lap in car.laps:
            assert batch.laps[car.number, lap.lap_number].completed_at == lap.completed_at
    assert race.lap == 9


@pytest.mark.slow
def test_a_lap_that_a_red_flag_took_back_is_marked_unless_it_is_driven_again(shared: Path) -> None:
    """Car 3 does not take the restart: its three laps of before it never counted."""
    case = "04-laps-counted-back-after-lap-1-restart"
    messages = list(RecordingFeed(shared / "data" / "cases" / case).messages())
    stopped_at = next(m.sent_at for m in messages if b"Aborted" in m.body)
    collector = BatchCollector("none", most_messages=10**9)
    engine = RaceEngine(None, observer=collector)
    for message in messages:
        body = orjson.loads(message.body)
        if message.topic == "TimingData" and message.sent_at > stopped_at:
            body["Lines"].pop("3", None)
        engine.take(replace(message, body=orjson.dumps(body)))
    (batch,) = collector.take_batches()

    laps = {(car, lap): row.deleted for (car, lap), row in batch.laps.items()}
    assert [laps[3, lap] for lap in (1, 2, 3)] == [True] * 3
    assert (3, 4) not in laps
    assert not any(laps[car, lap] for car in (1, 81) for lap in range(1, 9))
    report = report_on(messages, engine.state.race)
    assert report.laps_taken_back == 9
    assert "laps taken back by a red flag: 9;" in "\n".join(what_was_found("", report))


@pytest.mark.slow
def test_a_lap_that_is_never_told_leaves_its_forecasts_undecided(shared: Path) -> None:
    race, batch = played(shared, "05-lap-2-never-told")
    outcomes: dict[int, Counter[str | None]] = defaultdict(Counter)
    for row in batch.predictions.values():
        laps = race.cars[DriverNumber(row.attacker)].laps
        done = max((lap.lap_number for lap in laps if lap.completed_at <= row.made_at), default=0)
        outcomes[done][row.outcome] += 1

    assert [lap.lap_number for lap in race.cars[DriverNumber(81)].laps] == [1, 3, 4, 5, 6]
    assert sum(outcomes[1].values()) > 100
    assert set(outcomes[1]) == {Outcome.UNTOLD}
    assert outcomes[3][Outcome.HELD] > 100


@pytest.mark.slow
def test_260_messages_told_twice_count_once(shared: Path) -> None:
    race, _ = played(shared, "07-260-race-control-messages-told-twice")

    assert len(race.control) == len(set(race.control)) == 260
