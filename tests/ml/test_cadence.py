"""Test rows between the lines: one every five seconds, with the outcome one lap later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.cadence import EVERY_S, cadence_table
from ml.timeline import FINISHED, HOLD, NEUTRALISED, PASS, PIT, RETIRED, WET, Timeline
from pitwall.domain.race import Compound, DriverNumber, Phase, RaceState, Stint, TrackStatus
from pitwall.feeds.timing import list_races
from pitwall.prediction.features import feature_names
from tests.prediction.makers import a_chase, with_car

CHASER, LEADER = DriverNumber(2), DriverNumber(1)


def swapped(race: RaceState) -> RaceState:
    return with_car(with_car(race, 1, position=2), 2, position=1)


def outcome(*states: RaceState) -> str:
    timeline = Timeline()
    for state in states:
        timeline.note(state)
    return timeline.outcome(CHASER, LEADER, 0, len(states) - 1)


def test_who_is_ahead_when_the_lap_is_over_decides() -> None:
    race, _ = a_chase(1.0, 0.9, 0.8)

    assert outcome(race, race, race) == HOLD
    assert outcome(race, race, swapped(race)) == PASS
    assert outcome(race, swapped(race), race) == HOLD  # passed and passed back


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (lambda race: RaceState(race.as_of, phase=Phase.FINISHED, cars=race.cars), FINISHED),
        (lambda race: with_car(race, 1, stopped=True), RETIRED),
        (lambda race: with_car(race, 2, in_pit=True), PIT),
        (
            lambda race: RaceState(race.as_of, track_status=TrackStatus.YELLOW, cars=race.cars),
            NEUTRALISED,
        ),
        (lambda race: with_car(race, 1, stints=(Stint(1, Compound.WET),)), WET),
    ],
)
def test_an_interruption_on_the_way_is_no_outcome(changed: object, expected: str) -> None:
    race, _ = a_chase(1.0, 0.9, 0.8)
    assert callable(changed)

    assert outcome(race, changed(race), swapped(race)) == expected
    if expected != FINISHED:
        assert outcome(race, race, swapped(race), changed(race))[:3] != PASS[:3]


def test_a_window_beyond_the_recording_is_no_outcome() -> None:
    race, _ = a_chase(1.0, 0.9, 0.8)
    timeline = Timeline()
    timeline.note(race)

    assert timeline.outcome(CHASER, LEADER, 0, 3) == FINISHED


@pytest.fixture(scope="module")
def sprint(shared: Path) -> pd.DataFrame:
    """Return the cadence rows of a sprint of a season that is tested."""
    archive = shared / "data" / "timing"
    entry = next(
        one for one in list_races(archive) if one.race_id == "2025-chinese-grand-prix-sprint"
    )
    return cadence_table(archive, entry, pd.DataFrame())


def test_rows_come_every_five_seconds_while_a_battle_lasts(sprint: pd.DataFrame) -> None:
    assert (sprint.t_ms % (1000 * EVERY_S) == 0).all()
    longest = sprint.groupby(["attacker", "defender"]).t_ms.agg(["min", "max", "size"])
    steady = longest[longest["size"] > 20]

    assert len(steady) > 3
    assert ((steady["max"] - steady["min"]) / 5000 + 1 == steady["size"]).any()


def test_labels_are_outcomes_and_features_are_those_of_serving(sprint: pd.DataFrame) -> None:
    decided = sprint.outcome.isin([PASS, HOLD])

    assert sprint.y1.notna().equals(decided)
    assert 0.01 < sprint.y1.mean() < 0.2
    assert list(sprint.columns[: len(feature_names())]) == list(feature_names())
    assert sprint.interval_s.between(0, 2.5).all()
    assert np.isfinite(sprint.season_year).all()
