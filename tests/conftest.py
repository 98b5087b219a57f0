"""Fixtures that every folder of tests may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real recordings, beside the repository or where the environment says.

    Without it the test is skipped, or fails where everything is required.
    """
    beside = Path(__file__).parents[2] / "shared"
    folder = Path(os.environ.get("PITWALL_SHARED") or beside)
    if not (folder / "data").is_dir():
        reason = f"no recordings at {folder}; set PITWALL_SHARED"
        if os.environ.get("PITWALL_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
