"""Read single values of a payload, such as numbers, flags, times and car numbers."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import lru_cache

from pitwall.domain.gaps import NO_GAP, Gap, LapsDown, LeaderLap, TimeGap, parse_gap
from pitwall.domain.race import DriverNumber

_LARGEST = 1e9
_PASSES_WITHIN_S = 1.0
_CLEARS = frozenset(
    {"PIT", "IN PIT", "PIT IN", "PIT OUT", "IN", "OUT", "STOP", "STOPPED", "RET", "RETIRED", "DNF"}
    | {"DNS", "DSQ", "NC", "NO TIME", "LEADER", "INTERVAL", "GAP", "LAP", "-", "--", "---"}
)
_LONGEST_GAP_S = 86_400.0
_MOST_LAPS = 999
_LONGEST_TEXT = 32
# Dates outside these years are faults; near the ends of the calendar, adding a duration to a
# date could overflow.
_EARLIEST = datetime(1950, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_FLAGS = {"true": True, "false": False, "1": True, "0": False}


class NotAValueError(ValueError):
    """The value has none of the forms that the feed uses for this field."""


def read_number(value: object) -> float:
    """Return a finite number below 1e9, sent as a number or as text.

    Raises:
        NotAValueError: It is something else, or too large.
    """
    if type(value) is str and len(value) <= _LONGEST_TEXT:
        try:
            value = float(value)
        except ValueError as error:
            raise NotAValueError from error
    # JSON gives exactly these types, without subclasses; `type` tells a `bool` from an `int`.
    if type(value) is not int and type(value) is not float:
        raise NotAValueError
    if not -_LARGEST < value < _LARGEST:  # NaN fails every comparison
        raise NotAValueError
    return float(value)


def read_count(value: object, most: int = _MOST_LAPS) -> int:
    """Return a whole number from 0 to `most`, sent as a number or as text.

    Raises:
        NotAValueError: It is something else.
    """
    if type(value) is int:  # the common case, and never a bool
        if 0 <= value <= most:
            return value
        raise NotAValueError
    number = read_number(value)
    if not (0 <= number <= most and number == math.floor(number)):
        raise NotAValueError
    return int(number)


def read_flag(value: object) -> bool:
    """Return a boolean, sent as such, as 0 or 1, or as text in any case.

    Raises:
        NotAValueError: It is something else.
    """
    if isinstance(value, bool):
        return value
    flag = _FLAGS.get(str(value).lower()) if isinstance(value, str | int) else None
    if flag is None:
        raise NotAValueError
    return flag


def read_text(value: object) -> str:
    """Return a text of at most 1000 characters.

    Raises:
        NotAValueError: It is something else.
    """
    if isinstance(value, str) and len(value) <= 1000:
        return value
    raise NotAValueError


def read_duration(value: object) -> float | None:
    """Return a lap or sector time in seconds, below one day; None when it was cleared.

    Raises:
        NotAValueError: It is something else.

    Example:
        >>> read_duration("1:23.456"), read_duration("28.5"), read_duration("1:00:00.0")
        (83.456, 28.5, 3600.0)
        >>> read_duration("") is None
        True
    """
    if value == "":
        return None
    if isinstance(value, str) and ":" in value:
        minutes, _, rest = value.rpartition(":")
        seconds = read_number(rest) + 60.0 * _minutes(minutes)
    else:
        seconds = read_number(value)
    if not 0 <= seconds < _LONGEST_GAP_S:
        raise NotAValueError
    return round(seconds, 3)


def _minutes(text: str) -> int:
    hours, colon, minutes = text.rpartition(":")
    return read_count(minutes) + (60 * read_count(hours) if colon else 0)


def read_gap(value: object) -> Gap:
    """Return a gap, sent as text or as seconds.

    Raises:
        NotAValueError: It is something else, a day or longer, or above 999 laps.
    """
    if not isinstance(value, str):
        value = str(read_number(value))
    if len(value) > _LONGEST_TEXT:
        raise NotAValueError
    try:
        gap = _odd_gap(value) or parse_gap(value)
    except (ValueError, OverflowError) as error:
        raise NotAValueError from error
    if not _is_plausible(gap):
        raise NotAValueError
    return gap


def _odd_gap(value: str) -> Gap | None:
    """Return what a word, or a small negative number, stands for; None for any other text.

    A word in place of a gap clears it. A car that passes the one ahead is a moment before it.
    """
    if value[:1] == "-" and value[1:2].isdigit():
        ahead = read_number(value)
        if ahead <= -_PASSES_WITHIN_S:
            raise NotAValueError
        return TimeGap(0.0)
    return NO_GAP if value.strip().upper() in _CLEARS else None


def _is_plausible(gap: Gap) -> bool:
    match gap:
        case TimeGap(seconds):
            return 0 <= seconds < _LONGEST_GAP_S
        case LapsDown(laps):
            return laps <= _MOST_LAPS
        case LeaderLap(lap):
            return lap <= _MOST_LAPS
    return True


@lru_cache(maxsize=256)
def read_driver_number(text: str) -> DriverNumber:
    """Return a car number, 1 to 999, from the key of a car.

    Raises:
        NotAValueError: It is something else.
    """
    if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) > 0:
        return DriverNumber(int(text))
    raise NotAValueError


def is_plausible(instant: datetime) -> bool:
    """Return whether an instant is in the years 1950 to 2199, as those of a feed must be."""
    return _EARLIEST <= instant < _LATEST


def read_instant(value: object) -> datetime:
    """Return an aware UTC instant from ISO 8601 text; text without an offset means UTC.

    Raises:
        NotAValueError: It is something else, or outside the years 1950 to 2199.
    """
    if not isinstance(value, str) or len(value) > 40:
        raise NotAValueError
    try:
        instant = datetime.fromisoformat(value)
        utc = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # astimezone can leave the years 1 to 9999
        raise NotAValueError from error
    if not is_plausible(utc):
        raise NotAValueError
    return utc
