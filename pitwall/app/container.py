"""Build the application: from settings to adapters to ports.

The only module that sees every layer.
"""

from __future__ import annotations

import asyncio
import gc
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import IO

from redis.asyncio import Redis

from pitwall import logs, services
from pitwall.api.protection.content_policy import hashes_of_pages
from pitwall.api.protection.hosts import own_names
from pitwall.api.protection.stack import Protection
from pitwall.app.database import (
    hold_alone,
    hold_as_worker,
    migrate_and_record,
    open_databases,
    people,
    stored_race_services,
)
from pitwall.app.feed_runner import (
    FeedRunner,
    open_archive,
    open_openf1_history,
    token_warning,
)
from pitwall.app.settings import WORKERS_FOLDER, FeedKind, FeedSpec, Settings, load
from pitwall.app.webhooks import hook_counter, hooks_of_accounts, send_webhooks
from pitwall.cache.backend import Backend, in_memory, in_redis
from pitwall.cache.redis_client import connect
from pitwall.engine.forecast_now import ForecastService, NewestState
from pitwall.errors import ModelError, SettingsError
from pitwall.feeds.f1_archive.feed import ArchivedRaceFeed
from pitwall.feeds.recording import RecordingFeed
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.feeds.timing import TimingFeed, folder_beside
from pitwall.live.event_ring import EventRing
from pitwall.live.leading import keep_running, lead
from pitwall.live.publishing import FrameRing, Publisher
from pitwall.live.race_player import PlayRequest
from pitwall.live.standby import HotStandby
from pitwall.mqtt.broker_link import BrokerLink, BrokerSettings
from pitwall.mqtt.entities import HomeTopics
from pitwall.ports.feeds import RecordedFeed
from pitwall.prediction.predictor import MixturePredictor
from pitwall.prediction.what_if import MixtureWhatIf
from pitwall.recording.race_recorder import Recorder
from pitwall.release import current_release
from pitwall.store.database import Databases
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.webhooks.service import HookCounter

# A simulated race is joined after its opening laps, so that there is a battle to watch at once.
SIMULATION_JOINED_ON_LAP = 4


@dataclass(slots=True)
class PlayingRace:
    """The publisher of the race on screen, where this worker plays it."""

    publisher: Publisher | None = None

    def newest(self) -> NewestState | None:
        """Return the newest state this worker published; None while another worker leads."""
        return None if self.publisher is None else self.publisher.newest()


@dataclass(frozen=True, slots=True)
class Parts:
    """The adapters that the pages, the API and the feed runner share."""

    settings: Settings
    cache: Backend
    ring: FrameRing
    events: EventRing
    predictor: MixturePredictor
    databases: Databases
    recorder: Recorder
    standby: HotStandby
    broker_link: BrokerLink | None  # None where no broker is set
    hook_counter: HookCounter
    held: IO[str] | None = None  # the database's lock, or under `serve` a worker's share
    stage: PlayingRace = field(default_factory=PlayingRace)


@cache
def parts() -> Parts:
    """Build the adapters that the environment asks for, once.

    Raises:
        SettingsError: A setting is invalid.
        ModelError: The bundle is missing or damaged.
    """
    settings = load()
    logs.configure(settings.log)
    predictor = load_predictor(settings)  # first: it may be refused, and nothing is held then
    hold = hold_as_worker if os.environ.get(WORKERS_FOLDER) else hold_alone
    held = hold(settings)
    databases = open_databases(settings)
    cache = open_cache(settings)
    recorder = Recorder(
        SqlRaceWriter(databases.recorder), predictor.version, lambda: cache.lease.is_held
    )
    standby = HotStandby(predictor, lambda: play_requests(settings), recorder.prepare)
    return Parts(
        settings,
        cache,
        FrameRing(),
        EventRing(),
        predictor,
        databases,
        recorder,
        standby,
        open_broker_link(settings, cache),
        hook_counter(databases),
        held,
    )


