"""Format the time that is left until an event."""

from __future__ import annotations

from datetime import timedelta


def countdown(until: timedelta) -> str:
    """Return the time left as a text, in its two largest units.

    Example:
        >>> countdown(timedelta(days=3, hours=4, minutes=5))
        '3 d 4 h'
        >>> countdown(timedelta(minutes=61)), countdown(timedelta(seconds=59))
        ('1 h 1 min', 'less than a minute')
    """
    minutes = int(until.total_seconds()) // 60
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days > 0:
        return f"{days} d {hours} h"
    if hours > 0:
        return f"{hours} h {rest} min"
    return f"{rest} min" if rest > 0 else "less than a minute"
