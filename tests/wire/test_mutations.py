"""Test broken messages of every topic briefly; `python -m tests.wire` does so for an hour."""

from __future__ import annotations

import pytest

from tests.makers import shipped
from tests.wire.breaking import Stretch, Tally, episode, simulated


@pytest.fixture(scope="module")
def stretch() -> Stretch:
    return simulated()


@pytest.mark.parametrize(
    ("seeds", "is_model"), [(range(20), False), (range(1000, 1001), True)], ids=["many", "model"]
)
def test_no_broken_message_stops_a_race_or_makes_a_frame_untrue(
    stretch: Stretch, seeds: range, is_model: bool
) -> None:
    tally = Tally()
    for seed in seeds:
        episode(stretch, seed, shipped() if is_model else None, tally)

    assert not tally.wrong, tally.wrong[:10]
    assert tally.broken > 80 * len(seeds)
    assert len(tally.faults) > 3, "the messages were not broken at all"