def install(tab_is_open: Callable[[str], bool]) -> services.Services:
    """Install the ports that pages and routes read.

    Args:
        tab_is_open: Returns whether a browser tab is connected; only the Reflex app knows.

    Raises:
        SettingsError: A setting is invalid.
        ModelError: The bundle is missing or damaged.
    """
    built = parts()
    about = services.About(
        revision=current_release().revision,
        model_version=built.predictor.version,
        model_trained_at=built.predictor.trained_at,
        model_hash=built.predictor.bundle.content_hash,
        model_scores=built.predictor.bundle.scores.get("headline", {}),
        rules_version=built.predictor.bundle.knowledge.rules.version,
    )
    link = built.broker_link
    ports = services.Services(
        live=built.cache.live,
        tab_is_open=tab_is_open,
        frame_buffer=built.ring,
        events=built.events,
        about=about,
        telemetry=built.cache.telemetry,
        cache_fault=built.cache.fault,
        accounts=people(built.settings, built.databases.accounts),
        limits=built.cache.limits,
        forecasts=ForecastService(built.stage.newest, built.predictor),
        what_if=MixtureWhatIf(built.predictor),
        writing=lambda: built.recorder.state,
        embed_ancestors=built.settings.may_frame_embeds(),
        public_url=built.settings.public_address(),
        broker=None if link is None else lambda: link.state,
        webhooks=hooks_of_accounts(built.settings, built.databases),
        hook_totals=built.hook_counter.totals,
        **stored_race_services(built.settings, built.databases, built.predictor),
    )
    services.install(ports)
    return ports


def protection(built_pages: Path) -> Protection:
    """Return the protection around pages, routes and sockets.

    Args:
        built_pages: The folder of the built front end.

    Raises:
        SettingsError: A setting is invalid.
    """
    settings = parts().settings
    proxies = settings.trusted_proxies
    return Protection(
        cors_origins=settings.allowed_origins(),
        trusted_proxies=proxies,
        script_hashes=hashes_of_pages(built_pages),
        hosts=own_names(settings.own_hosts(), proxies),
        at_once=settings.at_once,
    )


@dataclass(frozen=True, slots=True)
class StatesInRedis:
    """The Redis in which Reflex keeps the states of tabs, so that any worker finds them."""

    redis: Redis
    is_away: Callable[[], bool]


def shared_states() -> StatesInRedis | None:
    """Return the Redis that shares the states of tabs; None if one worker has them in memory."""
    built = parts()
    if built.settings.redis_url is None:
        return None
    fault = built.cache.fault
    return StatesInRedis(connect(built.settings.redis_url, listens=True), lambda: bool(fault()))


async def run_worker() -> None:
    """Keep this worker's frames up to date, and lead when it may, until cancelled."""
    built = parts()
    # Libraries, pages and model live as long as the worker: collecting garbage among them
    # would delay frames by a fifth of a second, again and again.
    gc.collect()
    gc.freeze()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keep_running(built.cache.keep_up))
        tasks.create_task(keep_running(lambda: built.ring.fill(built.cache.live)))
        tasks.create_task(keep_running(lambda: built.events.fill(built.cache.live)))
        tasks.create_task(keep_running(built.hook_counter.keep_up))
        tasks.create_task(keep_running(lambda: lead(built.cache.lease, run_as_leader, play_along)))


async def run_as_leader() -> None:
    """Run what only one worker may run, until cancelled; called when this worker leads."""
    built = parts()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run_feed())
        if built.broker_link is not None:
            tasks.create_task(keep_running(built.broker_link.run))
        tasks.create_task(
            send_webhooks(
                built.settings,
                built.databases,
                built.events,
                lambda: built.cache.lease.is_held,
            )
        )
        tasks.create_task(
            keep_running(
                lambda: migrate_and_record(built.settings, built.databases, built.recorder)
            )
        )


async def play_along() -> None:
    """Stay ready to lead, until cancelled; called while another worker leads."""
    built = parts()
    await built.standby.play_along(built.cache.live)


