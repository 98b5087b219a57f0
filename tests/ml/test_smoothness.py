"""Test the figures that say how calmly forecasts change."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from ml.smoothness import Runs, smoothness
from pitwall.domain.race import DriverNumber


def test_steps_are_measured_within_each_battle_and_without_signs() -> None:
    found = smoothness([np.array([0.02, 0.03, 0.01]), np.array([0.5, 0.54, 0.51])])

    assert found["seconds"] == 4  # none from the first battle to the second
    assert found["median_step"] == pytest.approx(0.025)
    assert found["median_step_likely"] == pytest.approx(0.035)
    assert found["large_steps"] == 0
    assert isnan(found["share_taken_back"])


@pytest.mark.parametrize(
    ("run", "large", "share"),
    [
        ([0.2, 0.31, 0.31, 0.31, 0.31, 0.31, 0.31, 0.31], 1, 0.0),
        ([0.2, 0.31, 0.31, 0.31, 0.31, 0.31, 0.25, 0.25], 1, 1.0),  # five seconds later
        ([0.2, 0.31, 0.31, 0.31, 0.31, 0.31, 0.31, 0.25], 1, 0.0),  # six
        ([0.2, 0.31, 0.26, 0.26, 0.26, 0.26, 0.26, 0.26], 1, 0.0),  # less than half of it
        ([0.4, 0.2, 0.2, 0.31, 0.31, 0.31], 2, 0.5),  # a fall that is taken back, and a rise
        ([0.4, 0.2, 0.15, 0.1, 0.05, 0.02], 1, 0.0),  # it goes on
        ([0.2, 0.3, 0.2], 0, None),  # not above ten points
    ],
)
def test_a_large_step_is_taken_back_where_half_of_it_is_gone_within_five_seconds(
    run: list[float], large: int, share: float | None
) -> None:
    found = smoothness([np.array(run)])

    assert found["large_steps"] == large
    assert found["share_taken_back"] == pytest.approx(
        float("nan") if share is None else share, nan_ok=True
    )
    assert found["large_steps_per_hour"] == pytest.approx(3600 * large / (len(run) - 1))


@pytest.mark.parametrize("runs", [[], [np.array([0.4])]])
def test_where_nothing_changes_there_is_nothing_to_measure(runs: list[np.ndarray]) -> None:
    found = smoothness(runs)

    assert (found["seconds"], found["large_steps"]) == (0, 0)
    assert isnan(found["median_step"])


def test_a_battle_without_a_value_for_a_second_begins_a_new_run() -> None:
    runs, one, other = (
        Runs(),
        (DriverNumber(4), DriverNumber(1)),
        (DriverNumber(2), DriverNumber(4)),
    )

    for second in ({one: 0.1}, {one: 0.2, other: 0.5}, {other: 0.6}, {one: 0.3, other: 0.7}):
        runs.add(second)

    assert sorted(run.tolist() for run in runs.all()) == [[0.1, 0.2], [0.3], [0.5, 0.6, 0.7]]
