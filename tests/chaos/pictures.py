"""Publish on virtual time, into caches that remember what was published."""

from __future__ import annotations

from itertools import pairwise

from pitwall.cache.memory import MemoryLiveCache
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.live.publishing import Publisher
from pitwall.ports.cache import LiveCache
from tests.chaos.virtual_time import VirtualTimeLoop


def a_publisher(loop: VirtualTimeLoop, cache: LiveCache | None = None) -> Publisher:
    """Return a publisher whose clocks are the loop's."""
    kept = cache or MemoryLiveCache()
    return Publisher(kept, "", now=loop.now, monotonic=loop.time)


class FrameLog(MemoryLiveCache):
    """Keeps every frame published."""

    def __init__(self) -> None:
        super().__init__()
        self.frames_kept: list[LiveFrame] = []

    async def publish(self, frame: LiveFrame) -> None:
        self.frames_kept.append(frame)
        await super().publish(frame)

    @property
    def states(self) -> list[FeedState]:
        """Each state in turn, repeats left out."""
        states = [frame.header.feed_state for frame in self.frames_kept]
        return [s for index, s in enumerate(states) if index == 0 or states[index - 1] is not s]

    @property
    def longest_silence_s(self) -> float:
        """The longest time between two frames."""
        moments = [frame.published_at for frame in self.frames_kept]
        gaps = (later - earlier for earlier, later in pairwise(moments))
        return max((gap.total_seconds() for gap in gaps), default=0.0)
