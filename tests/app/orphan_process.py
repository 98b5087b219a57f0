"""Spawn a worker that ignores SIGTERM, as a supervisor would, and wait to be killed."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from pathlib import Path

from pitwall.app.orphan_watch import end_without_supervisor
from pitwall.store.database import database_url
from pitwall.store.single_writer import hold_as_worker


def work(data: str, within_s: float) -> None:
    """Hold a worker's lock, say so, and never end by oneself."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end_without_supervisor(within_s)
    held = hold_as_worker(database_url(None, Path(data)))
    sys.stdout.write("works\n")
    sys.stdout.flush()
    time.sleep(600)
    assert held is not None


if __name__ == "__main__":
    worker = multiprocessing.get_context("spawn").Process(
        target=work, args=(sys.argv[1], float(sys.argv[2]))
    )
    worker.start()
    worker.join()
