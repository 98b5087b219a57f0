"""Run small workers of one server, which lead when they may and note what their readers see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pitwall.cache.backend import Backend, in_redis
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.engine.clock import wall_now
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame
from pitwall.engine.race_engine import EngineState
from pitwall.live.leading import lead

EVERY_S = 0.05


@dataclass
class Worker:
    """One worker, which publishes twenty frames a second while it leads.

    Attributes:
        seen: What its readers were shown, oldest first.
        longest_s: The longest that publishing one frame took.
    """

    name: str
    backend: Backend
    seen: list[LiveFrame] = field(default_factory=list)
    longest_s: float = 0.0
    leads: bool = False

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.backend.keep_up())
            tasks.create_task(lead(self.backend.lease, self._publish))
            tasks.create_task(self._read())

    async def _publish(self) -> None:
        self.leads = True
        try:
            newest = await self.backend.live.latest()
            sequence = newest.sequence if newest else 0
            while True:
                sequence += 1
                view = FeedView("recorded", self.name, FeedState.FLOWING)
                frame = build_frame(EngineState(), view, Stamp(sequence, wall_now(), None), "")
                began_s = asyncio.get_running_loop().time()
                await self.backend.live.publish(frame)
                took_s = asyncio.get_running_loop().time() - began_s
                self.longest_s = max(self.longest_s, took_s)
                await asyncio.sleep(EVERY_S)
        finally:
            self.leads = False

    async def _read(self) -> None:
        async for frame in self.backend.live.frames():
            self.seen.append(frame)

    def newest_from(self) -> str:
        """Return the name of the worker whose frame is on screen here; "" before the first."""
        return self.seen[-1].header.feed if self.seen else ""


@asynccontextmanager
async def working(url: str, *folders: Path) -> AsyncIterator[list[Worker]]:
    """Run a worker for each folder; those of one server share theirs."""
    workers = [
        Worker(f"worker {number}", in_redis(url, folder))
        for number, folder in enumerate(folders, start=1)
    ]
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield workers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for worker in workers:
            if worker.backend.redis is not None:
                await worker.backend.redis.aclose()


async def until(true: Callable[[], bool], within_s: float = 15.0) -> float:
    """Wait until something is true and return the seconds that it took."""
    began_s = asyncio.get_running_loop().time()
    async with asyncio.timeout(within_s):
        while True:
            if true():
                return asyncio.get_running_loop().time() - began_s
            await asyncio.sleep(0.02)
