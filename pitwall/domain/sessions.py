"""Define the kinds of session and the sources of race data."""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """The kind of feed that data came from; every API answer carries it."""

    LIVE = "live"  # F1 live timing or OpenF1, while a race runs
    RECORDED = "recorded"  # messages as the feed sent them, played back
    RECONSTRUCTED = "reconstructed"  # a timing archive rewritten as wire messages
    SIMULATED = "simulated"  # no real race


class SessionKind(StrEnum):
    """A session in which cars race for position; others keep the feed's own name."""

    RACE = "Race"  # a Grand Prix
    SPRINT = "Sprint"


def kind_of(name: str, feed_type: object) -> str:
    """Return `Race` or `Sprint` for a race session, else the session's own name.

    Args:
        name: The name of the session. In 2021 sprints were called Sprint Qualifying; since 2023 a
            session of that name sets the grid, and has another type.
        feed_type: The feed's type of the session, such as `Race` or `Qualifying`.

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
