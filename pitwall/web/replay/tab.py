"""Replay a stored race in one tab: its clock, the moment on show, its permalink.

A panel about a battle adds an event handler of its own state to `followers` when its module is
imported. The replay page then calls it whenever a battle is chosen, after a seek, when the race
is paused, and every few seconds while it plays, but not for each step of a drag.

    class GapState(rx.State):
        @rx.event(background=True)
        async def follow(self, race_id: str, attacker: int, defender: int, at: str) -> None: ...

    followers.append(as_handler(GapState.follow))

`race_id` is the stored race's id; `attacker` and `defender` are car numbers, both 0 while no
battle is chosen; `at` is the moment on the race's own clock, UTC, ISO 8601 with microseconds.

A replay is held beside Reflex's states, in the worker that has the tab's socket: clock and moment
are not worth a request to Redis. A tab that moves to another worker starts at its address's moment.
"""

from __future__ import annotations

import asyncio
import bisect
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pitwall.domain.circuits import TrackMap
from pitwall.domain.timeline import Timeline
from pitwall.engine.clock import FASTEST, SLOWEST, ReplayClock
from pitwall.ports.replays import ReplayPace, ReplayView
from pitwall.web.replay.timeline_rows import lap_at, timeline_row
from pitwall.web.shared.display_text import code
from pitwall.web.shared.page_rows import PageRows, page_rows
from pitwall.web.shared.replayed import Replayed, lookups


