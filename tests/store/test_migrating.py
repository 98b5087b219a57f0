"""The migrations: up, down, twice at once, killed in the middle, and equal to the tables."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from pitwall.errors import SettingsError
from pitwall.store import migrating
from pitwall.store.engine import Database, database_url
from pitwall.store.tables import User, metadata


async def tables_of(database: Database) -> set[str]:
    async with database.reading() as connection:
        return set(await connection.run_sync(lambda plain: inspect(plain).get_table_names()))


async def test_the_migrations_make_every_table_and_remove_it_again(
    empty_database: Database,
) -> None:
    await migrating.upgrade(empty_database)
    made = await tables_of(empty_database)
    await migrating.downgrade(empty_database, "base")
    left = await tables_of(empty_database)
    await migrating.upgrade(empty_database)

    assert made == {*metadata.tables, "alembic_version"}
    assert left == {"alembic_version"}
    assert await tables_of(empty_database) == made


@pytest.mark.filterwarnings("ignore:.*expression-based index:UserWarning")
@pytest.mark.filterwarnings("ignore:.*expression-based index:sqlalchemy.exc.SAWarning")
async def test_the_tables_are_what_the_migrations_make(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        # BRIN is PostgreSQL's own, and not in the tables.
        options = {
            "include_object": lambda _object, name, *_rest: name != "car_samples_time",
            "compare_type": True,
        }
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_servers_that_start_together_migrate_once(
    empty_database: Database, store_url: str, tmp_path: Path
) -> None:
    others = [Database(database_url(store_url, tmp_path)) for _ in range(3)]

    await asyncio.gather(*(migrating.upgrade(each) for each in (empty_database, *others)))

    for other in others:
        await other.close()
    assert await tables_of(empty_database) == {*metadata.tables, "alembic_version"}


async def test_a_failed_migration_leaves_nothing_behind(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks_late(connection: Connection, *_rest: object) -> None:
        metadata.create_all(connection)
        message = "killed here"
        raise RuntimeError(message)

    monkeypatch.setattr(migrating, "_run", breaks_late)
    with pytest.raises(RuntimeError, match="killed here"):
        await migrating.upgrade(empty_database)

    assert await tables_of(empty_database) == set()


async def test_an_address_is_one_account_whatever_its_case(database: Database) -> None:
    async with database.session() as session:
        session.add(User(email="Ada@Example.org", password_hash="x"))

    async with database.writing() as connection:
        same = text("SELECT count(*) FROM users WHERE lower(email) = lower('ADA@EXAMPLE.ORG')")
        assert await connection.scalar(same) == 1
    with pytest.raises(Exception, match=r"(?i)unique"):
        async with database.session() as session:
            session.add(User(email="ada@example.ORG", password_hash="y"))


async def test_instants_come_back_aware_and_to_the_microsecond(database: Database) -> None:
    user = User(email="a@b.example", password_hash="x")
    async with database.session() as session:
        session.add(user)

    async with database.session() as session:
        found = await session.get(User, user.id)

    assert found is not None
    assert found.created_at == user.created_at
    assert found.created_at.utcoffset() is not None


def test_an_unknown_database_is_refused_without_repeating_its_password(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="must be sqlite") as refusal:
        database_url("mysql://me:secret@host/name", tmp_path)

    assert "secret" not in str(refusal.value)
