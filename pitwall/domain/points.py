"""Give the championship points that the places of a race or a sprint are worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pitwall.domain.race import DriverNumber

_RACE: Final = (25, 18, 15, 12, 10, 8, 6, 4, 2, 1)
_SPRINT: Final = (8, 7, 6, 5, 4, 3, 2, 1)
_FIRST_SPRINTS: Final = (3, 2, 1)
_FIRST_SPRINT_YEAR: Final = 2021
_FASTEST_LAP_YEARS: Final = range(2019, 2025)


def points_of(
    kind: str, year: int, order: Sequence[DriverNumber], quickest: DriverNumber | None = None
) -> dict[DriverNumber, int]:
    """Return the points of every car that has any, first place first.

    A race that is stopped for good before three quarters of its distance gives fewer; these are the
    points of its full distance.

    Args:
        kind: `Race` or `Sprint`.
        year: The season.
        order: The cars, first place first, without those that are out.
        quickest: Which car has the fastest lap; None where not known.

    >>> points_of("Race", 2025, [DriverNumber(81), DriverNumber(4)])
    {81: 25, 4: 18}
    """
    scale: tuple[int, ...] = _RACE
    if kind.startswith("Sprint"):
        scale = _FIRST_SPRINTS if year == _FIRST_SPRINT_YEAR else _SPRINT
    points = dict(zip(order, scale, strict=False))
    if scale is _RACE and year in _FASTEST_LAP_YEARS and quickest in points:
        points[quickest] += 1
    return points
