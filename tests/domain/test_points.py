"""Test the points that places are worth."""

from __future__ import annotations

import pytest

from pitwall.domain.points import points_of
from pitwall.domain.race import DriverNumber

ORDER = [DriverNumber(number) for number in range(1, 21)]


@pytest.mark.parametrize(
    ("kind", "year", "quickest", "expected"),
    [
        ("Race", 2018, 1, [25, 18, 15, 12, 10, 8, 6, 4, 2, 1]),
        ("Race", 2023, 3, [25, 18, 16, 12, 10, 8, 6, 4, 2, 1]),
        ("Race", 2023, 11, [25, 18, 15, 12, 10, 8, 6, 4, 2, 1]),  # not among the first ten
        ("Race", 2025, 3, [25, 18, 15, 12, 10, 8, 6, 4, 2, 1]),
        ("Sprint", 2021, 1, [3, 2, 1]),
        ("Sprint", 2023, 1, [8, 7, 6, 5, 4, 3, 2, 1]),
    ],
)
def test_places_are_worth_what_the_rules_of_the_year_say(
    kind: str, year: int, quickest: int, expected: list[int]
) -> None:
    points = points_of(kind, year, ORDER, DriverNumber(quickest))

    assert list(points.values()) == expected
    assert list(points) == ORDER[: len(expected)]
