"""State of the replay page.

The picture is drawn from the live page's rows: the tab leaves the room of live frames and is sent
its own. What this state adds is where the replay stands. Rows of both reach the browser through
the relay and stay out of the server-side state; the clock is in `pitwall.web.replaying`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import quote

import reflex as rx

from pitwall import services
from pitwall.domain.frames import FRAME_EVERY_S
from pitwall.domain.sources import Source
from pitwall.errors import PitwallError, RaceNotFoundError
from pitwall.web.broadcast import relay
from pitwall.web.circuit_maps import map_of
from pitwall.web.permalinks import moment_of
from pitwall.web.replaying import TabReplay, tabs
from pitwall.web.rows.head import HeadRow
from pitwall.web.rows.page import PageRows, changed_rows
from pitwall.web.rows.timeline import TimelineRow
from pitwall.web.spoilers import is_veiled, newest_race, with_played
from pitwall.web.states.account import account_of
from pitwall.web.states.following import followers
from pitwall.web.states.live import LiveState

TICK_S: Final = FRAME_EVERY_S
SIGN_OF_LIFE_S: Final = 2.0  # while the clock stands
SETTLED_S: Final = 0.35  # without a further wish, panels follow
FOLLOW_EVERY_S: Final = 5.0
_GUEST_MAY: Final = Source.SIMULATED.value


class ReplayState(rx.State):
    """Where one tab's replay stands."""

    head: HeadRow = HeadRow()
    line: TimelineRow = TimelineRow()

    spoilers: str = rx.LocalStorage("auto", name="pitwall_spoilers")
    played: str = rx.LocalStorage("", name="pitwall_played")

    _watcher: int = 0

    @rx.event(background=True)
    async def watch(self) -> AsyncIterator[Any]:
        """Open the race that the address names; show it until the tab ends or goes elsewhere."""
        async with self:
            self._watcher += 1
            watcher = self._watcher
            (await self.get_state(LiveState)).end_watching()
            tab = self.router.session.client_token
            asked = _Asked.of(self.router, (self.spoilers, self.played))
        await relay.leave(tab)
        try:
            replay = await _opened(asked)
            if replay is None:
                yield rx.redirect(asked.log_in_address)
                return
            tabs.put(tab, watcher, replay)
            showing = _Showing(tab, replay)
            while services.current().tab_is_open(tab):
                async with self:
                    if self._watcher != watcher:
                        break
                    if replay.is_played and asked.race_id not in self.played.split():
                        self.played = with_played(self.played, asked.race_id)
                for follow in await showing.turn():
                    yield follow
        except PitwallError as error:
            await _tell(tab, "This race cannot be shown", str(error))
        finally:
            tabs.end(tab, watcher)

    @rx.event
    def wish(self, words: str) -> None:
        """Do what a button, a key or the slider asks for; see `TabReplay.wish`."""
        replay = tabs.get(self.router.session.client_token)
        if replay is not None:
            replay.wish(words[:80])

    @rx.event
    def set_veil(self, wanted: bool) -> None:
        """Hide what comes later, or tell all of it, from now on for every race."""
        self.spoilers = "hide" if wanted else "show"
        replay = tabs.get(self.router.session.client_token)
        if replay is not None:
            replay.wish(f"veil {'on' if wanted else 'off'}")


class _Showing:
    """Sends one tab its pictures, and says when panels should follow."""

    def __init__(self, tab: str, replay: TabReplay) -> None:
        self._tab = tab
        self._replay = replay
        self._wished_s: float | None = time.monotonic()
        self._followed_s = 0.0
        self._sent: PageRows = {}
        replay.woken.set()

    async def turn(self) -> list[Any]:
        """Wait until there is something to show, show it, and return the events of panels."""
        replay = self._replay
        playing = not replay.clock.paused
        wait_s = TICK_S if playing else SETTLED_S if self._wished_s else SIGN_OF_LIFE_S
        try:
            await asyncio.wait_for(replay.woken.wait(), wait_s)
        except TimeoutError:
            pass
        else:
            replay.woken.clear()
            self._wished_s = time.monotonic()
        rows, own = await replay.rows()
        changed = changed_rows(rows, self._sent)
        self._sent = rows
        await relay.show_tab(self._tab, changed, {ReplayState.get_full_name(): own})
        return self._follow() if self._is_time_to_follow(playing=playing) else []

    def _is_time_to_follow(self, *, playing: bool) -> bool:
        now_s = time.monotonic()
        if self._wished_s is not None and not self._replay.woken.is_set():
            return now_s - self._wished_s >= SETTLED_S
        return playing and now_s - self._followed_s >= FOLLOW_EVERY_S

    def _follow(self) -> list[Any]:
        self._wished_s, self._followed_s = None, time.monotonic()
        attacker, defender = self._replay.battle or (0, 0)
        at = self._replay.at.isoformat(timespec="microseconds")
        return [follow(self._replay.race_id, attacker, defender, at) for follow in followers]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a tab's address asks for, and who asks."""

    race_id: str
    query: Mapping[str, str]
    address: str
    cookie: str
    origin: str
    spoilers: tuple[str, str]

    @classmethod
    def of(cls, router: Any, spoilers: tuple[str, str]) -> _Asked:  # noqa: ANN401  Reflex's own
        url, headers = router.url, router.headers
        return cls(
            url.path.rstrip("/").rpartition("/")[2],
            dict(url.query_parameters),
            f"{url.path}?{url.query}" if url.query else url.path,
            headers.cookie,
            headers.origin,
            spoilers,
        )

    @property
    def log_in_address(self) -> str:
        """Of the page that logs in, and comes back to this moment."""
        return f"/login?next={quote(self.address, safe='')}"


async def _opened(asked: _Asked) -> TabReplay | None:
    """Return a tab's replay, standing where the address says; None: a guest must log in first.

    Raises:
        RaceNotFoundError: Nothing of such a race is kept.
        StoreError: The database is not there.
    """
    ports = services.current()
    is_guest = await account_of(asked.cookie, asked.origin) is None
    try:
        race = await ports.races().race(asked.race_id)
    except RaceNotFoundError:
        if is_guest:
            return None  # whoever may not see it is not told whether it is there
        raise
    if is_guest and race.source != _GUEST_MAY:
        return None
    if race.first_at is None:
        raise RaceNotFoundError(f"Nothing of the race {race.id} is kept yet.")
    line = await ports.replay().timeline(race)
    newest = await newest_race(ports.races(), is_guest=is_guest)
    veiled = is_veiled(*asked.spoilers, race.id, newest)
    replay = TabReplay(await ports.replay().open(race), line, veiled=veiled, map_of=map_of)
    replay.choose(asked.query.get("battle", ""))
    named = asked.query.get("t", "")
    moment = moment_of(named, replay.begins) if named else replay.opening_of_battle()
    if moment is not None:
        replay.seek(moment)
    return replay


async def _tell(tab: str, title: str, detail: str) -> None:
    head = asdict(HeadRow(title=title, detail=detail))
    await relay.show_tab(tab, {}, {ReplayState.get_full_name(): {"head": head}})
