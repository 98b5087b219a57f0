"""Serve stored races in a process to be killed: `python -m tests.api.exporting_process URL PORT`.

It prints an API key; accounts are in memory, races in the database at the URL.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from granian.constants import Interfaces
from granian.server.embed import Server

from pitwall import services
from pitwall.accounts.keys import ApiKeys
from pitwall.api.app import build_api
from pitwall.api.protection.stack import Protection, protected
from pitwall.domain.accounts import Account, Role
from pitwall.store.database import Database, database_url
from pitwall.store.race_exporter import SqlRaceExporter
from pitwall.store.race_reader import SqlRaceReader
from tests.api.conftest import PASSWORD, House


async def serve(url: str, port: int) -> None:
    """Serve until killed."""
    house = House()
    database = Database(database_url(url, Path()))
    services.install(
        replace(
            house.services, stored_races=SqlRaceReader(database), exports=SqlRaceExporter(database)
        )
    )
    user = await house.accounts.create("ada@example.org", PASSWORD, is_owner=False)
    account = Account(user.id, user.email, Role.USER, uuid4())
    _, key = await ApiKeys(house.store).create(account, "script")
    app = protected(build_api(), Protection())
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI)
    sys.stdout.write(f"{key}\n")
    sys.stdout.flush()
    await server.serve()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
