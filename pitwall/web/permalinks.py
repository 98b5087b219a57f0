"""Which moment of a race a permalink names, or somebody who types where to go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def moment_of(text: str, begins: datetime) -> datetime | None:
    """Return the moment that a permalink names; None where it names none.

    Args:
        text: ISO 8601, UTC unless it says otherwise; `HH:MM` or `HH:MM:SS` of the race's day, UTC;
            or seconds from the beginning of the timeline.
        begins: When the timeline begins.

    >>> moment_of("90", datetime(2025, 8, 31, 12, tzinfo=UTC)).isoformat()
    '2025-08-31T12:01:30+00:00'
    >>> moment_of("13:42", datetime(2025, 8, 31, 12, tzinfo=UTC)).isoformat()
    '2025-08-31T13:42:00+00:00'
    >>> moment_of("soon", datetime(2025, 8, 31, 12, tzinfo=UTC)) is None
    True
    """
    try:
        if "-" in text or "T" in text:
            moment = datetime.fromisoformat(text.replace(" ", "+"))
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if ":" not in text:
            return begins + timedelta(seconds=float(text))
        day = begins.replace(hour=0, minute=0, second=0, microsecond=0)
        parts = text.split(":")
        hours, minutes, seconds = map(float, parts if len(parts) > 2 else [*parts, "0"])
        moment = day + timedelta(hours=hours, minutes=minutes, seconds=seconds)
        # A race over midnight, UTC, has times of the next day.
        late = moment < begins - timedelta(hours=6)
        return moment + timedelta(days=1) if late else moment
    except (ValueError, OverflowError):
        return None
