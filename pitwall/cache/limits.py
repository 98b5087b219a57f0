"""Rate limits counted in this process: right for one worker."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from pitwall.domain.limits import LimitPolicy, Standing

MOST_ASKERS = 20_000


@dataclass(slots=True)
class _Window:
    closes_s: float
    taken: int


class MemoryRateLimiter:
    """`RateLimiter` in this process's memory.

    Args:
        now_s: A clock that only goes forward, seconds.
        most: Askers remembered; beyond, who came first is forgotten first.
    """

    def __init__(
        self, now_s: Callable[[], float] = time.monotonic, most: int = MOST_ASKERS
    ) -> None:
        self._now_s = now_s
        self._most = most
        self._windows: OrderedDict[tuple[str, str], _Window] = OrderedDict()

    async def take(self, policy: LimitPolicy, asker: str) -> Standing:
        now_s, key = self._now_s(), (policy.name, asker)
        window = self._windows.get(key)
        if window is None or window.closes_s <= now_s:
            window = _Window(now_s + policy.window_s, 0)
            self._windows[key] = window
            self._windows.move_to_end(key)
            if len(self._windows) > self._most:
                self._windows.popitem(last=False)
        allowed = window.taken < policy.quota
        window.taken += allowed
        return Standing(policy, allowed, policy.quota - window.taken, window.closes_s - now_s)

    async def give_back(self, policy: LimitPolicy, asker: str) -> None:
        window = self._windows.get((policy.name, asker))
        if window is not None and window.taken > 0:
            window.taken -= 1
