"""Hold the state of the replay page: the moment on show, and the timeline.

The picture is drawn from the live page's rows: the tab leaves the room of live frames and is sent
its own. Rows of both states reach the browser through the relay and stay out of the server-side
state; the clock is in `pitwall.web.replay.tab`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import quote

import reflex as rx

from pitwall import services
from pitwall.aio import Pacer
from pitwall.domain.accounts import Account
from pitwall.domain.frames import FRAME_EVERY_S
from pitwall.domain.sessions import Source
from pitwall.errors import PitwallError, RaceNotFoundError
from pitwall.replay.turns import Place, Places
from pitwall.web.live.state import LiveState
from pitwall.web.replay.tab import LOG_IN_ENDED, HeadRow, TabReplay, followers, moment_of, tabs
from pitwall.web.replay.timeline_rows import TimelineRow
from pitwall.web.shared.account_state import account_of
from pitwall.web.shared.header_rows import HeaderRow, NoticeRow, PulseRow
from pitwall.web.shared.page_rows import PageRows, changed_rows
from pitwall.web.shared.relay import map_of, relay
from pitwall.web.shared.spoilers import veil_of, with_played
from pitwall.web.socket.visitors import visitors

TICK_S: Final = FRAME_EVERY_S
SIGN_OF_LIFE_S: Final = 2.0  # while the clock stands
SETTLED_S: Final = 0.35  # without a further wish, panels follow
FOLLOW_EVERY_S: Final = 5.0
_GUEST_MAY: Final = Source.SIMULATED.value
# Each takes some megabytes: of guests one screen's worth, of an account a few screens'.
GUESTS: Final = 24
GUESTS_OF_ADDRESS: Final = 6
GUESTS_WAITING: Final = 100
MEMBERS: Final = 150
MEMBERS_OF_ACCOUNT: Final = 12

_guests = Places(GUESTS, GUESTS_OF_ADDRESS, GUESTS_WAITING)
_members = Places(MEMBERS, MEMBERS_OF_ACCOUNT, GUESTS_WAITING)


class ReplayState(rx.State):
    """One tab's replay: the moment on show, and the timeline."""

    head: HeadRow = HeadRow()
    line: TimelineRow = TimelineRow()

    spoilers: str = rx.LocalStorage("auto", name="pitwall_spoilers")
    played: str = rx.LocalStorage("", name="pitwall_played")

    _watcher: int = 0

    @rx.event(background=True)
    async def watch(self) -> AsyncIterator[Any]:
        """Show the race that the address names, until the tab is closed or shows another page."""
        async with self:
            self._watcher += 1
            watcher = self._watcher
            (await self.get_state(LiveState)).end_watching()
            tab = self.router.session.client_token
            asked = _Request.of(self.router, (self.spoilers, self.played))
        await relay.leave(tab)
        place: Place | None = None
        try:
            account = await account_of(tab)
            place = places_of(account).enter(_asker(tab, account))
            await self._queue(place, tab, watcher)
            if place.number:
                return  # the tab is gone
            replay = await _opened(asked, account)
            if replay is None:
                yield rx.redirect(asked.log_in_address)
                return
            tabs.put(tab, watcher, replay)
            sender = _PictureSender(tab, replay)
            while await self._goes_on(replay, watcher):
                for follow in await sender.turn():
                    yield follow
            if replay.ended:
                await _show_notice(tab, "This replay has ended", replay.ended)
        except PitwallError as error:
            await _show_notice(tab, "This race cannot be shown", str(error))
        finally:
            tabs.end(tab, watcher)
            if place is not None:
                place.leave()

    async def _queue(self, place: Place, tab: str, watcher: int) -> None:
        """Wait for a place and show the tab's number in the queue; end when the tab is closed."""
        while (number := place.number) and services.current().tab_is_open(tab):
            async with self:
                if self._watcher != watcher:
                    return
            await _show_notice(tab, "All places for replays are taken", queue_words(number))
            await place.wait(SIGN_OF_LIFE_S)

    async def _goes_on(self, replay: TabReplay, watcher: int) -> bool:
        """Whether this watcher goes on; also note a race that was played to its end."""
        async with self:
            tab = self.router.session.client_token
            if self._watcher != watcher or replay.ended:
                return False
            if replay.is_played and replay.race_id not in self.played.split():
                self.played = with_played(self.played, replay.race_id)
        return services.current().tab_is_open(tab)

    @rx.event
    def wish(self, words: str) -> None:
        """Carry out a command of a button, a key or the slider; see `TabReplay.wish`."""
        replay = tabs.get(self.router.session.client_token)
        if replay is not None:
            replay.wish(words[:80])

    @rx.event
    def set_veil(self, wanted: bool) -> None:
        """Hide what comes later, or show all of it, from now on for every race."""
        self.spoilers = "hide" if wanted else "show"
        replay = tabs.get(self.router.session.client_token)
        if replay is not None:
            replay.wish(f"veil {'on' if wanted else 'off'}")


