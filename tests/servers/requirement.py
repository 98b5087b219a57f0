"""Skip or fail tests that need something this machine does not have."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

REQUIRE_ALL = os.environ.get("PITWALL_REQUIRE_ALL") == "1"


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail it where everything is required."""
    if REQUIRE_ALL:
        pytest.fail(reason)
    pytest.skip(reason)
