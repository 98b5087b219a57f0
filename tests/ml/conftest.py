"""Fixtures that tests of several modules share: a real sprint of the timing archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from pitwall.feeds.timing import RaceEntry, list_races
from tests.ml.archives import SPRINT


@pytest.fixture(scope="module")
def archive(shared: Path) -> Path:
    """Return the folder of the timing archive."""
    return shared / "data" / "timing"


@pytest.fixture(scope="module")
def entry(archive: Path) -> RaceEntry:
    """Return the sprint."""
    return next(entry for entry in list_races(archive) if entry.race_id == SPRINT)
