"""Test that crossings which the feed told late are put where the lap times say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pitwall.domain.battles import gap_at_line_s
from pitwall.domain.crossings import was_told_late
from pitwall.domain.race import CarState, DriverNumber, LapRecord
from tests.makers import at


def laps(*late_s: float, lap_s: float | None = 80.0) -> tuple[LapRecord, ...]:
    """Return laps of 80 s, the crossings told so many seconds late."""
    return tuple(
        LapRecord(lap, at(80 * lap + late), lap_s) for lap, late in enumerate(late_s, start=1)
    )


@pytest.mark.parametrize(
    ("driven", "expected"),
    [
        (laps(0, 0), False),
        (laps(0, 2.9), False),
        (laps(0, 20), True),
        (laps(0, 20, 30), True),  # both were late
        (laps(0, 20, 0), False),
        (laps(20, 0), False),
        (laps(0, 20, lap_s=None), False),
        (laps(0, 100), False),  # a time of another lap, or a stop that it leaves out
        (laps(0)[:0], False),
        ((laps(0, 0, 20)[0], laps(0, 0, 20)[2]), False),  # the lap between was never told
    ],
)
def test_a_crossing_is_late_by_its_lap_time(
    driven: tuple[LapRecord, ...], *, expected: bool
) -> None:
    assert was_told_late(driven) is expected


def test_a_lap_behind_the_safety_car_or_through_the_pits_is_believed() -> None:
    first, last = laps(0, 20)

    assert not was_told_late((first, replace(last, track_clear=False)))
    assert not was_told_late((first, replace(last, pitted=True)))


@pytest.mark.parametrize(("late_s", "gap_s"), [(0.5, 0.5), (20, None)])
def test_no_gap_at_the_line_comes_from_a_crossing_told_late(
    late_s: float, gap_s: float | None
) -> None:
    ahead, behind = (
        CarState(DriverNumber(number), laps=laps(0, late)) for number, late in ((1, 0), (2, late_s))
    )

    assert gap_at_line_s(ahead, behind, at(155)) == gap_s
