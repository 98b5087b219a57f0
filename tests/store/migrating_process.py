"""Run a process that migrates and stops half-way: `python -m tests.store.migrating_process URL`.

It says `middle` when every statement of the migration has run and nothing is committed, and
waits there to be killed.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from sqlalchemy import Connection

from pitwall.store import migrations
from pitwall.store.database import Database, database_url

_run = migrations._run


def stop_in_the_middle(connection: Connection, revision: str, up: bool) -> None:
    """Do the work, and never return to commit it."""
    _run(connection, revision, up)
    sys.stdout.write("middle\n")
    sys.stdout.flush()
    time.sleep(600)


if __name__ == "__main__":
    migrations._run = stop_in_the_middle
    asyncio.run(migrations.upgrade(Database(database_url(sys.argv[1], Path()))))
