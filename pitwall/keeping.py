"""The database behind the app: which one, brought up to date, and who writes to it."""

from __future__ import annotations

import asyncio
from typing import IO, TypedDict

from pitwall import services
from pitwall.accounts.hashing import Passwords
from pitwall.accounts.keys import ApiKeys
from pitwall.accounts.owning import Owning
from pitwall.accounts.service import Accounts
from pitwall.circuits import CircuitFolder, FastF1Guides
from pitwall.errors import StoreError
from pitwall.pipeline.battle_shelf import BattleShelf
from pitwall.pipeline.circuit_atlas import CircuitAtlas
from pitwall.pipeline.recorder import Recorder
from pitwall.pipeline.replay.desk import ReplayDesk
from pitwall.pipeline.replay.film import short_cuts
from pitwall.pipeline.replay.moments import KeptMoments
from pitwall.pipeline.seen_battles import SeenBattles
from pitwall.pipeline.stored import StoredForecasts
from pitwall.pipeline.track_maps import TrackMaps
from pitwall.pipeline.track_record import TrackRecords
from pitwall.prediction.predictor import MixturePredictor
from pitwall.race_ports import CircuitGuides
from pitwall.settings import Settings
from pitwall.store import alone, migrating
from pitwall.store.accounts import SqlAccountStore
from pitwall.store.engine import Database, Databases, database_url
from pitwall.store.exporting import RaceExporter
from pitwall.store.ledger.reading import LedgerReader
from pitwall.store.reading import RaceReader
from pitwall.tasting import SimulatedTaste

MIGRATE_AGAIN_S = 2.0


def open_database(settings: Settings) -> Database:
    """Return the database that the settings name; nothing is opened before its first use.

    Raises:
        SettingsError: The URL is none of a database that pitwall knows.
    """
    return Database(database_url(settings.database_url, settings.data))


def open_databases(settings: Settings) -> Databases:
    """Return the server's database, with connections of their own for each purpose.

    Raises:
        SettingsError: The URL is none of a database that pitwall knows.
    """
    return Databases(database_url(settings.database_url, settings.data))


def hold_alone(settings: Settings) -> IO[str] | None:
    """Return what keeps other servers from this one's database, until it is closed.

    Raises:
        SettingsError: Another server has it, or the URL is none of a database that pitwall knows.
    """
    return alone.hold(database_url(settings.database_url, settings.data), settings.redis_url)


def people(settings: Settings, database: Database) -> services.People:
    """Return accounts that are kept in a database."""
    store, passwords = SqlAccountStore(database), Passwords()
    return services.People(
        accounts=Accounts(store, passwords),
        keys=ApiKeys(store),
        owning=Owning(store, passwords),
        plain_http=settings.plain_http,
    )


class KeptRaces(TypedDict):
    """The ports of races that are kept, as `Services` names them."""

    kept: RaceReader
    exports: RaceExporter
    stored_forecasts: StoredForecasts
    battles_then: SeenBattles
    battle_shelf: BattleShelf
    replays: ReplayDesk
    taste: SimulatedTaste
    records: TrackRecords
    maps: TrackMaps


def circuit_folder(settings: Settings) -> CircuitFolder:
    """Return the files about circuits."""
    return CircuitFolder(settings.data / "circuits")


def circuit_guides(settings: Settings) -> CircuitGuides:
    """Return who describes circuits; nobody is asked yet."""
    folder = circuit_folder(settings)
    if settings.circuit_info == "folder":
        return folder
    return FastF1Guides(folder, settings.data / "fastf1")


def of_kept_races(
    settings: Settings, databases: Databases, predictor: MixturePredictor
) -> KeptRaces:
    """Return what reads, exports and replays races that are kept in a database."""
    reader, whole_races = RaceReader(databases.readers), RaceReader(databases.replays)
    circuits = CircuitAtlas(whole_races, circuit_guides(settings))
    maps = TrackMaps(whole_races, circuits.guide)
    replays = ReplayDesk(whole_races, predictor, short_cuts(predictor))
    moments = KeptMoments(whole_races, replays)
    return KeptRaces(
        kept=reader,
        exports=RaceExporter(databases.exports),
        stored_forecasts=StoredForecasts(moments, predictor),
        battles_then=SeenBattles(moments, predictor),
        battle_shelf=BattleShelf(reader, circuits, maps.outline_of),
        replays=replays,
        taste=SimulatedTaste(databases.replays, predictor),
        records=TrackRecords(LedgerReader(databases.readers)),
        maps=maps,
    )


async def keep(settings: Settings, databases: Databases, recorder: Recorder) -> None:
    """Bring the database up to date, then write what is shown, until cancelled.

    A database that is away holds nobody up: this tries again until it is there.
    """
    try:
        while True:
            if await _migrated(settings, recorder):
                break
            await asyncio.sleep(MIGRATE_AGAIN_S)
        await recorder.run()
    finally:
        await databases.close()


async def _migrated(settings: Settings, recorder: Recorder) -> bool:
    try:
        # In a thread and a loop of its own: the scripts are read and run without a pause.
        await asyncio.to_thread(_migrate, settings)
    except StoreError as error:
        recorder.note(str(error))
        return False
    return True


def _migrate(settings: Settings) -> None:
    async def upgrade() -> None:
        database = open_database(settings)
        try:
            await migrating.upgrade(database)
        finally:
            await database.close()

    asyncio.run(upgrade())