def moment_of(text: str, begins: datetime) -> datetime | None:
    """Return the moment that a permalink names; None where it names none.

    Args:
        text: ISO 8601, UTC unless it has an offset; `HH:MM` or `HH:MM:SS` on the day of the race,
            UTC; or seconds from the beginning of the timeline.
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


@dataclass
class HeadRow:
    """The moment that one tab shows.

    Attributes:
        at_s, length_s, seen_s: Race seconds from the timeline's beginning: the moment on show, the
            timeline's end, and the furthest moment shown so far.
        at: The moment, UTC, ISO 8601: what a permalink names.
        spoken: The moment in words, for the slider.
        race_id: "" until a race is open.
        battle: Attacker and defender by number, such as `4-81`; "" while none is chosen.
        battle_words: The same with driver codes, as a sentence.
        title: Why nothing is shown; "" while something is.
        note: Why the last command could not be carried out; "" where it was.
    """

    at_s: float = 0.0
    length_s: float = 1.0
    seen_s: float = 0.0
    at: str = ""
    spoken: str = ""
    playing: bool = False
    speed: str = "1"
    race_id: str = ""
    battle: str = ""
    battle_words: str = ""
    veiled: bool = False
    title: str = ""
    detail: str = ""
    note: str = ""


followers: list[Callable[..., Any]] = []

TABS_HELD: Final = 200

LOG_IN_ENDED: Final = "Your log-in has ended. Log in again to continue."

SPEEDS: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0)

_RUN_UP: Final = timedelta(seconds=8)  # shown before a pass or a battle that is stepped to

_NEXT: Final = timedelta(seconds=1)


class TabReplay:
    """The replay of one tab.

    Args:
        viewing: The tab's view of the stored race.
        line: The timeline of the race.
        veiled: Whether what comes later is hidden from the viewer.
        map_of: Returns the map of a race's circuit as far as known; no map unless given.

    Attributes:
        woken: Set by every command, so that the picture follows at once.
        battle: The chosen battle, by car numbers; None while there is none.
        is_members: Whether the viewer is logged in, as that log-in may end.
        ended: Why the replay has ended, in words; "" while it goes on.
    """

    def __init__(
        self,
        viewing: ReplayView,
        line: Timeline,
        *,
        veiled: bool,
        map_of: Callable[[str], TrackMap] = TrackMap,
    ) -> None:
        self.woken = asyncio.Event()
        self.ended = ""
        self.is_members = False
        self.battle: tuple[int, int] | None = None
        self.veiled = veiled
        start = line.started or line.begins
        self.clock = ReplayClock(start)
        self.clock.pause()
        self.clock.seek(start)  # it ran for a microsecond
        self._viewing = viewing
        self._map_of = map_of
        self._line = line
        self._seen = line.begins
        self._timeline_until: datetime | None = None
        self._note = ""

    @property
    def at(self) -> datetime:
        """The moment on the race's own clock, between its beginning and its end."""
        return min(max(self.clock.now(), self._line.begins), self._line.ends)

    @property
    def begins(self) -> datetime:
        """Where the timeline begins."""
        return self._line.begins

    @property
    def is_played(self) -> bool:
        """Whether the viewer has seen the race to its end."""
        return self._seen >= self._line.ends

    @property
    def visible_until(self) -> datetime | None:
        """The moment after which everything is hidden from the viewer; None if nothing is."""
        return self._seen if self.veiled else None

    def opening_of_battle(self) -> datetime | None:
        """Return when the chosen battle first began; None while none is chosen."""
        fights = self._line.fights
        return next((f.since for f in fights if (f.attacker, f.defender) == self.battle), None)

    @property
    def race_id(self) -> str:
        """The id of the race."""
        return self._viewing.race.id

    def wish(self, words: str) -> None:
        """Carry out a command of a button, a key or the slider; unknown commands do nothing."""
        # The page numbers its commands, so that a key pressed twice is sent twice.
        what, *how = [word for word in words.split() if word[0] != "#"] or [""]
        self._note = ""
        asked = _WISHES.get(what)
        if asked is not None:
            with suppress(ValueError, IndexError, OverflowError):
                asked(self, how)
                self.woken.set()

    def end(self, why: str) -> None:
        """End the replay, for a reason in words."""
        self.ended = why
        self.woken.set()

    def resend_timeline(self) -> None:
        """Send the timeline again, as the tab has missed some of it."""
        self._timeline_until = None

    def seek(self, to: datetime) -> None:
        """Go to a moment."""
        self.clock.seek(min(max(to, self._line.begins), self._line.ends))

    def choose(self, battle: str) -> None:
        """Choose a battle by `attacker-defender`, car numbers or letters; "" chooses none."""
        numbers = {letters.upper(): car for car, letters in self._line.codes.items() if letters}
        numbers |= {str(car): car for car in self._line.codes}
        sides = [numbers.get(side) for side in battle.upper().split("-")]
        match sides:
            case [int(attacker), int(defender)]:
                self.battle = (attacker, defender)
            case _:
                self.battle = None

    async def rows(self) -> tuple[PageRows, PageRows]:
        """Return the rows of the picture, and those of the head and the timeline.

        Raises:
            StoreError: The database is not there, or a part of the race is damaged.
        """
        at = self.at
        if at >= self._line.ends:
            self.clock.pause()
        pace = ReplayPace(self.clock.speed, self.clock.paused)
        frame = await self._viewing.frame(at, pace)
        rows = page_rows(frame, track=self._map_of(self.race_id))
        rows["notice"] = {"tone": "", "title": "", "detail": ""}  # the controls say it
        if pace.paused:
            rows["pulse"]["age_s"] = -1.0
        self._seen = max(self._seen, at)
        own: PageRows = {"head": asdict(self._head(at, pace))}
        if (line := self._timeline()) is not None:
            own["line"] = line
        return rows, own

    def _head(self, at: datetime, pace: ReplayPace) -> HeadRow:
        begins, lap = self._line.begins, lap_at(self._line, at)
        return HeadRow(
            at_s=round((at - begins).total_seconds(), 2),
            length_s=round((self._line.ends - begins).total_seconds(), 2),
            seen_s=round((self._seen - begins).total_seconds(), 2),
            at=f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
            spoken=f"{at:%H:%M:%S} UTC" + (f", lap {lap}" if lap else ""),
            playing=not pace.paused,
            speed=f"{pace.speed:g}",
            race_id=self.race_id,
            battle="" if self.battle is None else "{}-{}".format(*self.battle),
            battle_words=self._battle_words(),
            veiled=self.veiled,
            note=self._note,
        )

    def _battle_words(self) -> str:
        if self.battle is None:
            return ""
        attacker, defender = (code(self._line.codes.get(car) or "", car) for car in self.battle)
        return f"{attacker} attacks {defender}"

    def _timeline(self) -> dict[str, Any] | None:
        """Return the timeline if it has changed; without hidden parts it never changes."""
        until = self._seen if self.veiled else self._line.ends
        sent, every = self._timeline_until, timedelta(seconds=5)
        if sent is not None and timedelta(0) <= until - sent < every and sent != until:
            return None
        if sent == until:
            return None
        self._timeline_until = until
        return asdict(timeline_row(self._line, until if self.veiled else None))

    def _toggle(self, _how: Sequence[str]) -> None:
        if not self.clock.paused:
            self.clock.pause()
            return
        if self.at >= self._line.ends:
            self.seek(self._line.started or self._line.begins)
        self.clock.resume()

    def _seek_to(self, how: Sequence[str]) -> None:
        self.seek(self._line.begins + timedelta(seconds=float(how[0])))

    def _move_by(self, how: Sequence[str]) -> None:
        self.seek(self.at + timedelta(seconds=float(how[0])))

    def _set_speed(self, how: Sequence[str]) -> None:
        if how[0] in {"up", "down"}:
            place = bisect.bisect_left(SPEEDS, self.clock.speed) + (1 if how[0] == "up" else -1)
            self.clock.set_speed(SPEEDS[min(max(place, 0), len(SPEEDS) - 1)])
        else:
            self.clock.set_speed(min(max(float(how[0]), SLOWEST), FASTEST))

    def _step(self, how: Sequence[str]) -> None:
        """Go to the next or previous lap, battle or pass."""
        moments = self._moments(how[0])
        forward = int(how[1]) > 0
        at = self.at
        if forward:
            to = next((moment for moment in moments if moment > at + _NEXT), None)
        else:
            to = next((moment for moment in reversed(moments) if moment < at - 2 * _NEXT), None)
        if to is not None:
            self.seek(to)

    def _moments(self, what: str) -> list[datetime]:
        line = self._line
        if what == "lap":
            return [at for at, _ in line.laps]
        if what == "battle":
            return [fight.since for fight in line.fights]
        return [each.at - _RUN_UP for each in line.passes]

    def _choose(self, how: Sequence[str]) -> None:
        self.choose(how[0] if how else "")

    def _go_to(self, how: Sequence[str]) -> None:
        """Go to a moment or lap as people type it: `lap 12`, `12`, `13:42`, `13:42:10`."""
        typed = " ".join(how)
        text = "".join(how).lower().removeprefix("lap")
        if text.isdecimal():
            laps = {lap: at for at, lap in self._line.laps}
            moment = laps.get(int(text))
            if moment is None:
                self._note = f"This race has no lap {int(text)}."
        else:
            moment = moment_of(text, self._line.begins)
            if moment is None:
                self._note = f'"{typed[:20]}" is neither a lap nor a time: try lap 12 or 13:42.'
            elif not self._line.begins <= moment <= self._line.ends:
                self._note = f'"{typed[:20]}" is outside the race.'
        if moment is not None:
            self.seek(moment)

    def _veil(self, how: Sequence[str]) -> None:
        self.veiled = how[0] == "on"
        self._timeline_until = None


