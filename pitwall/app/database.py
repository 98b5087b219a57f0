"""Open the application's database, migrate it, and build its readers and writers."""

from __future__ import annotations

import asyncio
import logging
from typing import IO, TypedDict

from pitwall import services
from pitwall.accounts.admin import AccountAdmin
from pitwall.accounts.hashing import Passwords
from pitwall.accounts.keys import ApiKeys
from pitwall.accounts.service import Accounts
from pitwall.analysis.battle_story import BattleCache
from pitwall.analysis.circuit_lookup import CircuitLookup
from pitwall.analysis.race_strips import RaceStrips
from pitwall.analysis.track_maps import TrackMaps
from pitwall.analysis.track_record import TrackRecords
from pitwall.analysis.what_if import BattleInspector
from pitwall.app.demo_race import SimulatedDemoRace
from pitwall.app.settings import Settings
from pitwall.circuits import CircuitFolder, FastF1Guides
from pitwall.errors import StoreError
from pitwall.feeds.simulated.outline import simulated_outline
from pitwall.ports.races import CircuitGuides
from pitwall.prediction.predictor import MixturePredictor
from pitwall.recording.race_recorder import Recorder
from pitwall.replay.moments import RaceMoments, StoredForecasts
from pitwall.replay.service import ReplayService
from pitwall.replay.source import shortcuts
from pitwall.store import migrations, single_writer
from pitwall.store.accounts import SqlAccountStore
from pitwall.store.database import Database, Databases, database_url
from pitwall.store.ledger.reader import SqlLedgerReader
from pitwall.store.race_exporter import SqlRaceExporter
from pitwall.store.race_reader import SqlRaceReader

log = logging.getLogger(__name__)

MIGRATE_AGAIN_S = 2.0


def open_database(settings: Settings) -> Database:
    """Return the database that the settings name; nothing is opened before its first use.

    Raises:
        SettingsError: The URL is not of a database that pitwall supports.
    """
    return Database(database_url(settings.database_url, settings.data))


def open_databases(settings: Settings) -> Databases:
    """Return the server's database, with separate connections for each purpose.

    Raises:
        SettingsError: The URL is not of a database that pitwall supports.
    """
    return Databases(database_url(settings.database_url, settings.data))


def hold_alone(settings: Settings) -> IO[str] | None:
    """Return the lock that keeps other servers from this database until it is closed.

    Raises:
        SettingsError: Another server holds it, or the URL is not of a database pitwall supports.
    """
    return single_writer.hold(
        database_url(settings.database_url, settings.data), settings.redis_url
    )


def hold_as_worker(settings: Settings) -> IO[str] | None:
    """Return the lock by which the next server sees that this worker may still write.

    Raises:
        SettingsError: The URL is not of a database that pitwall supports.
    """
    return single_writer.hold_as_worker(database_url(settings.database_url, settings.data))


def people(settings: Settings, database: Database) -> services.People:
    """Return the account services of a database."""
    store, passwords = SqlAccountStore(database), Passwords()
    return services.People(
        accounts=Accounts(store, passwords),
        keys=ApiKeys(store),
        admin=AccountAdmin(store, passwords),
        plain_http=settings.plain_http,
    )


class StoredRaceServices(TypedDict):
    """The ports of stored races, under the names that `Services` gives them."""

    stored_races: SqlRaceReader
    exports: SqlRaceExporter
    stored_forecasts: StoredForecasts
    battle_inspector: BattleInspector
    battle_cache: BattleCache
    replays: ReplayService
    demo_race: SimulatedDemoRace
    records: TrackRecords
    maps: TrackMaps
    strips: RaceStrips


def circuit_folder(settings: Settings) -> CircuitFolder:
    """Return the folder of circuit descriptions."""
    return CircuitFolder(settings.data / "circuits")


def circuit_guides(settings: Settings) -> CircuitGuides:
    """Return the source of circuit descriptions; nothing is requested yet."""
    folder = circuit_folder(settings)
    if settings.circuit_info == "folder":
        return folder
    return FastF1Guides(folder, settings.data / "fastf1")


def stored_race_services(
    settings: Settings, databases: Databases, predictor: MixturePredictor
) -> StoredRaceServices:
    """Return the services that read, export and replay the races of a database."""
    reader, whole_races = SqlRaceReader(databases.readers), SqlRaceReader(databases.replays)
    circuits = CircuitLookup(whole_races, circuit_guides(settings))
    maps = TrackMaps(whole_races, circuits.guide, known=simulated_outline)
    replays = ReplayService(whole_races, predictor, shortcuts(predictor))
    moments = RaceMoments(whole_races, replays)
    return StoredRaceServices(
        stored_races=reader,
        exports=SqlRaceExporter(databases.exports),
        stored_forecasts=StoredForecasts(moments, predictor),
        battle_inspector=BattleInspector(moments, predictor),
        battle_cache=BattleCache(reader, circuits, maps.outline_of),
        replays=replays,
        demo_race=SimulatedDemoRace(databases.replays, predictor),
        records=TrackRecords(SqlLedgerReader(databases.readers)),
        maps=maps,
        strips=RaceStrips(reader),
    )


async def migrate_and_record(settings: Settings, databases: Databases, recorder: Recorder) -> None:
    """Bring the database up to date, then record what is shown, until cancelled.

    An unreachable database delays nothing else: this tries again until it answers.
    """
    try:
        is_first_try = True
        while not await _migrated(settings, recorder):
            if is_first_try:  # the recorder logs why; only here is it known which database
                where = databases.url.render_as_string(hide_password=True)
                log.error("the database cannot be used", extra={"database": where})
            is_first_try = False
            await asyncio.sleep(MIGRATE_AGAIN_S)
        await recorder.run()
    finally:
        await databases.close()


async def _migrated(settings: Settings, recorder: Recorder) -> bool:
    try:
        # In a thread and an event loop of its own: Alembic reads and runs its scripts blocking.
        await asyncio.to_thread(_migrate, settings)
    except StoreError as error:
        recorder.note(str(error))
        return False
    return True


def _migrate(settings: Settings) -> None:
    async def upgrade() -> None:
        database = open_database(settings)
        try:
            await migrations.upgrade(database)
        finally:
            await database.close()

    asyncio.run(upgrade())
