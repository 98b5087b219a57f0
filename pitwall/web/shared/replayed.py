"""Tell which moment of which race a tab replays, for parts that both kinds of page show.

`pitwall.web.replay.tab` says so; the live page knows nothing of replays.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

Replayed = tuple[str, datetime]
"""The id of a stored race, and the moment on show."""

lookups: list[Callable[[str], Replayed | None]] = []


def replayed_in(tab: str) -> Replayed | None:
    """Return what a tab replays; None where it shows the live page."""
    return next((found for look in lookups if (found := look(tab)) is not None), None)
