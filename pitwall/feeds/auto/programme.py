"""Choose what `auto` plays: a live race, else the newest archived one, else a simulated one."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

from pitwall.aio import end
from pitwall.domain.sessions import SessionKind
from pitwall.engine.frame_builder import Notes
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.f1_archive.archive import ArchiveGrowingError, F1Archive
from pitwall.feeds.f1_archive.index import ArchivedSession, newest_archived
from pitwall.feeds.f1_archive.schedule import Schedule
from pitwall.feeds.f1_live.probe import Sighting
from pitwall.live.director import Choice

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 3.0  # then a simulated race plays until the answer arrives
LOOK_EVERY_S = 300.0  # so a rescheduled race is found within five minutes
LOOK_NEAR_S = 30.0  # around an announced race
WATCH_LIVE_S = 10.0
FIRST_RETRY_S, LONGEST_RETRY_S = 15.0, 600.0
SCHEDULE_EVERY = timedelta(hours=1)
STAYS_AFTER = timedelta(minutes=10)

Look = Callable[[], Awaitable[Sighting]]
"""Asks the live feed whether a race is on; raises FeedUnavailableError."""


class Shows(Protocol):
    """Plays what the programme chooses; `app.container` builds it."""

    async def live(self) -> None:
        """Ingest the live feed."""
        ...

    def live_is_over(self) -> bool:
        """Return whether the race that is ingested has ended."""
        ...

    async def recorded(self, race_id: str, folder: Path) -> None:
        """Play a race on disk."""
        ...

    async def simulated(self) -> None:
        """Play simulated races."""
        ...


@dataclass(frozen=True, slots=True)
class _KnownRaces:
    """The result of the last look.

    Attributes:
        is_on: Whether a race is on; None when the feed did not answer.
        race: The name of the session that the feed shows.
        because: Why it is not known, or not live, as a sentence.
    """

    is_on: bool | None = None
    race: str = ""
    because: str = "The live feed has not answered yet."


class AutoProgramme:
    """Chooses by what the live feed itself shows, never by the calendar alone.

    Args:
        look: Asks the live feed whether a race is on.
        archive: Past races.
        schedule: Future races.
        shows: Plays the chosen race.
        now: The wall clock.
        rng: The source of jitter.
    """

    def __init__(
        self,
        look: Look,
        archive: F1Archive,
        schedule: Schedule,
        shows: Shows,
        now: Callable[[], datetime],
        rng: random.Random | None = None,
    ) -> None:
        self._look = look
        self._archive = archive
        self._schedule = schedule
        self._shows = shows
        self._now = now
        self._rng = rng or random.Random()  # noqa: S311  jitter is not secret
        self._known = _KnownRaces()
        self._failures = 0
        self._looking: asyncio.Task[None] | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._fetched: tuple[ArchivedSession, Path] | None = None
        self._no_archive = ""
        self._scheduled_at: datetime | None = None
        self._over_since: datetime | None = None

    async def choose(self) -> Choice:
        """Return what to play now."""
        if self._known.is_on and not self._live_is_long_over():
            return Choice("live", self._notes(self._why_live()), self._shows.live, WATCH_LIVE_S)
        await self._look_for_a_moment()
        if self._known.is_on:
            return Choice("live", self._notes(self._why_live()), self._shows.live, WATCH_LIVE_S)
        pause_s = self._pause_s()
        if self._fetched is not None:
            race, folder = self._fetched
            why = f"{self._why_not_live()} This is the newest race in the archive."
            show = partial(self._shows.recorded, race.race_id, folder)
            return Choice(f"recorded {race.race_id}", self._notes(why), show, pause_s)
        words = (self._why_not_live(), self._no_archive, "So this race is simulated.")
        why = " ".join(filter(None, words))
        return Choice("simulated", self._notes(why), self._shows.simulated, pause_s)

    async def close(self) -> None:
        """End the tasks that run in the background."""
        await end(*filter(None, (self._looking, self._fetching)))

    async def _look_for_a_moment(self) -> None:
        """Ask the live feed; when it takes long, go on asking in the background."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._refresh())
        await asyncio.wait({self._looking}, timeout=ANSWER_WITHIN_S)

    async def _refresh(self) -> None:
        try:
            sighting = await self._look()
        except FeedUnavailableError as error:
            self._failures += 1
            self._known = _KnownRaces(None, because=str(error))
        else:
            self._failures = 0
            self._over_since = None
            name = f"{sighting.info.name} ({sighting.info.kind})"
            self._known = _KnownRaces(sighting.is_on, name, "No race is live.")
        if not self._known.is_on:
            await self._refresh_calendar()
            if self._fetching is None or self._fetching.done():
                self._fetching = asyncio.create_task(self._fetch_newest())

    async def _refresh_calendar(self) -> None:
        now = self._now()
        due = self._scheduled_at is None or now - self._scheduled_at >= SCHEDULE_EVERY
        if due and not self._failures:
            self._scheduled_at = now
            await self._schedule.refresh(now)

    async def _fetch_newest(self) -> None:
        """Fetch the newest archived race unless it is on disk; this may take minutes."""
        try:
            race = await self._newest(self._now())
            if race is None:
                self._no_archive = "The archive lists no race."
                return
            try:
                await self._take(race)
            except ArchiveGrowingError:
                # It is asked for again at the next look; until then the race before is shown.
                before = None if self._fetched else await self._newest(race.starts_at)
                if before is not None:
                    await self._take(before)
                self._no_archive = f"The newest race, {race.meeting}, is not archived whole yet."
        except FeedUnavailableError as error:
            log.info("no archived race could be fetched", extra={"why": str(error)})
            self._no_archive = "No archived race could be fetched."

    async def _take(self, race: ArchivedSession) -> None:
        """Show an archived race from now on, when all of it is on disk."""
        if self._fetched is not None and self._fetched[0].race_id == race.race_id:
            return
        if await self._archive.is_whole(race):
            self._fetched = (race, self._archive.folder_of(race))
            return
        self._no_archive = f"The newest race, {race.meeting}, is being fetched."
        self._fetched = (race, await self._archive.fetch(race))

    async def _newest(self, now: datetime) -> ArchivedSession | None:
        """Return the newest archived race that began before `now`."""
        error: FeedUnavailableError | None = None
        for year in (now.year, now.year - 1):
            try:
                index = await self._archive.sessions(year)
            except FeedUnavailableError as failure:
                error = failure
                continue
            if (race := newest_archived(index.sessions, now)) is not None:
                return race
        if error is not None:
            raise error
        return None

    def _live_is_long_over(self) -> bool:
        """Return whether the final order has been on screen for ten minutes."""
        if not self._shows.live_is_over():
            self._over_since = None
            return False
        if self._over_since is None:
            self._over_since = self._now()
        return self._now() - self._over_since >= STAYS_AFTER

    def _pause_s(self) -> float:
        if self._looking is not None and not self._looking.done():
            return ANSWER_WITHIN_S
        if self._failures:
            ceiling_s = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(self._failures - 1, 10))
            return self._rng.uniform(ceiling_s / 2, ceiling_s)
        if self._fetching is not None and not self._fetching.done():
            return WATCH_LIVE_S
        return LOOK_NEAR_S if self._schedule.is_near_a_race(self._now()) else LOOK_EVERY_S

    def _why_live(self) -> str:
        return f"{self._known.race} is live."

    def _why_not_live(self) -> str:
        known = self._known
        return known.because if known.is_on is not None else f"No live race: {known.because}"

    def _notes(self, why: str) -> Notes:
        race = self._schedule.next_race(self._now())
        moved = self._schedule.moved[0].words if self._schedule.moved else ""
        if race is None:
            return Notes(why, moved=moved)
        name = race.meeting if race.kind == SessionKind.RACE else f"{race.meeting} ({race.kind})"
        return Notes(why, name, race.starts_at, moved)
