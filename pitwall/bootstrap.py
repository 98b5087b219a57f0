"""The composition root: the one module that sees every layer."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

from pitwall import logs, services
from pitwall.cache.memory import MemoryLiveCache
from pitwall.errors import SettingsError
from pitwall.feeds.f1_archive.feed import ArchivedRaceFeed
from pitwall.feeds.recording import RecordingFeed
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.feeds.timing import TimingFeed
from pitwall.pipeline.live import Showing
from pitwall.pipeline.publishing import Publisher
from pitwall.pipeline.ring import FrameRing
from pitwall.ports import Predictor, RecordedFeed
from pitwall.prediction.predictor import LogisticPredictor
from pitwall.screen import Screen, open_archive, open_openf1_history
from pitwall.settings import FeedKind, FeedSpec, Settings, load
from pitwall.store.engine import Database, database_url

# A simulated race is joined after its opening laps, so that there is a battle to watch at once.
SIMULATION_JOINED_ON_LAP = 4


@dataclass(frozen=True, slots=True)
class Parts:
    """The adapters that front doors and pipeline share."""

    settings: Settings
    cache: MemoryLiveCache
    ring: FrameRing
    predictor: Predictor


@cache
def parts() -> Parts:
    """Build what the environment asks for, once.

    Raises:
        SettingsError: The environment asks for something that cannot be.
        ModelError: The model file is missing or damaged.
    """
    settings = load()
    logs.configure(settings.log)
    return Parts(settings, MemoryLiveCache(), FrameRing(), load_predictor(settings))


def install(tab_is_open: Callable[[str], bool]) -> services.Services:
    """Install the ports that pages and routes read.

    Args:
        tab_is_open: Answers whether a browser tab is connected; the app's to know.

    Raises:
        SettingsError: The environment asks for something that cannot be.
        ModelError: The model file is missing or damaged.
    """
    built = parts()
    about = services.About(
        revision=_revision(),
        model_version=built.predictor.version,
        model_trained_at=built.predictor.trained_at,
    )
    ports = services.Services(
        live=built.cache, tab_is_open=tab_is_open, history=built.ring, about=about
    )
    services.install(ports)
    return ports


async def run_pipeline() -> None:
    """Play what the environment asks for into the cache, until cancelled."""
    built = parts()
    publisher = Publisher(built.cache, built.ring, built.predictor.version)
    screen = Screen(
        built.settings, publisher, built.predictor, lambda spec: showings(built.settings, spec)
    )
    await screen.run()


def load_predictor(settings: Settings) -> Predictor:
    """Return the forecaster of the shipped model, or of the one the settings name.

    Raises:
        ModelError: The model file is missing or damaged.
    """
    return LogisticPredictor.load(settings.model) if settings.model else LogisticPredictor.load()


def open_database(settings: Settings) -> Database:
    """Return the database that the settings name; nothing is opened before its first use.

    Raises:
        SettingsError: The URL is none of a database that pitwall knows.
    """
    return Database(database_url(settings.database_url, settings.data))


def showings(settings: Settings, spec: FeedSpec | None = None) -> Iterator[Showing]:
    """Yield what to show, one race after another; simulated races never end.

    Args:
        settings: How to show it.
        spec: What to show; None is what the settings name.

    Raises:
        SettingsError: The feed's text has none of the known forms.
    """
    spec = spec or settings.feed_spec()
    lap = settings.start_lap
    if spec.kind in {FeedKind.AUTO, FeedKind.SIMULATED}:
        from_lap = SIMULATION_JOINED_ON_LAP if lap is None else lap
        for seed in count(spec.seed):
            yield Showing(SimulatedFeed(seed), from_lap=from_lap, speed=settings.speed)
    else:
        from_lap = 1 if lap is None else lap
        yield Showing(open_feed(spec, settings), from_lap=from_lap, speed=settings.speed)


def open_feed(spec: FeedSpec, settings: Settings | None = None) -> RecordedFeed:
    """Return the feed that a specification names; nothing is read yet.

    Args:
        spec: Which feed; a live one is none of these.
        settings: Where downloads go; None is what the environment says.

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
    return TimingFeed(spec.path, spec.race)


def _revision() -> str | None:
    """Return the commit that runs; None outside a checkout."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],  # noqa: S607  git where the user has it
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None
