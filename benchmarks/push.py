"""Measure the stream of events with 2,000 readers, and `/live-battles` from encoded bytes.

The readers are raw sockets in a process of their own; the server is another, with the simulated
race. A frame is lost to a reader when its number is missing among those it read, though a frame
was published. The delay is from publication, by the time in a frame, to the reader's socket.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import orjson

from benchmarks.tabs import cpu_s, serving
from pitwall.api.live import EncodedAnswers
from pitwall.api.live_schemas import BattlesOut
from pitwall.domain.frames import FeedState
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame
from pitwall.engine.playback import Playback
from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.prediction.predictor import MixturePredictor

READERS = (100, 500, 1_000, 2_000)
SPAN_S = 20.0
_FRAME = re.compile(rb'"sequence":(\d+).*?"published_at":"([^"]+)"')


def main() -> None:
    """Print a row for each number of readers, and the cost of an answer."""
    _answers()
    sys.stdout.write(f"\nReaders of the stream, {SPAN_S:.0f} s each\n")
    if not Path("/proc/self/stat").exists():
        sys.stdout.write("  this benchmark reads /proc, which this system does not have\n")
        return
    with serving() as (port, pid):
        for readers in READERS:
            _row(port, pid, readers)


def _row(port: int, pid: int, readers: int) -> None:
    here, there = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_read_all, args=(there, port, readers))
    process.start()
    here.recv()  # all are connected
    began_s, began_cpu_s = time.monotonic(), cpu_s(pid)
    delays_ms, lost, frames, size = here.recv()
    share = (cpu_s(pid) - began_cpu_s) / (time.monotonic() - began_s)
    process.join()
    sys.stdout.write(
        f"  {readers:5d} readers  {share:6.1%} of a core  {frames} frames of {size:,.0f} B each, "
        f"{lost} lost  delay median {delays_ms[len(delays_ms) // 2]:.0f} ms, "
        f"p99 {delays_ms[int(len(delays_ms) * 0.99)]:.0f} ms\n"
    )


def _read_all(there: Connection, port: int, readers: int) -> None:
    there.send(asyncio.run(_reading(there, port, readers)))


async def _reading(
    there: Connection, port: int, readers: int
) -> tuple[list[float], int, int, float]:
    delays_ms: list[float] = []
    seen: list[list[int]] = [[] for _ in range(readers)]
    sizes: list[int] = []
    counts = asyncio.Event()
    tasks = []
    for place in range(readers):
        tasks.append(asyncio.create_task(_one(port, seen[place], delays_ms, sizes, counts)))
        if place % 50 == 0:
            await asyncio.sleep(0.05)
    await asyncio.sleep(3)
    there.send("connected")
    counts.set()
    await asyncio.sleep(SPAN_S)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    first = max(numbers[0] for numbers in seen if numbers)
    last = min(numbers[-1] for numbers in seen if numbers)
    expected = set(range(first, last + 1))
    lost = sum(len(expected - set(numbers)) for numbers in seen)
    return sorted(delays_ms), lost, len(expected), sum(sizes) / max(1, len(sizes))


async def _one(
    port: int, seen: list[int], delays_ms: list[float], sizes: list[int], counts: asyncio.Event
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    writer.write(b"GET /live-battles/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    try:
        while line := await reader.readline():
            if not line.startswith(b'data: {"source"') or not counts.is_set():
                continue
            found = _FRAME.search(line)
            if found is None:
                continue
            seen.append(int(found[1]))
            if len(seen) % 10 == 1:  # enough for a percentile
                published = datetime.fromisoformat(found[2].decode())
                delays_ms.append(1000 * (time.time() - published.timestamp()))
                sizes.append(len(line))
    finally:
        writer.close()


def _answers() -> None:
    """Print how many answers a second one core gives, made for each request or kept."""
    playback = Playback(SimulatedFeed(7), RaceEngine(MixturePredictor.load()))
    playback.advance_to(lambda state: state.race.lap >= 5 and len(state.battles) > 5)
    view = FeedView("simulated", "simulated:7", FeedState.FLOWING)
    frame = build_frame(playback.state, view, Stamp(1, datetime.now().astimezone(), 0.1), "bench")
    kept = EncodedAnswers()

    def make() -> bytes:
        return BattlesOut.of(frame, 2.0, 0.0).model_dump_json().encode()

    def rate(answer: object, seconds: float = 2.0) -> float:
        done, began_s = 0, time.perf_counter()
        while time.perf_counter() - began_s < seconds:
            for _ in range(10):
                answer()  # type: ignore[operator]  # one of the two below
            done += 10
        return done / (time.perf_counter() - began_s)

    made, held = rate(make), rate(lambda: kept.get(frame, "tag", make))
    sys.stdout.write(
        f"\n/live-battles of {len(orjson.loads(make())['battles'])} battles, answers a second\n"
        f"  made for each request {made:,.0f}, kept {held:,.0f}: {held / made:,.0f} times\n"
    )
