"""Which race is next, and which one moved: from the indexes, remembered between starts."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import orjson

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.f1_archive.index import ArchivedSession
from pitwall.wire.values import NotAValueError, read_instant

log = logging.getLogger(__name__)

_MOVED_BY = timedelta(minutes=5)
_KEPT_FOR = timedelta(days=400)

Calendar = Callable[[int], Awaitable[Iterable[ArchivedSession]]]
"""The sessions of a year, past and to come; raises FeedUnavailableError."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A race whose announced start is not what it was."""

    race: ArchivedSession
    was_at: datetime

    @property
    def words(self) -> str:
        """Say it to people, in UTC.

        Its day is named only where that changed too.
        """
        same_day = self.was_at.date() == self.race.starts_at.date()
        form = "%H:%M" if same_day else "%d %B %H:%M"
        was, is_now = f"{self.was_at:{form}}", f"{self.race.starts_at:{form}}"
        return f"{self.race.meeting} ({self.race.kind}) moved from {was} to {is_now} UTC."


class Schedule:
    """The races to come.

    Args:
        calendars: Where to ask, in order; each fills in what the ones before did not tell.
        kept: A file that remembers announced starts, so that a move is noticed after a restart.

    Attributes:
        moved: Races that moved since they were first seen, latest first.
        unknown_because: Why the last refresh learnt nothing; "" when it did.
    """

    def __init__(self, calendars: Iterable[Calendar], kept: Path) -> None:
        self._calendars = tuple(calendars)
        self._kept = kept
        self._announced = _read(kept)
        self._races: dict[str, ArchivedSession] = {}
        self.moved: tuple[Moved, ...] = ()
        self.unknown_because = ""

    async def refresh(self, now: datetime) -> None:
        """Ask for this year's races, and in December for the next year's."""
        reasons = []
        for year in {now.year, (now + timedelta(days=31)).year}:
            for calendar in self._calendars:
                try:
                    self._take(await calendar(year), now)
                except FeedUnavailableError as error:
                    reasons.append(str(error))
        self.unknown_because = "" if self._races else "; ".join(reasons)
        _write(self._kept, self._announced)

    def next_race(self, now: datetime) -> ArchivedSession | None:
        """Return the race that starts next; None when none is announced."""
        to_come = [race for race in self._races.values() if race.starts_at > now]
        return min(to_come, key=lambda race: race.starts_at, default=None)

    def is_near_a_race(self, now: datetime) -> bool:
        """Whether a race is announced for about now: from an hour before to five after."""
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


def _read(kept: Path) -> dict[str, datetime]:
    try:
        told = orjson.loads(kept.read_bytes())
        return {str(race): read_instant(at) for race, at in told.items()}
    except (OSError, ValueError, AttributeError, NotAValueError):
        return {}


def _write(kept: Path, announced: dict[str, datetime]) -> None:
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(orjson.dumps(announced, option=orjson.OPT_INDENT_2))