async def run_feed() -> None:
    """Play the chosen feed into the cache, from the moment that is on screen."""
    built = parts()
    frame = await built.cache.live.latest()
    publisher = Publisher(
        built.cache.live,
        built.predictor.version,
        telemetry=built.cache.telemetry,
        last_sequence=frame.sequence if frame else 0,
    )
    publisher.warning = token_warning(built.settings)
    takeover = await built.standby.take_over(frame)
    runner = FeedRunner(
        built.settings,
        publisher,
        built.predictor,
        lambda spec: play_requests(built.settings, spec),
        built.recorder,
    )
    built.stage.publisher = publisher
    try:
        await runner.run(takeover)
    finally:
        built.stage.publisher = None


def open_cache(settings: Settings) -> Backend:
    """Return the cache that the settings name; nothing is connected yet.

    The workers of one server share a folder that `serve` names in the environment; without it
    this worker is the only one.
    """
    if settings.redis_url is None:
        return in_memory()
    folder = os.environ.get(WORKERS_FOLDER) or tempfile.mkdtemp(prefix="pitwall-")
    return in_redis(settings.redis_url, Path(folder))


def open_broker_link(settings: Settings, cache: Backend) -> BrokerLink | None:
    """Return what publishes the race for home automation, not connected yet; None if unwanted."""
    if settings.mqtt_url is None:
        return None
    return BrokerLink(
        BrokerSettings.of(settings.mqtt_url, settings.mqtt_ca),
        HomeTopics(settings.mqtt_prefix, settings.mqtt_discovery, settings.public_address()),
        cache.live,
        lambda: cache.lease.is_held,
    )


def load_predictor(settings: Settings) -> MixturePredictor:
    """Return the predictor of the shipped model, or of the one the settings name.

    Raises:
        ModelError: The bundle is missing or damaged.
    """
    if settings.model is None:
        return MixturePredictor.load()
    try:
        return MixturePredictor.load(settings.model)
    except ModelError as error:
        raise ModelError(f"PITWALL_MODEL: {error}") from error


def play_requests(settings: Settings, spec: FeedSpec | None = None) -> Iterator[PlayRequest]:
    """Yield the races to play, one after another; simulated races never end.

    Args:
        settings: The speed and the lap to begin at.
        spec: Which feed; None for the one the settings name.

    Raises:
        SettingsError: `PITWALL_FEED` has none of the known forms.
    """
    spec = spec or settings.feed_spec()
    lap = settings.start_lap
    if spec.kind in {FeedKind.AUTO, FeedKind.SIMULATED}:
        from_lap = SIMULATION_JOINED_ON_LAP if lap is None else lap
        for seed in count(spec.seed):
            yield PlayRequest(SimulatedFeed(seed), from_lap=from_lap, speed=settings.speed)
    else:
        from_lap = 1 if lap is None else lap
        yield PlayRequest(open_feed(spec, settings), from_lap=from_lap, speed=settings.speed)


def open_feed(spec: FeedSpec, settings: Settings | None = None) -> RecordedFeed:
    """Return the feed that a specification names; nothing is read yet.

    Args:
        spec: Which feed; not a live one.
        settings: Where downloads go; None to read the environment.

    Raises:
        SettingsError: The specification lacks what its kind needs.
    """
    if spec.kind in {FeedKind.AUTO, FeedKind.SIMULATED}:
        return SimulatedFeed(spec.seed)
    if spec.kind is FeedKind.ARCHIVE:
        return ArchivedRaceFeed(open_archive(settings or load()), spec.year, spec.race)
    if spec.kind is FeedKind.OPENF1:
        return open_openf1_history(settings or load(), spec.race)
    if spec.path is None:
        message = f"the feed {spec.kind} needs a path"
        raise SettingsError(message)
    if spec.kind is FeedKind.RECORDING:
        return RecordingFeed(spec.path)
    return TimingFeed(spec.path, spec.race, folder_beside(spec.path))
