"""Define fixtures of databases; `tests/conftest.py` offers them to every test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from tests.servers.postgres import PostgresServer, find_binaries, running_server
from tests.servers.requirement import missing


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Run one PostgreSQL for all tests; skipped where no server is installed."""
    binaries = find_binaries()
    if binaries is None:
        missing("no PostgreSQL server is installed (Debian: postgresql)")
    with running_server(binaries) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give the address of an empty PostgreSQL database of this test's own."""
    url = postgres_server.new_database()
    yield url
    postgres_server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'pitwall.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def empty_database(store_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """Open a database without tables, of each kind in turn."""
    database = Database(database_url(store_url, tmp_path))
    yield database
    await database.close()


@pytest.fixture
async def database(empty_database: Database) -> Database:
    """Open a database at the newest migration, of each kind in turn."""
    await migrations.upgrade(empty_database)
    return empty_database
