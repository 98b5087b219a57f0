"""Define the kinds of session and the sources of race data."""

from __future__ import annotations

import re
from enum import StrEnum

_TEST_DAY = re.compile(r"(pre-?season )?(test(ing)?|day)\b", re.ASCII)


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


class SessionType(StrEnum):
    """What a session is for, which decides how it is followed, shown and stored."""

    RACE = "race"  # for position: a Grand Prix or a sprint
    QUALIFYING = "qualifying"  # for the best lap, in parts after which the slowest are out
    PRACTICE = "practice"  # for the best lap, in one part; tests too


def type_of(kind: str) -> SessionType:
    """Return what a session of this kind is for; one that the feed has not named is a race.

    Example:
        >>> [type_of(kind).value for kind in ("Sprint", "Sprint Shootout", "Practice 2", "")]
        ['race', 'qualifying', 'practice', 'race']
    """
    name = kind.lower()
    if is_raced(kind):
        return SessionType.RACE
    if "qualifying" in name or "shootout" in name:
        return SessionType.QUALIFYING
    if "practice" in name or _TEST_DAY.match(name):
        return SessionType.PRACTICE
    return SessionType.RACE


def part_name(kind: str, part: int | None) -> str:
    """Return the name of a part of qualifying, such as `Q1`, or `SQ1` before a sprint; else "".

    Example:
        >>> part_name("Qualifying", 2), part_name("Sprint Shootout", 1), part_name("Practice 1", 1)
        ('Q2', 'SQ1', '')
    """
    if not part or type_of(kind) is not SessionType.QUALIFYING:
        return ""
    return f"SQ{part}" if "sprint" in kind.lower() else f"Q{part}"
