"""Test seeded races against the chaos server: none is lost, and all recover within seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.scoring import RECORDINGS, survive_all, trouble_of
from tests.chaos.survival import survive

RACES = 12  # three of each recording; `make chaos` runs 1,000


@pytest.mark.slow
def test_a_dozen_races_survive_whatever_their_seeds_bring(shared: Path) -> None:
    results = list(survive_all(shared / "data" / "wire", range(RACES), workers=2))

    assert len(results) == RACES
    assert [(r.seed, trouble) for r in results if (trouble := trouble_of(r))] == []
    assert max(result.longest_silence_s for result in results) < 1.6
    assert sum(result.withheld for result in results) > 20  # the server did misbehave
    assert sum(result.gaps for result in results) > 2


@pytest.mark.slow
def test_a_race_is_the_same_each_time(shared: Path) -> None:
    recording = shared / "data" / "wire" / RECORDINGS[0]

    assert survive(recording, 7) == survive(recording, 7)
