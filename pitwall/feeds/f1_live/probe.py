"""Find out whether a race is on now, from the feed itself, as schedules may be wrong."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

from pitwall.domain.race import Phase, RaceInfo, RaceState
from pitwall.domain.reducer import apply
from pitwall.domain.sessions import is_raced
from pitwall.errors import FeedUnavailableError
from pitwall.ports.feeds import LiveFeed
from pitwall.wire.decode import decode
from pitwall.wire.message import Snapshot

_FRESH = timedelta(seconds=90)  # heartbeats come every 15 s while a session is on
_WITHIN_S = 6.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the live feed shows now.

    Attributes:
        is_on: Whether a race is on or about to begin: heartbeats are fresh and it is not over.
        info: Which session it shows, past or present.
        phase: The phase of that session.
    """

    is_on: bool
    info: RaceInfo
    phase: Phase


async def look(feed: LiveFeed, now: datetime) -> Sighting:
    """Connect, read the snapshot, and disconnect.

    Raises:
        FeedUnavailableError: The feed cannot be reached, or shows nothing.
    """
    try:
        async with asyncio.timeout(_WITHIN_S), aclosing(feed.frames()) as frames:
            async for frame in frames:
                for part in feed.read(frame).parts:
                    if isinstance(part, Snapshot):
                        return sighting_of(part, now)
    except TimeoutError as error:
        raise FeedUnavailableError(f"{feed.name} sent no snapshot in time.") from error
    raise FeedUnavailableError(f"{feed.name} disconnected before the snapshot.")


def sighting_of(snapshot: Snapshot, now: datetime) -> Sighting:
    """Return what a snapshot shows at `now`."""
    race = RaceState()
    for message in snapshot.messages:
        if message.topic in {"SessionInfo", "SessionStatus"}:
            for event in decode(message).events:
                race = apply(race, event)
    beats = snapshot.at is not None and abs(now - snapshot.at) < _FRESH
    is_on = beats and is_raced(race.info.kind) and not race.phase.is_over
    return Sighting(is_on, race.info, race.phase)
