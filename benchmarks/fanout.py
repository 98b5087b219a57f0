"""Measure what Redis between workers costs: CPU and delay, against one worker in memory.

There are two figures: how long a frame takes from its publisher to a reader in the same worker, and
in another worker through a real Redis; and how much CPU 100 tabs cost with one worker, and with two
workers that share a Redis (its CPU is counted separately). `redis-server` has to be on the path.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.tabs import cpu_s, free_port, measure, serving
from pitwall.cache.memory import MemoryLiveCache
from pitwall.cache.redis import RedisLiveCache
from pitwall.cache.redis_client import connect
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame
from pitwall.engine.playback import Playback
from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.ports.cache import LiveCache

TABS = 100
FRAMES = 200
PAUSE_S = 0.02


def main() -> None:
    """Print delay and CPU, in memory and through Redis."""
    program = shutil.which("redis-server")
    if program is None or not Path("/proc/self/stat").exists():
        sys.stdout.write("\nSharing through Redis: needs redis-server and /proc, skipped\n")
        return
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        words = ["--port", str(port), "--save", "", "--dir", folder, "--bind", "127.0.0.1"]
        redis = subprocess.Popen([program, *words], stdout=subprocess.DEVNULL)
        try:
            url = f"redis://127.0.0.1:{port}/0"
            asyncio.run(_delays(url))
            _tabs("one worker, in memory", {}, None)
            shared = {"PITWALL_REDIS_URL": url, "PITWALL_WORKERS": "2"}
            _tabs("two workers, Redis", shared, redis.pid)
        finally:
            redis.terminate()
            redis.wait(timeout=10)


async def _delays(url: str) -> None:
    sys.stdout.write("\nA frame from publisher to reader, milliseconds, median and p99\n")
    here, there = connect(url), connect(url)
    memory = MemoryLiveCache()
    rows: list[tuple[str, LiveCache, LiveCache]] = [
        ("in memory", memory, memory),
        ("Redis, another worker", RedisLiveCache(here), RedisLiveCache(there)),
    ]
    frame = _race_frame()
    for name, writer, reader in rows:
        delays_ms = sorted(await _delays_ms(frame, writer, reader))
        median_ms, high_ms = statistics.median(delays_ms), delays_ms[int(len(delays_ms) * 0.99)]
        sys.stdout.write(f"  {name:24s} {median_ms:6.2f}  {high_ms:6.2f}\n")
    await here.aclose()
    await there.aclose()


async def _delays_ms(frame: LiveFrame, writer: LiveCache, reader: LiveCache) -> list[float]:
    sent_s: dict[int, float] = {}
    delays_ms: list[float] = []

    async def read() -> None:
        async for got in reader.frames():
            delays_ms.append(1000 * (time.perf_counter() - sent_s[got.sequence]))  # noqa: PERF401

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.2)
    for sequence in range(1, FRAMES + 1):
        sent_s[sequence] = time.perf_counter()
        await writer.publish(replace(frame, sequence=sequence))
        await asyncio.sleep(PAUSE_S)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    return delays_ms


def _race_frame() -> LiveFrame:
    """Return the frame of a simulated race on lap 5, of 22 cars."""
    playback = Playback(SimulatedFeed(7), RaceEngine(None))
    playback.advance_to(lambda state: state.race.lap >= 5)
    view = FeedView("simulated", "simulated:7", FeedState.FLOWING)
    now = playback.state.grid_at
    return build_frame(playback.state, view, Stamp(1, now, 0.1), "benchmark")


def _tabs(name: str, settings: dict[str, str], redis_pid: int | None) -> None:
    with serving(settings) as (port, pid):
        before_s, began_s = (cpu_s(redis_pid) if redis_pid else 0.0), time.monotonic()
        share, messages, _size = asyncio.run(measure(port, pid, TABS))
        redis_s = (cpu_s(redis_pid) if redis_pid else 0.0) - before_s
        redis = f"  Redis {redis_s / (time.monotonic() - began_s):.1%}" if redis_pid else ""
        sys.stdout.write(
            f"  {TABS} tabs, {name:24s} {share:6.1%} of a core, {messages} messages{redis}\n"
        )
