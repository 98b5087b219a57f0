"""FastF1's calendar: it also knows the races to come, which the archive's index may not list."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pitwall.domain.sessions import SessionKind, is_raced, kind_of
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.f1_archive.index import ArchivedSession
from pitwall.pipeline.unattended import unattended
from pitwall.wire.session import race_id_of

_LENGTHS = {SessionKind.RACE: timedelta(hours=2), SessionKind.SPRINT: timedelta(hours=1)}
_RACED_AS_SPRINT = 2021  # when a session called Sprint Qualifying was raced; later it set the grid
_WITHIN_S = 20.0


async def fastf1_calendar(year: int, cache: Path) -> list[ArchivedSession]:
    """Return the races of a year as FastF1 knows them; none has a path in the archive.

    Raises:
        FeedUnavailableError: FastF1 could not fetch them.
    """
    try:
        async with asyncio.timeout(_WITHIN_S):
            rows = await unattended(lambda: _fetch(year, cache), "calendar")
    except TimeoutError as error:
        raise FeedUnavailableError("FastF1's calendar did not arrive in time.") from error
    return list(read_rows(rows, year))


def _fetch(year: int, cache: Path) -> list[Mapping[Any, Any]]:
    import fastf1  # takes seconds to import: only where it is asked

    logging.getLogger("fastf1").setLevel(logging.CRITICAL)  # what fails is told by us
    cache.mkdir(parents=True, exist_ok=True)
    fastf1.Cache.configure(cache_dir=str(cache))
    try:
        schedule = fastf1.get_event_schedule(year, include_testing=False)
    except Exception as error:  # FastF1 raises whatever its backends do
        raise FeedUnavailableError(f"FastF1's calendar could not be had: {error}.") from error
    rows: list[Mapping[Any, Any]] = schedule.to_dict("records")
    return rows


def read_rows(rows: Iterable[Mapping[Any, Any]], year: int) -> Iterator[ArchivedSession]:
    """Yield the races among FastF1's events; a start that is not known yet is left out."""
    for row in rows:
        for place in range(1, 6):
            kind = _kind(str(row.get(f"Session{place}")), year)
            starts_at = _instant(row.get(f"Session{place}DateUtc"))
            if kind is None or starts_at is None:
                continue
            meeting = str(row.get("EventName", ""))
            yield ArchivedSession(
                race_id=race_id_of(year, meeting, kind),
                year=year,
                meeting=meeting,
                kind=kind,
                circuit="",
                location=str(row.get("Location", "")),
                country=str(row.get("Country", "")),
                starts_at=starts_at,
                ends_at=starts_at + _LENGTHS[kind],
                path="",
            )


def _kind(name: str, year: int) -> SessionKind | None:
    """Return what kind of race a session is that FastF1 names, but gives no type of."""
    raced = year == _RACED_AS_SPRINT and name == "Sprint Qualifying"
    kind = kind_of(name, SessionKind.RACE) if raced else name
    return SessionKind(kind) if is_raced(kind) else None


def _instant(value: object) -> datetime | None:
    """Return an aware instant from pandas' naive UTC; None for what is none."""
    if not isinstance(value, datetime) or value != value:
        return None
    return datetime(
        value.year, value.month, value.day, value.hour, value.minute, value.second, tzinfo=UTC
    )
