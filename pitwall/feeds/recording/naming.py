"""Name the session of a recording that does not name it, from its path and its messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import orjson

from pitwall.domain.sessions import SessionKind
from pitwall.wire.message import RawMessage
from pitwall.wire.session import INFERRED

_LONGEST_SPRINT = 30  # laps; the shortest race has 44
_YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20\d\d)(?!\d)")
_DATE = re.compile(r"(?<!\d)\d{4}[-_.]?\d{2}[-_.]?\d{2}(?!\d)(T?\d{4,6}Z?)?")
_ENDING = re.compile(r"\.(txt|jsonl?|log|csv|zip|tar|tgz|gz|zst|zstd|bz2|xz)\Z", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+|\d+")
# The words of a path that name a session, longest first.
_KINDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("sprint", "qualifying"), "Sprint Qualifying"),
    (("sprint", "shootout"), "Sprint Shootout"),
    (("free", "practice"), "Practice"),
    (("practice",), "Practice"),
    (("fp",), "Practice"),
    (("qualifying",), "Qualifying"),
    (("quali",), "Qualifying"),
    (("sprint", "race"), "Sprint"),
    (("sprint",), "Sprint"),
    (("race",), "Race"),
)
_TIMES = (b'"NumberOfLaps"', b'"GapToLeader"', b'"Line"')
# Words that say that it is a recording, not of what.
_IDLE = frozenset(
    {"live", "subscribe", "recording", "recordings", "data", "session", "saved", "output", "cache"}
    | {"timing", "livetiming", "signalr", "f1", "feed", "raw", "log", "capture", "static", "tmp"}
    | {"fastf1", "undercut", "cassette", "dump", "txt", "jsonl", "json"}
)
_GRAND_PRIX = {"gp": "Grand Prix"}


def named(messages: Iterator[RawMessage], places: Sequence[str]) -> Iterator[RawMessage]:
    """Yield the messages, after a `SessionInfo` that is marked as inferred where they have none.

    Args:
        messages: In order of `sent_at`.
        places: The names of the recording's folders and of its file, the last one innermost.
    """
    read: list[RawMessage] = []
    for message in messages:
        read.append(message)
        if message.topic == "SessionInfo" and _names_a_session(message):
            yield from read
            yield from messages
            return
    if any(_times_a_car(message) for message in read):
        yield _session_info(read, places)
    yield from read


def _names_a_session(message: RawMessage) -> bool:
    return b'"Meeting"' in message.body and b'"Name"' in message.body


def _times_a_car(message: RawMessage) -> bool:
    return message.topic == "TimingData" and any(each in message.body for each in _TIMES)


def _session_info(messages: Sequence[RawMessage], places: Sequence[str]) -> RawMessage:
    at = messages[0].sent_at
    name, kind = name_of(places)
    kind = kind or _kind_by(messages)
    raced = kind in SessionKind.__members__.values()
    payload: dict[str, Any] = {
        "Meeting": {"Name": name or f"Session of {at:%d %B}"},
        "Type": "Race" if raced else kind,
        "Name": kind,
        "StartDate": _with_year(at, places).replace(tzinfo=None).isoformat(),
        INFERRED: True,
    }
    return RawMessage(at, "SessionInfo", orjson.dumps(payload))


def _with_year(at: datetime, places: Sequence[str]) -> datetime:
    """Return the day of a session, in the season that its path names where it names another."""
    years = [int(year) for place in places for year in _YEAR.findall(place)]
    return at if not years or at.year in years else at.replace(year=years[-1], day=1)


def day_of(places: Sequence[str]) -> datetime | None:
    """Return the day that a path tells, at midnight UTC; None where it tells none.

    Example:
        >>> day_of(["2026-07-05_Test_Grand_Prix", "Race"])
        datetime.datetime(2026, 7, 5, 0, 0, tzinfo=datetime.timezone.utc)
        >>> day_of(["recordings", "2026_Race"]) is None
        True
    """
    for place in reversed(places):
        for match in _DATE.finditer(place):
            digits = re.sub(r"\D", "", match[0])[:8]
            with suppress(ValueError):
                return datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC)
    return None


def name_of(places: Sequence[str]) -> tuple[str, str]:
    """Return the names of meeting and session that a path tells; "" where it tells none.

    Example:
        >>> name_of(["recordings", "2025-05-16_Emilia_Romagna_Grand_Prix", "2025-05-18_Race"])
        ('Emilia Romagna Grand Prix', 'Race')
        >>> name_of(["1279_Melbourne", "11229_Practice_3"])
        ('Melbourne', 'Practice 3')
        >>> name_of(["home", "me", "british_gp_2026_sprint.jsonl"])
        ('British Grand Prix', 'Sprint')
    """
    kind = meeting = ""
    for place in reversed(places):
        words, found = _words_of(place)
        kind = kind or found
        if words and not meeting:
            meeting = " ".join(words)
        if meeting and (kind or found):
            break
    return meeting[:80], kind


def _words_of(place: str) -> tuple[list[str], str]:
    while (shorter := _ENDING.sub("", place)) != place:
        place = shorter
    words = _WORD.findall(_YEAR.sub(" ", _DATE.sub(" ", place)).replace("'", ""))
    small = [word.lower() for word in words]
    kind = ""
    for parts, name in _KINDS:
        at = _index_of(small, parts)
        if at is None:
            continue
        end = at + len(parts)
        number = words[end] if end < len(words) and name == "Practice" else ""
        kind = f"{name} {number}" if number in {"1", "2", "3"} else name
        end += 1 if number in {"1", "2", "3"} else 0
        words, small = words[:at] + words[end:], small[:at] + small[end:]
        break
    kept = [
        _GRAND_PRIX.get(word.lower(), word if word[:1].isupper() else word.capitalize())
        for word in words
        if word.lower() not in _IDLE and not word.isdigit()
    ]
    return kept, kind


def _index_of(words: Sequence[str], parts: Sequence[str]) -> int | None:
    for at in range(len(words) - len(parts) + 1):
        if tuple(words[at : at + len(parts)]) == tuple(parts):
            return at
    return None


def _kind_by(messages: Iterable[RawMessage]) -> str:
    """Return the kind of session by what only such a session sends."""
    laps, qualifies, counts, races = 0, False, False, False
    for message in messages:
        if message.topic == "LapCount":
            counts = True
            laps = max(laps, _total_laps(message.body))
        elif message.topic == "TimingData":
            qualifies = qualifies or b'"KnockedOut"' in message.body
            races = races or b'"IntervalToPositionAhead"' in message.body
    if qualifies and not races:
        return "Qualifying"
    if not (counts or races):
        return "Practice"
    return SessionKind.SPRINT.value if 0 < laps <= _LONGEST_SPRINT else SessionKind.RACE.value


def _total_laps(body: bytes) -> int:
    try:
        total = orjson.loads(body).get("TotalLaps")
    except (ValueError, AttributeError):
        return 0
    return total if isinstance(total, int) else 0