class _PictureSender:
    """Sends one tab its pictures, and decides when its panels are updated."""

    def __init__(self, tab: str, replay: TabReplay) -> None:
        self._tab = tab
        self._replay = replay
        self._pacer = Pacer(TICK_S)
        self._wished_s: float | None = self._pacer.began_s
        self._followed_s = self._pacer.began_s
        self._sent: PageRows = {}
        replay.woken.set()

    async def turn(self) -> list[Any]:
        """Wait until there is something to show, show it, and return the panels' events."""
        replay = self._replay
        playing = not replay.clock.paused
        is_settled = self._wished_s is None
        tick_s = TICK_S if playing else SIGN_OF_LIFE_S if is_settled else SETTLED_S
        if await self._pacer.rest_until(replay.woken, tick_s):
            self._wished_s = self._pacer.began_s
        rows, own = await replay.rows()
        changed = changed_rows(rows, self._sent)
        self._sent = rows
        if not await relay.show_tab(self._tab, changed, {ReplayState.get_full_name(): own}):
            self._sent = {}
            replay.resend_timeline()
        return self._follow() if self._is_time_to_follow(playing=playing) else []

    def _is_time_to_follow(self, *, playing: bool) -> bool:
        now_s = self._pacer.began_s
        if self._wished_s is not None and not self._replay.woken.is_set():
            return now_s >= self._wished_s + SETTLED_S
        return playing and now_s >= self._followed_s + FOLLOW_EVERY_S

    def _follow(self) -> list[Any]:
        self._wished_s, self._followed_s = None, self._pacer.began_s
        attacker, defender = self._replay.battle or (0, 0)
        at = self._replay.at.isoformat(timespec="microseconds")
        return [follow(self._replay.race_id, attacker, defender, at) for follow in followers]


@dataclass(frozen=True, slots=True)
class _Request:
    """The race and moment that a tab's address names, and the viewer's settings."""

    tab: str
    race_id: str
    query: Mapping[str, str]
    address: str
    spoilers: tuple[str, str]

    @classmethod
    def of(cls, router: Any, spoilers: tuple[str, str]) -> _Request:  # noqa: ANN401  Reflex's own
        url = router.url
        return cls(
            router.session.client_token,
            url.path.rstrip("/").rpartition("/")[2],
            dict(url.query_parameters),
            f"{url.path}?{url.query}" if url.query else url.path,
            spoilers,
        )

    @property
    def log_in_address(self) -> str:
        """The address of the log-in page, which then comes back to this moment."""
        return f"/login?next={quote(self.address, safe='')}"


def queue_words(number: int) -> str:
    """Return a sentence on a visitor's number in the queue.

    >>> queue_words(1), queue_words(3), queue_words(12)[:20]
    ('You are next in the queue.', 'You are 3rd in the queue.', 'You are 12th in the ')
    """
    if number == 1:
        return "You are next in the queue."
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"You are {number}{ending} in the queue."


def places_of(account: Account | None) -> Places:
    """Return the places open to a visitor: there are fewer for guests, who take turns."""
    return _guests if account is None else _members


def _asker(tab: str, account: Account | None) -> str:
    return visitors.of(tab).address if account is None else str(account.user_id)


async def _opened(asked: _Request, account: Account | None) -> TabReplay | None:
    """Return a tab's replay at the moment of its address; None if a guest must log in first.

    Raises:
        RaceNotFoundError: There is no such race, or nothing of it is stored yet.
        StoreError: The database is not there.
    """
    ports = services.current()
    is_guest = account is None
    try:
        race = await ports.races().race(asked.race_id)
    except RaceNotFoundError:
        if is_guest:
            return None  # a guest who may not see a race does not learn whether it exists
        raise
    if is_guest and race.source != _GUEST_MAY:
        return None
    if race.first_at is None:
        raise RaceNotFoundError(f"Nothing of the race {race.id} is stored yet.")
    line = await ports.replay().timeline(race)
    veil = await veil_of(ports.races(), *asked.spoilers, is_guest=is_guest)
    veiled = veil.hides(race.id)
    replay = TabReplay(
        await ports.replay().open(race, is_guest=is_guest), line, veiled=veiled, map_of=map_of
    )
    replay.is_members = not is_guest
    if account is not None and not visitors.of(asked.tab).log_in:
        replay.end(LOG_IN_ENDED)  # the log-in ended while the race was being opened
    replay.choose(asked.query.get("battle", ""))
    named = asked.query.get("t", "")
    moment = moment_of(named, replay.begins) if named else replay.opening_of_battle()
    if moment is not None:
        replay.seek(moment)
    return replay


async def _show_notice(tab: str, title: str, detail: str) -> None:
    head = asdict(HeadRow(title=title, detail=detail))
    # Nothing else will come: without this the page would say that the first data is on its way.
    still: PageRows = {
        "pulse": asdict(PulseRow(feed="none")),
        "header": asdict(HeaderRow(race=title, source_word="Replay", flag_word="No race")),
        "empty": asdict(NoticeRow("over", title, detail)),
    }
    await relay.show_tab(tab, still, {ReplayState.get_full_name(): {"head": head}})
