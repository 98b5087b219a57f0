"""How often OpenF1 may be asked: at most so many requests in any ten seconds."""

from __future__ import annotations

import asyncio
from collections import deque

# OpenF1 answers 429 above thirty an address; others of this household may ask as well.
REQUESTS, WINDOW_S = 25, 10.0


class RateLimit:
    """Lets requests pass one by one, and holds them back when there were too many of late."""

    def __init__(self, requests: int = REQUESTS, window_s: float = WINDOW_S) -> None:
        self._requests = requests
        self._window_s = window_s
        self._passed_s: deque[float] = deque(maxlen=requests)
        self._lock = asyncio.Lock()

    async def wait(self) -> None:
        """Return as soon as one more request is within the limit, in order of asking."""
        loop = asyncio.get_running_loop()
        async with self._lock:
            if len(self._passed_s) == self._requests:
                due_s = self._passed_s[0] + self._window_s
                await asyncio.sleep(max(0.0, due_s - loop.time()))
            self._passed_s.append(loop.time())
