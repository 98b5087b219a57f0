"""Run a process that records onto a disk that fills up and later has room again.

`python -m tests.store.full_disk_process FILE N` plays the first N messages of the simulated race
5. After a third of them no file may grow any more, as on a full disk, after two thirds they may
again. It prints one line after each write: messages taken, the recorder's status and why.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from itertools import islice
from pathlib import Path

from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.recording.race_recorder import Recorder
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.race_writer import SqlRaceWriter

AT_ONCE = 30


def give_room(size: int) -> None:
    """Let no file grow beyond a size in bytes; Python ignores the signal and sees the error."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))


async def record(file: Path, count: int) -> None:
    """Record and report after each write, until the last message."""
    database = Database(database_url(f"sqlite:///{file}", Path()))
    await migrations.upgrade(database)
    feed = SimulatedFeed(5)
    recorder = Recorder(SqlRaceWriter(database), "test-model")
    recording = recorder.watch(feed)
    engine = RaceEngine(None, observer=recording.collector)
    for taken, message in enumerate(islice(feed.messages(), count), 1):
        engine.take(message)
        if taken == count // 3:
            give_room(4_096)
        if taken == count * 2 // 3:
            give_room(resource.RLIM_INFINITY)
        if taken % AT_ONCE == 0 or taken == count:
            if taken == count:
                recording.end("finished")
            await recorder.flush()
            said = f"{taken}|{recorder.state.status}|{recorder.state.reason}"
            sys.stdout.write(f"{said}|{recorder.state.dropped}\n")
    await database.close()


if __name__ == "__main__":
    asyncio.run(record(Path(sys.argv[1]), int(sys.argv[2])))
