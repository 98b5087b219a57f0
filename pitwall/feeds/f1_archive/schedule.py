"""Find the next race, and rescheduled races, from the archive's indexes and FastF1's calendar."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from pitwall.aio import unattended
from pitwall.domain.sessions import SessionKind, is_raced, kind_of
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.f1_archive.index import ArchivedSession
from pitwall.wire.session import race_id_of
from pitwall.wire.values import NotAValueError, read_instant

log = logging.getLogger(__name__)

_MOVED_BY = timedelta(minutes=5)

_KEPT_FOR = timedelta(days=400)

Calendar = Callable[[int], Awaitable[Iterable[ArchivedSession]]]
"""Returns the sessions of a year, past and future; raises FeedUnavailableError."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A race whose announced start has changed."""

    race: ArchivedSession
    was_at: datetime

    @property
    def words(self) -> str:
        """The change in a sentence, in UTC.

        The day is named only where it changed too.
        """
        same_day = self.was_at.date() == self.race.starts_at.date()
        form = "%H:%M" if same_day else "%d %B %H:%M"
        was, is_now = f"{self.was_at:{form}}", f"{self.race.starts_at:{form}}"
        return f"{self.race.meeting} ({self.race.kind}) moved from {was} to {is_now} UTC."


class Schedule:
    """The future races.

    Args:
        calendars: The calendars in order; each adds the races that earlier ones lack.
        file: Stores announced starts, so that a change is noticed after a restart.

    Attributes:
        moved: Races whose start changed since it was first seen, latest change first.
        unknown_because: Why no race is known; "" when races are.
    """

    def __init__(self, calendars: Iterable[Calendar], file: Path) -> None:
        self._calendars = tuple(calendars)
        self._file = file
        self._announced = _read(file)
        self._races: dict[str, ArchivedSession] = {}
        self.moved: tuple[Moved, ...] = ()
        self.unknown_because = ""

    async def refresh(self, now: datetime) -> None:
        """Fetch this year's races, and in December the next year's too."""
        reasons = []
        for year in {now.year, (now + timedelta(days=31)).year}:
            for calendar in self._calendars:
                try:
                    self._take(await calendar(year), now)
                except FeedUnavailableError as error:
                    reasons.append(str(error))
        self.unknown_because = "" if self._races else "; ".join(reasons)
        _write(self._file, self._announced)

    def next_race(self, now: datetime) -> ArchivedSession | None:
        """Return the race that starts next; None when none is announced."""
        to_come = [race for race in self._races.values() if race.starts_at > now]
        return min(to_come, key=lambda race: race.starts_at, default=None)

    def is_near_a_race(self, now: datetime) -> bool:
        """Return whether now is within an hour before to five hours after an announced start."""
        early, late = timedelta(hours=1), timedelta(hours=5)
        return any(r.starts_at - early < now < r.starts_at + late for r in self._races.values())

    def _take(self, sessions: Iterable[ArchivedSession], now: datetime) -> None:
        first: dict[str, ArchivedSession] = {}
        for session in sessions:
            if session.is_race:
                first.setdefault(session.race_id, session)
        for race in first.values():
            was_at = self._announced.get(race.race_id)
            if was_at is not None and abs(race.starts_at - was_at) >= _MOVED_BY:
                moved = Moved(race, was_at)
                log.warning("race moved", extra={"race": race.race_id, "words": moved.words})
                self.moved = (moved, *(m for m in self.moved if m.race.race_id != race.race_id))
            if race.starts_at > now - _KEPT_FOR:
                self._announced[race.race_id] = race.starts_at
            self._races[race.race_id] = race


def _read(file: Path) -> dict[str, datetime]:
    try:
        starts = orjson.loads(file.read_bytes())
        return {str(race): read_instant(at) for race, at in starts.items()}
    except (OSError, ValueError, AttributeError, NotAValueError):
        return {}


def _write(file: Path, announced: dict[str, datetime]) -> None:
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(orjson.dumps(announced, option=orjson.OPT_INDENT_2))


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
    import fastf1  # takes seconds to import, so only when it is needed

    logging.getLogger("fastf1").setLevel(logging.CRITICAL)  # failures are reported here
    cache.mkdir(parents=True, exist_ok=True)
    fastf1.Cache.configure(cache_dir=str(cache))
    try:
        schedule = fastf1.get_event_schedule(year, include_testing=False)
    except Exception as error:  # FastF1 raises whatever its backends do
        raise FeedUnavailableError(f"FastF1's calendar could not be fetched: {error}.") from error
    rows: list[Mapping[Any, Any]] = schedule.to_dict("records")
    return rows


def read_rows(rows: Iterable[Mapping[Any, Any]], year: int) -> Iterator[ArchivedSession]:
    """Yield the races among FastF1's events; those without a known start are left out."""
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
    """Return the kind of race that FastF1 names; None for sessions without a race."""
    raced = year == _RACED_AS_SPRINT and name == "Sprint Qualifying"
    kind = kind_of(name, SessionKind.RACE) if raced else name
    return SessionKind(kind) if is_raced(kind) else None


def _instant(value: object) -> datetime | None:
    """Return an aware instant from pandas' naive UTC; None for anything else."""
    if not isinstance(value, datetime) or value != value:
        return None
    return datetime(
        value.year, value.month, value.day, value.hour, value.minute, value.second, tzinfo=UTC
    )
