"""Where the data of a race came from."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """What kind of feed the data came from; every API answer carries it."""

    LIVE = "live"  # F1 live timing or OpenF1, while a race runs
    RECORDED = "recorded"  # messages as the feed sent them, played back
    RECONSTRUCTED = "reconstructed"  # a timing archive rewritten as wire messages
    SIMULATED = "simulated"  # no real race
