"""Test that readings kept from tick to tick are those of the trace, and how gaps lie between."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pitwall.domain.race import CarState, DriverNumber, GapSample
from pitwall.prediction.columns.profile import _gaps_at
from pitwall.prediction.columns.readings import NEWEST, ReadingCache
from pitwall.prediction.columns.stream import PairReadings
from tests.makers import at

TRACE = tuple(GapSample(at(4 * step), 9.0, 1.0 + step / 100, 2) for step in range(80))
OTHER_PLACE = replace(TRACE[-1], position=3)


def a_car(trace: tuple[GapSample, ...], number: int = 4) -> CarState:
    """Return a car with these gap readings."""
    return CarState(DriverNumber(number), position=2, trace=trace)


@pytest.mark.parametrize(
    "then",
    [
        pytest.param(TRACE, id="the same"),
        pytest.param((*TRACE, GapSample(at(330), 9.0, 0.4, 2)), id="one more"),
        pytest.param((*TRACE[3:], GapSample(at(330), 9.0, 0.4, 2)), id="one more, old ones gone"),
        pytest.param((*TRACE[:-1], OTHER_PLACE), id="the last one replaced"),
        pytest.param((*TRACE[2:-1], OTHER_PLACE), id="replaced, old ones gone"),
        pytest.param((*TRACE, *TRACE[:2]), id="two more"),
        pytest.param(TRACE[:20], id="the race went back"),
        pytest.param(TRACE[-1:], id="a single one"),
        pytest.param((*TRACE[:40], *TRACE[41:]), id="one from the middle gone"),
        pytest.param((GapSample(at(1), None, None, None),), id="nothing known"),
    ],
)
def test_kept_readings_are_those_of_the_trace(then: tuple[GapSample, ...]) -> None:
    kept = ReadingCache()
    kept.of(a_car(TRACE))

    for found, fresh in zip(kept.of(a_car(then)), ReadingCache().of(a_car(then)), strict=True):
        np.testing.assert_array_equal(found, fresh)


def test_newest_readings_come_first() -> None:
    found = ReadingCache().of(a_car(TRACE))

    assert found.newest.shape == (3, NEWEST)
    assert found.newest[0, :2].tolist() == [at(316).timestamp(), at(312).timestamp()]
    assert found.newest[1, :2].tolist() == pytest.approx([1.79, 1.78])


def test_the_place_of_the_car_ahead_is_that_of_each_instant_and_follows_both_traces() -> None:
    kept, passed_at = ReadingCache(), 30
    ahead = a_car(
        tuple(replace(one, position=1 if nth < passed_at else 3) for nth, one in enumerate(TRACE)),
        number=1,
    )

    found = kept.places_ahead(a_car(TRACE), ahead)
    later = kept.places_ahead(a_car(TRACE[:20]), ahead)

    assert found.tolist() == [3.0] * 50 + [1.0] * 6
    assert later.tolist()[:20] == [1.0] * 20
    assert np.isnan(later[20:]).all()
    assert np.isnan(kept.places_ahead(None, ahead)).all()


def test_gaps_between_readings_are_those_of_numpy() -> None:
    random = np.random.default_rng(5)
    age_s = np.sort(random.uniform(0, 200, (40, NEWEST)), axis=1)
    gap_s = np.where(random.random(age_s.shape) < 0.4, np.nan, random.uniform(0, 3, age_s.shape))
    gap_s[0] = np.nan  # no reading of the pair
    gap_s[1, 1:] = np.nan  # one
    ages_s = random.uniform(-5, 220, (40, 31))
    ages_s[:, 0] = np.nan
    ages_s[2:, 1:20] = age_s[2:, 1:20]  # at readings
    readings = PairReadings(age_s, gap_s, np.zeros(age_s.shape, np.bool_), gap_s)

    with np.errstate(divide="ignore", invalid="ignore"):
        found = _gaps_at(readings, ages_s)

    for row, gaps in enumerate(found):
        known = np.isfinite(gap_s[row])
        ages, of_pair = age_s[row, known], gap_s[row, known]
        for age, gap in zip(ages_s[row], gaps, strict=True):
            if not known.any() or not np.abs(ages - age).min() < 8:
                assert np.isnan(gap)
            else:
                assert gap == np.interp(age, ages, of_pair)
