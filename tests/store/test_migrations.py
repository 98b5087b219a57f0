"""Test the migrations: up, down, two at once, one killed half-way, and equal to the tables."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from pitwall.domain.records import Batch, PredictionRecord
from pitwall.domain.stored_races import HistoryTable, Selection
from pitwall.errors import RaceNotFoundError, SettingsError
from pitwall.recording import record_rows
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.store.tables import UserRow, metadata
from tests.store.races import LIGHTS_OUT, SMALL, keep_small, small_batch


async def tables_of(database: Database) -> set[str]:
    async with database.reading() as connection:
        return set(await connection.run_sync(lambda plain: inspect(plain).get_table_names()))


def kill_in_the_middle(url: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.migrating_process", url],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "middle\n"
    process.kill()
    process.wait()
    process.stdout.close()


async def test_the_migrations_make_every_table_and_remove_it_again(
    empty_database: Database,
) -> None:
    await migrations.upgrade(empty_database)
    made = await tables_of(empty_database)
    await migrations.downgrade(empty_database, "base")
    left = await tables_of(empty_database)
    await migrations.upgrade(empty_database)

    assert made == {*metadata.tables, "alembic_version"}
    assert left == {"alembic_version"}
    assert await tables_of(empty_database) == made


@pytest.mark.filterwarnings("ignore:.*expression-based index:UserWarning")
@pytest.mark.filterwarnings("ignore:.*expression-based index:sqlalchemy.exc.SAWarning")
async def test_the_tables_are_what_the_migrations_make(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        # On PostgreSQL in place of the primary key: see the migration.
        options = {
            "include_object": lambda _object, name, *_rest: name != "car_samples_time",
            "compare_type": True,
        }
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_data_stays_in_place_over_up_down_and_up(database: Database) -> None:
    """Down removes the tables and what is in them; up finds nothing in the way."""
    async with database.session() as session:
        session.add(UserRow(email="ada@example.org", password_hash="x"))
    told = await keep_small(database)
    await migrations.upgrade(database)  # again, with data: nothing happens
    race = await SqlRaceReader(database).race(SMALL.race_id)
    assert race.messages == len(told.messages)

    await migrations.downgrade(database, "base")
    await migrations.upgrade(database)

    with pytest.raises(RaceNotFoundError):
        await SqlRaceReader(database).race(SMALL.race_id)
    await keep_small(database)
    assert (await SqlRaceReader(database).race(SMALL.race_id)).messages == len(told.messages)


@pytest.mark.slow
async def test_killed_in_the_middle_it_leaves_the_database_as_it_was(
    empty_database: Database, store_url: str
) -> None:
    await asyncio.to_thread(kill_in_the_middle, store_url)

    assert await tables_of(empty_database) == set()
    await migrations.upgrade(empty_database)
    assert await tables_of(empty_database) == {*metadata.tables, "alembic_version"}


async def test_servers_that_start_together_migrate_once(
    empty_database: Database, store_url: str, tmp_path: Path
) -> None:
    others = [Database(database_url(store_url, tmp_path)) for _ in range(3)]

    await asyncio.gather(*(migrations.upgrade(each) for each in (empty_database, *others)))

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

    monkeypatch.setattr(migrations, "_run", breaks_late)
    with pytest.raises(RuntimeError, match="killed here"):
        await migrations.upgrade(empty_database)

    assert await tables_of(empty_database) == set()


async def test_an_address_is_one_account_whatever_its_case(database: Database) -> None:
    async with database.session() as session:
        session.add(UserRow(email="Ada@Example.org", password_hash="x"))

    async with database.writing() as connection:
        same = text("SELECT count(*) FROM users WHERE lower(email) = lower('ADA@EXAMPLE.ORG')")
        assert await connection.scalar(same) == 1
    with pytest.raises(Exception, match=r"(?i)unique"):
        async with database.session() as session:
            session.add(UserRow(email="ada@example.ORG", password_hash="y"))


async def test_instants_come_back_aware_and_to_the_microsecond(database: Database) -> None:
    user = UserRow(email="a@b.example", password_hash="x")
    async with database.session() as session:
        session.add(user)

    async with database.session() as session:
        found = await session.get(UserRow, user.id)

    assert found is not None
    assert found.created_at == user.created_at
    assert found.created_at.utcoffset() is not None


def test_an_unknown_database_is_refused_without_repeating_its_password(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="must be sqlite") as refusal:
        database_url("mysql://me:secret@host/name", tmp_path)

    assert "secret" not in str(refusal.value)


def _weighed() -> Batch:
    """Return the small race with weights that follow from contributions, and all other kinds."""
    batch = small_batch()
    shares = {"w_om": 0.1 / (0.1 + 0.2 + 0.7), "w_boost": 0.2 / (0.1 + 0.2 + 0.7)}
    shares["w_aero"] = 0.7 / (0.1 + 0.2 + 0.7)
    moved = {"c_base": -1.5, "c_om": 0.1, "c_boost": -0.2, "c_aero": 0.7}
    kinds: list[dict[str, Any]] = [
        {},
        shares,  # of an earlier release
        shares | moved,
        shares | moved | {"w_om": math.nextafter(shares["w_om"], 1)},
        moved,
        dict.fromkeys(shares, 1 / 3) | dict.fromkeys(moved, 0.0),
        shares | moved | {"c_aero": None},
        {"outcome": "held", "settled_at": LIGHTS_OUT, "condition": "wet", "p_kept": 1 / 3},
    ]
    for (key, row), values in zip(batch.predictions.items(), cycle(kinds), strict=False):
        batch.predictions[key] = row._replace(**values)
    return batch


async def _predictions(database: Database) -> list[tuple[Any, ...]]:
    query = text("SELECT * FROM predictions ORDER BY id")
    async with database.reading() as connection:
        return [tuple(row) for row in await connection.execute(query)]


async def test_forecasts_are_the_same_to_the_last_bit_before_and_after_they_are_compact(
    database: Database,
) -> None:
    writer, batch = SqlRaceWriter(database), _weighed()
    mark = await writer.begin(SMALL, "recorded", "recording:small")
    await writer.append(mark, record_rows.joined(Batch(info=SMALL), batch))
    compact = await _predictions(database)
    async with database.reading() as connection:
        names = list((await connection.execute(text("SELECT * FROM predictions"))).keys())
        follow = await connection.scalar(
            text("SELECT count(*) FROM forecasts WHERE c_om IS NOT NULL AND w_om IS NULL")
        )

    await migrations.downgrade(database, "0005_stints")
    wide = await _predictions(database)
    await migrations.upgrade(database)
    again = await _predictions(database)

    assert wide == compact == again
    assert follow == 15  # two kinds in eight of sixty rows
    given = [name for name in names if name in PredictionRecord._fields]
    told = {row.made_at: row for row in batch.predictions.values()}
    page = await SqlRaceReader(database).page(
        await SqlRaceReader(database).race(SMALL.race_id),
        [HistoryTable.PREDICTIONS],
        Selection(),
        100,
    )
    assert len(page.rows) == len(told) == 60
    for _, row in page.rows:
        record = told[row["made_at_utc"]]
        values = {**row, "made_at": row["made_at_utc"], "settled_at": row["settled_at_utc"]}
        assert [values[name] for name in given] == [getattr(record, name) for name in given]
        assert (row["attacker"], row["defender"]) == ("mary-somer", "ada-byron")
    # A race that goes on after the migration is written with the next ids.
    more = small_batch(61)
    await SqlRaceWriter(database).append(mark, more)
    after = await _predictions(database)
    assert after[:60] == again
    assert len(after) == 61
    assert max(row[0] for row in after) == 61


STOPS = [  # car, its laps in the pits, and of each stint: as it was stored, as it is
    (1, [17, 18], [(1, 1), (18, 18)]),
    (2, [17, 18, 30, 31], [(2, 1), (17, 18), (33, 31)]),  # told late, in the lane, late
    (3, [9, 10, 11], [(1, 1), (10, 10), (12, 11)]),  # two stops in a row
    (4, [20], [(3, 1), (22, 20)]),  # a lane that does not cross the line
    (5, [], [(1, 1), (25, 25)]),  # nothing tells better
]


@pytest.mark.slow
async def test_first_laps_of_stints_are_corrected_and_repeated_messages_removed(
    database: Database,
) -> None:
    await keep_small(database)
    number = (await SqlRaceReader(database).race(SMALL.race_id)).number
    await migrations.downgrade(database, "0002")
    stints = "INSERT INTO stints (race_number, car, stint, from_lap, compound) VALUES"
    laps = "INSERT INTO laps (race_number, car, lap, completed_at, pitted, track_clear)"
    when = "SELECT :number, :car, :lap, first_at, :pitted, :clear FROM races WHERE number = :number"
    again = (
        "INSERT INTO race_control SELECT race_number, at, seq + 1, nth, stamped_at, category, "
        "message, flag, scope, sector, lap, car FROM race_control"
    )
    async with database.writing() as connection:
        before = (await connection.execute(text("SELECT * FROM race_control"))).all()
        await connection.execute(text(again))
        for table in ("stints", "laps"):
            await connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608
        for car, pitted, told in STOPS:
            for lap in range(1, 40):
                values = {"number": number, "car": car, "lap": lap, "pitted": lap in pitted}
                await connection.execute(text(f"{laps} {when}"), {**values, "clear": True})
            for stint, (stored, _) in enumerate(told, start=1):
                row = f"({number}, {car}, {stint}, {stored}, 'HARD')"
                await connection.execute(text(f"{stints} {row}"))

    await migrations.upgrade(database)

    async with database.reading() as connection:
        rows = await connection.execute(
            text("SELECT car, from_lap FROM stints ORDER BY car, stint")
        )
        after = (await connection.execute(text("SELECT * FROM race_control"))).all()
    assert rows.all() == [(car, right) for car, _, told in STOPS for _, right in told]
    assert sorted(map(str, after)) == sorted(map(str, before))
