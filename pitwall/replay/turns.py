"""Queue viewers of replays: few seek at once, guests last, and a bounded number watches."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from datetime import datetime

from pitwall.domain.stored_races import RaceSummary
from pitwall.errors import BusyError, RaceNotFoundError


class Lane:
    """One viewer's access to a `Stage`: `async with lane` waits for a turn."""

    def __init__(self, stage: Stage, *, is_guest: bool) -> None:
        self._stage = stage
        self._is_guest = is_guest

    async def __aenter__(self) -> None:
        await self._stage.take(is_guest=self._is_guest)

    async def __aexit__(self, *_error: object) -> None:
        self._stage.give_back(is_guest=self._is_guest)


class Stage:
    """Lets few viewers play at once: logged-in viewers first, and guests never in every place.

    Args:
        at_once: How many play at once.
        guests_at_once: How many of them may be guests.
    """

    def __init__(self, at_once: int = 2, guests_at_once: int = 1) -> None:
        self._at_once = at_once
        self._guests_at_once = guests_at_once
        self._playing: Counter[bool] = Counter()
        self._waiting: dict[bool, deque[asyncio.Future[None]]] = {False: deque(), True: deque()}

    def lane(self, *, is_guest: bool) -> Lane:
        """Return a viewer's access to the stage."""
        return Lane(self, is_guest=is_guest)

    async def take(self, *, is_guest: bool) -> None:
        """Wait for a turn; guests wait for everybody else."""
        ahead = any(not each.done() for each in self._waiting[False])
        ahead = ahead or (is_guest and any(not each.done() for each in self._waiting[True]))
        if not ahead and self._has_place(is_guest=is_guest):
            self._playing[is_guest] += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting[is_guest].append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(is_guest=is_guest)  # the turn had just been given
            raise

    def give_back(self, *, is_guest: bool) -> None:
        """End a turn, so that the next one begins."""
        self._playing[is_guest] -= 1
        for guest in (False, True):
            waiting = self._waiting[guest]
            while waiting and self._has_place(is_guest=guest):
                turn = waiting.popleft()
                if not turn.done():
                    self._playing[guest] += 1
                    turn.set_result(None)

    def _has_place(self, *, is_guest: bool) -> bool:
        if is_guest and self._playing[True] >= self._guests_at_once:
            return False
        return self._playing.total() < self._at_once


class Place:
    """A viewer's place among those who watch, or in the queue."""

    def __init__(self, places: Places, asker: str) -> None:
        self.asker = asker
        self._places = places
        self._called = asyncio.Event()

    @property
    def number(self) -> int:
        """The place's number in the queue; 0 when inside."""
        return self._places.number_of(self)

    async def wait(self, most_s: float) -> None:
        """Wait until the place is inside, for `most_s` at most."""
        try:
            async with asyncio.timeout(most_s):
                await self._called.wait()
        except TimeoutError:
            pass

    def call(self) -> None:
        """Note that the place is inside now."""
        self._called.set()

    def leave(self) -> None:
        """Give the place to the next viewer; calling it again has no effect."""
        self._places.leave(self)


class Places:
    """Limits the number of viewers, and queues the others.

    Args:
        most: How many may watch at once.
        most_each: How many places one asker may have, including the queue.
        most_waiting: How long the queue may be.
    """

    def __init__(self, most: int, most_each: int, most_waiting: int) -> None:
        self._most, self._most_each, self._most_waiting = most, most_each, most_waiting
        self._inside: set[Place] = set()
        self._queue: list[Place] = []

    def enter(self, asker: str) -> Place:
        """Return a place, inside or in the queue.

        Raises:
            BusyError: The asker has too many places, or the queue is full.
        """
        own = sum(place.asker == asker for place in (*self._inside, *self._queue))
        if own >= self._most_each:
            raise BusyError(
                f"{own} replays are open from your address, the most allowed. "
                "Close one of them, then reload this page."
            )
        place = Place(self, asker)
        if len(self._inside) < self._most:
            self._inside.add(place)
        elif len(self._queue) < self._most_waiting:
            self._queue.append(place)
        else:
            raise BusyError(
                "All places for guests are taken, and the queue is full. "
                "Log in, or come back in a few minutes."
            )
        return place

    def number_of(self, place: Place) -> int:
        """Return a place's number in the queue; 0 when inside."""
        return 0 if place in self._inside else self._queue.index(place) + 1

    def leave(self, place: Place) -> None:
        """Remove a place, and let the next one in."""
        if place in self._queue:
            self._queue.remove(place)
        elif place in self._inside:
            self._inside.remove(place)
            if self._queue:
                first = self._queue.pop(0)
                self._inside.add(first)
                first.call()


def refuse_before_its_beginning(race: RaceSummary, at: datetime) -> None:
    """Refuse a moment before the beginning of a race.

    Raises:
        RaceNotFoundError: The race had not begun at `at`.
    """
    if race.first_at is None or at < race.first_at:
        raise RaceNotFoundError(f"The race {race.id} had not begun at {at.isoformat()}.")
