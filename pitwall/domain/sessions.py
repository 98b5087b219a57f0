"""Which sessions cars race in, and where the data of a race came from."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """What kind of feed the data came from; every API answer carries it."""

    LIVE = "live"  # F1 live timing or OpenF1, while a race runs
    RECORDED = "recorded"  # messages as the feed sent them, played back
    RECONSTRUCTED = "reconstructed"  # a timing archive rewritten as wire messages
    SIMULATED = "simulated"  # no real race


class SessionKind(StrEnum):
    """A session in which cars race for position; others go by the feed's own name for them."""

    RACE = "Race"  # a Grand Prix
    SPRINT = "Sprint"


def kind_of(name: str, feed_type: object) -> str:
    """Return `Race` or `Sprint` for what is raced, else the session's own name.

    Args:
        name: Of the session. 2021 calls its sprints Sprint Qualifying; since 2023 a session of that
            name sets a grid, and its type says so.
        feed_type: What the feed calls its type, such as `Race` or `Qualifying`.

    Example:
        >>> kind_of("Sprint Qualifying", "Race"), kind_of("Sprint Qualifying", "Qualifying")
        ('Sprint', 'Sprint Qualifying')
    """
    if feed_type == SessionKind.RACE.value and name != SessionKind.RACE.value:
        return SessionKind.SPRINT.value
    return name


def is_raced(kind: str) -> bool:
    """Return whether cars race for position in a session of this kind."""
    return kind in SessionKind.__members__.values()
