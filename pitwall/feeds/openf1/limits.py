"""Keep all requests of a process within OpenF1's limits, those that matter most first.

OpenF1 documents 3 requests a second and 30 a minute for everyone, 6 and 60 with an account. A
request occupies its place in both windows from the moment it is sent until a whole window after
its answer: the server counted it at some instant between, so it can never count too many.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum

SECOND_S, MINUTE_S = 1.0, 60.0
PUBLIC_LIMITS = ((3, SECOND_S), (30, MINUTE_S))
ACCOUNT_LIMITS = ((6, SECOND_S), (60, MINUTE_S))

_LATER_S = 0.02  # the server's clock may be coarser than ours
_LOOK_S = 1.0  # the longest sleep between two looks, as a request of more worth may have left
_IN_FLIGHT_S = 0.05
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 2.0, 60.0
# Others may use the same address: after a refusal within our own count we take a smaller share.
_LESS, _LEAST, _MORE = 0.75, 0.25, 1.1


class Worth(IntEnum):
    """What a request is for; the lowest value goes first."""

    TOKEN = 0
    PICTURE = 1
    """What the first picture needs."""
    LIVE = 2
    """What changes while a session runs."""
    DETAIL = 3
    """The rest of a session, without telemetry."""
    TELEMETRY = 4


@dataclass(slots=True)
class _SlidingLimit:
    """One limit: how many requests in how many seconds."""

    requests: int
    length_s: float
    free_at_s: deque[float] = field(default_factory=deque)

    def next_free_s(self, now_s: float, in_flight: int, most: int) -> float:
        """Return when a place is free; infinity while only answers can free one."""
        while self.free_at_s and self.free_at_s[0] <= now_s:
            self.free_at_s.popleft()
        too_many = len(self.free_at_s) + in_flight - most + 1
        if too_many <= 0:
            return now_s
        if too_many <= len(self.free_at_s):
            return self.free_at_s[too_many - 1]
        return float("inf")


class RequestBudget:
    """The requests that may be sent now, shared by every client of a process.

    Clients may run in event loops of several threads.

    Args:
        limits: Pairs of a number of requests and a window in seconds.

    Attributes:
        refusals: How often the server answered 429.
    """

    def __init__(self, limits: tuple[tuple[int, float], ...] = PUBLIC_LIMITS) -> None:
        self.refusals = 0
        self._windows = [_SlidingLimit(requests, length_s) for requests, length_s in limits]
        self._waiting: list[tuple[Worth, int]] = []
        self._turns = itertools.count()
        self._lock = threading.Lock()
        self._in_flight = 0
        self._paused_until_s = self._seen_s = self._changed_s = 0.0
        self._in_a_row = 0
        self._share = 1.0

    @property
    def per_minute(self) -> int:
        """How many requests a minute may be sent now: the limit, or the share learnt from 429."""
        return min(self._most(w) for w in self._windows if w.length_s >= MINUTE_S)

    def paused_s(self, now_s: float) -> float:
        """Return for how many seconds the server wants no request; 0 when it takes some."""
        return max(0.0, self._paused_until_s - now_s)

    @asynccontextmanager
    async def request(self, worth: Worth) -> AsyncIterator[None]:
        """Wait for a place, and occupy it while the request is under way."""
        loop = asyncio.get_running_loop()
        turn = (worth, next(self._turns))
        with self._lock:
            self._waiting.append(turn)
        try:
            while (wait_s := self._try(turn, loop.time())) > 0:  # noqa: ASYNC110  time frees it
                await asyncio.sleep(wait_s)
        except BaseException:
            with self._lock:
                self._waiting.remove(turn)
            raise
        try:
            yield
        finally:
            self._answered(loop.time())

    def refused(self, now_s: float, retry_after_s: float | None) -> None:
        """Note a 429: send nothing for the time asked for, and fewer requests afterwards."""
        with self._lock:
            self.refusals += 1
            pause_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0**self._in_a_row)
            self._paused_until_s = max(
                self._paused_until_s, now_s + (pause_s if retry_after_s is None else retry_after_s)
            )
            self._in_a_row = min(self._in_a_row + 1, 10)
            # Requests sent together are refused together: that is one lesson.
            if now_s - self._changed_s > SECOND_S or self._changed_s == 0.0:
                self._share = max(_LEAST, self._share * _LESS)
                self._changed_s = now_s

    def accepted(self, now_s: float) -> None:
        """Note an answer; after a minute without a refusal the share grows again."""
        with self._lock:
            self._in_a_row = 0
            if self._share < 1.0 and now_s - self._changed_s > MINUTE_S:
                self._share = min(1.0, self._share * _MORE)
                self._changed_s = now_s

    def _most(self, window: _SlidingLimit, worth: Worth = Worth.TOKEN) -> int:
        most = max(1, int(window.requests * self._share))
        if worth is Worth.TELEMETRY and window.length_s >= MINUTE_S:
            most -= most // 5  # what cannot wait a minute finds a place
        return most

    def _try(self, turn: tuple[Worth, int], now_s: float) -> float:
        """Take a place and return 0, or return how long to sleep before the next try."""
        with self._lock:
            if now_s < self._seen_s - MINUTE_S:  # another clock
                for window in self._windows:
                    window.free_at_s.clear()
                self._paused_until_s = self._changed_s = 0.0
            self._seen_s = now_s
            first = min(self._waiting)
            free_s = max(
                self._paused_until_s,
                *(
                    w.next_free_s(now_s, self._in_flight, self._most(w, first[0]))
                    for w in self._windows
                ),
            )
            if free_s <= now_s and turn == first:
                self._waiting.remove(turn)
                self._in_flight += 1
                return 0.0
        if free_s == float("inf"):
            return _IN_FLIGHT_S
        return min(_LOOK_S, max(_LATER_S, free_s - now_s))

    def _answered(self, now_s: float) -> None:
        with self._lock:
            self._in_flight -= 1
            for window in self._windows:
                window.free_at_s.append(now_s + window.length_s + _LATER_S)
