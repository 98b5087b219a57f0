"""Test that the passes announced are the passes that happened, by an independent count."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recordings.pass_count import compare
from tests.recordings.test_real_races import BAKU, DUTCH, SPRINT, a_feed

SAO_PAULO = "2024-sao-paulo-grand-prix-race"  # the two rows of its passes come seconds apart


@pytest.mark.slow
@pytest.mark.parametrize(
    ("feed", "least"),
    [
        ("recording of Baku", 70),
        ("recording of the sprint", 20),
        (DUTCH, 50),
        (SAO_PAULO, 50),
    ],
    ids=[BAKU, SPRINT, DUTCH, SAO_PAULO],
)
def test_passes_announced_are_those_that_happened(shared: Path, feed: str, least: int) -> None:
    found = compare(list(a_feed(shared, feed).messages()))

    assert found.counted >= least
    assert found.precision >= 0.97, found.wrong
    assert found.recall >= 0.95, found.missed
