"""Hold the state of the races page: the stored races, and how their forecasts came out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import reflex as rx

from pitwall import services
from pitwall.domain.sessions import Source
from pitwall.domain.stored_races import RaceFilter, RaceSummary
from pitwall.errors import PitwallError
from pitwall.web.races.rows import RaceItem, counted, matches, race_row
from pitwall.web.shared.account_state import account_of
from pitwall.web.shared.spoilers import veil_of

PAGE: Final = 30
_MOST: Final = 1_000  # thirty seasons
_LOOK_AGAIN_S: Final = 2.0
_SETTLES_S: Final = 0.05
LISTING_AT_ONCE: Final = 2  # over all tabs of a worker: leaves connections for recording a race
ALL: Final = "all"

_listing = asyncio.Semaphore(LISTING_AT_ONCE)


@dataclass(frozen=True, slots=True)
class _Search:
    """What one tab searches for."""

    is_guest: bool
    text: str
    year: str
    kind: str
    most: int

    def filter(self) -> RaceFilter:
        return RaceFilter(
            year=int(self.year) if self.year.isdecimal() else None,
            kind=None if self.kind == ALL else self.kind,
            source=Source.SIMULATED.value if self.is_guest else None,
        )


class RacesState(rx.State):
    """What one tab of the races page shows."""

    rows: list[RaceItem] = []
    years: list[str] = []
    text: str = ""
    year: str = ALL
    kind: str = ALL
    is_guest: bool = True
    there_are_more: bool = False
    status: str = "Loading races"
    trouble: str = ""

    spoilers: str = rx.LocalStorage("auto", name="pitwall_spoilers")
    played: str = rx.LocalStorage("", name="pitwall_played")

    _most: int = PAGE
    _shown: int = 0

    @rx.event(background=True)
    async def show(self) -> None:
        """List the races, count them one by one, and make one for guests where there is none."""
        async with self:
            self._shown += 1
            shown = self._shown
            tab = self.router.session.client_token
        await asyncio.sleep(_SETTLES_S)
        async with self:
            if self._shown != shown:
                return  # a newer request has come in the meantime
        account = await account_of(tab)
        async with self:
            self.is_guest = account is None
        try:
            part = await _demo_race() if account is None else None
            await self._list(shown)
            while part is not None and services.current().tab_is_open(tab):
                await asyncio.sleep(_LOOK_AGAIN_S)
                part = await _demo_race()
                async with self:
                    if self._shown != shown:
                        return
                    self.status = _made(part)
                if part is None:
                    await self._list(shown)
        except PitwallError as error:
            async with self:
                self.trouble, self.status = str(error), ""

    @rx.event
    def search(self, text: str) -> object:
        """Show the races whose names contain these words."""
        self.text, self._most = text[:80], PAGE
        return RacesState.show

    @rx.event
    def choose_year(self, year: str) -> object:
        """Show the races of one season, or of all."""
        self.year, self._most = year, PAGE
        return RacesState.show

    @rx.event
    def choose_kind(self, kind: str) -> object:
        """Show races, sprints or both."""
        self.kind, self._most = kind, PAGE
        return RacesState.show

    @rx.event
    def show_more(self) -> object:
        """Show more races."""
        self._most += PAGE
        return RacesState.show

    @rx.event
    def set_spoilers(self, wish: str) -> object:
        """Hide the results of the newest race until it is played, of all races, or of none."""
        self.spoilers = wish
        return RacesState.show

    async def _list(self, shown: int) -> None:
        async with _listing:
            await self._list_now(shown)

    async def _list_now(self, shown: int) -> None:
        async with self:
            if self._shown != shown:
                return
            search = _Search(self.is_guest, self.text, self.year, self.kind, self._most)
            spoilers, played = self.spoilers, self.played
        ports = services.current()
        reader = ports.races()
        source = Source.SIMULATED.value if search.is_guest else None
        every, _ = await reader.races(RaceFilter(source=source), _MOST)
        narrowed = search.filter()
        races = [race for race in every if _is_wanted(race, narrowed, search.text)]
        veil = await veil_of(reader, spoilers, played, is_guest=search.is_guest)
        rows = [race_row(race, veiled=veil.hides(race.id)) for race in races[: search.most]]
        async with self:
            if self._shown != shown:
                return
            self.rows = rows
            self.years = sorted({str(race.year) for race in every if race.year}, reverse=True)
            self.there_are_more = len(races) > search.most
            self.trouble = ""
            self.status = f"{len(races)} race{'' if len(races) == 1 else 's'}"
        for place, race in enumerate(races[: search.most]):
            if rows[place].veil or race.first_at is None:
                continue
            digest = await ports.replay().digest(race)
            async with self:
                if self._shown != shown:
                    return
                self.rows[place] = counted(rows[place], digest)


def _is_wanted(race: RaceSummary, narrowed: RaceFilter, text: str) -> bool:
    return (
        (narrowed.year is None or race.year == narrowed.year)
        and (narrowed.kind is None or race.kind.lower() == narrowed.kind.lower())
        and matches(race, text)
    )


async def _demo_race() -> float | None:
    demo_race = services.current().demo_race
    return await demo_race.offer() if demo_race is not None else None


def _made(part: float | None) -> str:
    if part is None:
        return ""
    return f"A simulated race is being made for you to replay: {100 * part:.0f} % done"
