"""Run a process that records a race until it is killed.

`python -m tests.store.recording_process URL N` plays the first N messages of the simulated
race 5, fifty messages at a time, as fast as they can be written, and says on its output how
many are kept.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import islice
from pathlib import Path

from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.recording.race_recorder import Recorder
from pitwall.store.database import Database, database_url
from pitwall.store.race_writer import SqlRaceWriter
from tests.store.races import PREDICTOR

AT_ONCE = 50


async def record(url: str, count: int) -> None:
    """Record and report after each write, until the last message."""
    feed = SimulatedFeed(5)
    recorder = Recorder(SqlRaceWriter(Database(database_url(url, Path()))), "test-model")
    recording = recorder.watch(feed)
    engine = RaceEngine(PREDICTOR, observer=recording.collector)
    for taken, message in enumerate(islice(feed.messages(), count), 1):
        engine.take(message)
        if taken % AT_ONCE == 0:
            await recorder.flush()
            sys.stdout.write(f"{taken}\n")
            sys.stdout.flush()
    recording.end("finished")
    await recorder.flush()
    sys.stdout.write(f"state {recorder.state.status}\n")


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1], int(sys.argv[2])))
