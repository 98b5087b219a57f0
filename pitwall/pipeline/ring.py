"""The frames of the last minutes, for visitors whose television runs late."""

from __future__ import annotations

import bisect
from collections import deque
from datetime import datetime, timedelta

from pitwall.domain.frames import LiveFrame
from pitwall.pipeline.clock import wall_now
from pitwall.ports import LiveCache

LONGEST_DELAY_S = 300.0


class FrameRing:
    """The frames of the last `longest_s`, for readers who watch with a delay of their own.

    Five minutes at 4 Hz are 1,200 frames. Neighbours share their histories, texts and numbers.
    """

    def __init__(self, longest_s: float = LONGEST_DELAY_S) -> None:
        self._kept_for = timedelta(seconds=longest_s)
        self._frames: deque[LiveFrame] = deque()

    def add(self, frame: LiveFrame) -> None:
        """Keep `frame`, and forget those that no delay can reach any more.

        What was published later than `frame` is forgotten too: a clock was set back.
        """
        while self._frames and self._frames[-1].published_at >= frame.published_at:
            self._frames.pop()
        self._frames.append(frame)
        oldest = frame.published_at - self._kept_for
        # One frame older than the limit stays: it is what the longest delay shows.
        while len(self._frames) > 1 and self._frames[1].published_at <= oldest:
            self._frames.popleft()

    async def fill(self, live: LiveCache) -> None:
        """Keep every frame that `live` shows, until cancelled: the task of each worker."""
        async for frame in live.frames():
            self.add(frame)

    def at(self, delay_s: float, now: datetime | None = None) -> LiveFrame | None:
        """Return the newest frame published at least `delay_s` ago; None when there is none."""
        moment = (now or wall_now()) - timedelta(seconds=delay_s)
        index = bisect.bisect_right(self._frames, moment, key=lambda frame: frame.published_at)
        return self._frames[index - 1] if index else None
