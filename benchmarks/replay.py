"""Measure how soon a replay shows another moment, the cost of ten viewers, and repeated fetches.

The races are a simulated one and, if the recordings are there, one of the timing archive, each
with car telemetry, from SQLite and from an installed PostgreSQL. Moments are drawn evenly from
lights out to the flag; each is the first visit to its part of the race unless another draw came
near.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from pitwall.domain.stored_races import RaceSummary
from pitwall.domain.timeline import Timeline
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.feeds.timing import TimingFeed, folder_beside
from pitwall.ports.feeds import RecordedFeed
from pitwall.ports.replays import ReplayPace, ReplayView
from pitwall.prediction.predictor import MixturePredictor
from pitwall.recording.import_race import import_race
from pitwall.replay.service import ReplayService
from pitwall.replay.source import shortcuts
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from tests.servers.postgres import find_binaries, running_server

SEEKS = 60
VIEWERS = 10
DUTCH = "2025-dutch-grand-prix-race"


def main() -> None:
    """Print a table for each database."""
    out("\nReplay: wall time from a wish to its frame\n")
    predictor = MixturePredictor.load()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/benchmark.db"
        asyncio.run(_measure("SQLite", url, predictor))
    binaries = find_binaries()
    if binaries is None:
        out("PostgreSQL: not installed\n")
        return
    with running_server(binaries) as server:
        asyncio.run(_measure("PostgreSQL", server.new_database(), predictor))


async def _measure(name: str, url: str, predictor: MixturePredictor) -> None:
    database = Database(database_url(url, Path()))
    await migrations.upgrade(database)
    for feed in _feeds():
        began_s = time.perf_counter()
        came = await import_race(feed, SqlRaceWriter(database), predictor)
        took_s = time.perf_counter() - began_s
        race = await SqlRaceReader(database).race(came.race_id)
        out(f"{name}, {race.id}: {race.messages:,} messages, kept in {took_s:.0f} s\n")
        await _measure_race(SqlRaceReader(database), race, predictor)
    await database.close()


async def _measure_race(
    reader: SqlRaceReader, race: RaceSummary, predictor: MixturePredictor
) -> None:
    service = ReplayService(reader, predictor, shortcuts(predictor))
    began_s = time.perf_counter()
    line = await service.timeline(race)
    counted_s = time.perf_counter() - began_s
    began_s = time.perf_counter()
    viewing = await service.open(race)
    out(f"  opened in {time.perf_counter() - began_s:.2f} s, timeline in {counted_s:.2f} s\n")
    await viewing.frame(_moments(line, 1, seed=0)[0], ReplayPace())  # what the model makes once
    moments = _moments(line, SEEKS, seed=1)
    began_cpu_s = time.process_time()
    took_ms = await _seek(viewing, moments)
    cpu_ms = 1000 * (time.process_time() - began_cpu_s) / SEEKS
    out(f"  {_told(took_ms)}, {SEEKS} moments; {cpu_ms:.0f} ms of the processor each\n")
    fetched = service.segment_cache.fetched
    held_mb = service.segment_cache.size / 1e6
    await _seek(viewing, moments[-10:])
    out(
        f"  {fetched} stretches fetched; the last ten moments again: "
        f"{service.segment_cache.fetched - fetched}; {held_mb:.0f} MB held by their own reckoning\n"
    )
    before_mb = _resident_mb()
    viewers = [await service.open(race) for _ in range(VIEWERS)]
    for place, one in enumerate(viewers):
        await _seek(one, _moments(line, 12, seed=10 + place))
    middle_mb = _resident_mb()
    for place, one in enumerate(viewers):
        await _seek(one, _moments(line, 12, seed=30 + place))
    out(
        f"  resident: {before_mb:.0f} MB with one viewer, {middle_mb:.0f} MB with {VIEWERS} more "
        f"after 120 seeks, {_resident_mb():.0f} MB after 240\n"
    )
    together = [_moments(line, 4, seed=50 + place) for place in range(VIEWERS)]
    took = await asyncio.gather(
        *[_seek(one, mine) for one, mine in zip(viewers, together, strict=True)]
    )
    out(f"  {VIEWERS} viewers at once: {_told([ms for mine in took for ms in mine])}\n")


async def _seek(viewing: ReplayView, moments: Sequence[datetime]) -> list[float]:
    took_ms = []
    for moment in moments:
        began_s = time.perf_counter()
        await viewing.frame(moment, ReplayPace(paused=True))
        took_ms.append(1000 * (time.perf_counter() - began_s))
    return took_ms


def _moments(line: Timeline, many: int, seed: int) -> list[datetime]:
    rng = random.Random(seed)  # noqa: S311  the same moments each time
    begins = line.started or line.begins
    span_s = (line.ends - begins).total_seconds()
    return [begins + timedelta(seconds=rng.uniform(0, span_s)) for _ in range(many)]


def _told(took_ms: Sequence[float]) -> str:
    ordered = sorted(took_ms)
    middle, most = ordered[len(ordered) // 2], ordered[int(0.95 * len(ordered))]
    return f"median {middle:.0f} ms, p95 {most:.0f} ms, longest {ordered[-1]:.0f} ms"


def _feeds() -> list[RecordedFeed]:
    shared = Path(os.environ.get("PITWALL_SHARED", "../shared")) / "data" / "timing"
    feeds: list[RecordedFeed] = [SimulatedFeed(7)]
    if shared.is_dir():
        feeds.append(TimingFeed(shared, DUTCH, folder_beside(shared)))
    else:
        out(f"no recordings at {shared}; set PITWALL_SHARED\n")
    return feeds


def _resident_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1e3
    return float("nan")


def out(line: str) -> None:
    """Print at once, as measuring takes its time."""
    sys.stdout.write(line)
    sys.stdout.flush()