_WISHES: Final[dict[str, Callable[[TabReplay, Sequence[str]], None]]] = {
    "toggle": TabReplay._toggle,
    "seek": TabReplay._seek_to,
    "by": TabReplay._move_by,
    "speed": TabReplay._set_speed,
    "step": TabReplay._step,
    "battle": TabReplay._choose,
    "go": TabReplay._go_to,
    "veil": TabReplay._veil,
}


class Tabs:
    """The replays of this worker's tabs, at most so many."""

    def __init__(self, most: int = TABS_HELD) -> None:
        self._held: OrderedDict[str, tuple[int, TabReplay]] = OrderedDict()
        self._most = most

    def put(self, tab: str, watcher: int, replay: TabReplay) -> None:
        """Hold a tab's replay, replacing an earlier one; `watcher` is the task that shows it."""
        self._held[tab] = (watcher, replay)
        self._held.move_to_end(tab)
        while len(self._held) > self._most:
            _, (_, oldest) = self._held.popitem(last=False)
            oldest.end("Too many replays are open on this server. Reload this page to continue.")

    def get(self, tab: str) -> TabReplay | None:
        """Return a tab's replay; None where it has none."""
        found = self._held.get(tab)
        return found[1] if found else None

    def end(self, tab: str, watcher: int) -> None:
        """Forget the replay of this watcher; that of a later watcher of the tab stays."""
        if self._held.get(tab, (watcher, None))[0] == watcher:
            self._held.pop(tab, None)


tabs = Tabs()


def _replayed(tab: str) -> Replayed | None:
    replay = tabs.get(tab)
    return None if replay is None else (replay.race_id, replay.at)


lookups.append(_replayed)
