"""`python -m pitwall db`: bring the database up to this release, or take it back."""

from __future__ import annotations

import argparse
from typing import Any

from pitwall.app import database as app_database
from pitwall.app.settings import load
from pitwall.store import migrations


def add_to(commands: Any) -> None:  # noqa: ANN401  argparse gives its sub-parsers no public type
    """Add the command's parser."""
    parser = commands.add_parser("db", help="migrate the database to this release, or back")
    parser.add_argument("direction", choices=["upgrade", "downgrade"])
    parser.add_argument("revision", nargs="?", help="default: head; required for downgrade")
    parser.set_defaults(run=run)


async def run(chosen: argparse.Namespace) -> int:
    """Migrate the database, and print its revision.

    Raises:
        StoreError: The database cannot be reached.
    """
    if chosen.direction == "downgrade" and chosen.revision is None:
        print("name the revision to downgrade to; `base` removes everything")
        return 2
    revision = chosen.revision or "head"
    database = app_database.open_database(load())
    try:
        if chosen.direction == "upgrade":
            await migrations.upgrade(database, revision)
        else:
            await migrations.downgrade(database, revision)
    finally:
        await database.close()
    print(f"the database is at {revision}")
    return 0
