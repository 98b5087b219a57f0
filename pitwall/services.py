"""Hold the services of the running application, for the packages `web` and `api`.

Neither of them builds an adapter. `app.container.install()` sets the services once at start-up;
tests set fakes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from pitwall import __version__
from pitwall.accounts.admin import AccountAdmin
from pitwall.accounts.keys import ApiKeys
from pitwall.accounts.service import Accounts
from pitwall.analysis.battle_story import BattleCache
from pitwall.analysis.race_strips import RaceStrips
from pitwall.analysis.track_maps import TrackMaps
from pitwall.analysis.track_record import TrackRecords
from pitwall.domain.webhooks import HookTotals
from pitwall.engine.forecast_now import ForecastService
from pitwall.errors import StoreError
from pitwall.live.event_ring import EventRing
from pitwall.live.publishing import FrameRing
from pitwall.mqtt.link_state import LinkState
from pitwall.ports.accounts import RateLimiter
from pitwall.ports.cache import LiveCache, TelemetryCache
from pitwall.ports.forecasts import BattleInspection, ForecastThen
from pitwall.ports.races import DemoRace, RaceExporter, RaceReader
from pitwall.ports.replays import Replays
from pitwall.prediction.what_if import MixtureWhatIf
from pitwall.recording.store_condition import StoreState
from pitwall.webhooks.service import Webhooks

T = TypeVar("T")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class About:
    """The versions of the program and of the model.

    Attributes:
        version: The version of pitwall.
        revision: The revision of the source; None where neither git nor the build tells it.
        started_at: When this process started, UTC.
        model_version: Name and content hash; "" without a model.
        model_trained_at: UTC; None without a model.
        model_hash: SHA-256 of everything learned; "" without a model.
        model_scores: Scores of the model's recipe on unseen races, by test; see the model card.
        rules_version: The version of the season rules it was made for; "" without a model.
    """

    version: str = __version__
    revision: str | None = None
    started_at: datetime = field(default_factory=_now)
    model_version: str = ""
    model_trained_at: datetime | None = None
    model_hash: str = ""
    model_scores: Mapping[str, Any] = field(default_factory=dict)
    rules_version: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """The account services that pages and routes use.

    Attributes:
        accounts: Users' actions on their own accounts.
        keys: Users' API keys.
        admin: The owner's actions on other accounts.
        plain_http: Whether passwords are accepted over plain HTTP from this machine alone, or
            from everywhere.
    """

    accounts: Accounts
    keys: ApiKeys
    admin: AccountAdmin
    plain_http: Literal["local", "allowed"] = "local"


@dataclass(frozen=True, slots=True)
class Services:
    """The services that pages and routes may use.

    Attributes:
        live: The newest frame, and notice of newer ones.
        tab_is_open: Whether the browser tab with this client token is connected.
        frame_buffer: Frames of the last minutes, for tabs that watch with a delay.
        about: The versions of the program and of the model.
        accounts: Account services; None where there is no database.
        limits: The rate limiter; None where there is no database.
        forecasts: Forecasts of the current moment; None serves the newest frame instead.
        stored_forecasts: Forecasts of stored races; None where no races are stored.
        battle_inspector: The model's input for battles of stored races; None where no races are
            stored.
        battle_cache: Stories and lap comparisons of battles; None where no races are stored.
        what_if: Forecasts of hypothetical battles; None without a model that supports them.
        records: Scores of past forecasts; None where there is no database.
        stored_races, exports: Read and export stored races; None where there is no database.
        replays: Shows stored races from any moment; None where there is no database.
        maps: Track maps of stored races; None where no races are stored.
        strips: The race strips of stored races; None where no races are stored.
        demo_race: A simulated race for guests; None where there is no database.
        events: What happened in the live race, for streams; None where nothing is streamed.
        embed_ancestors: The sites that may frame an embed, as a policy names them.
        public_url: The address under which others reach this server, such as
            `https://pitwall.example.org`; "" for that of each request.
        webhooks: Users' webhooks; None where there is no database.
        hook_totals: Returns what all webhooks have done, None before it was counted; None where
            there are none.
        writing: The state of the race writer; None where nothing is written.
        broker: The state of the connection to the owner's MQTT broker; None where none is set.
        telemetry: Each car's newest telemetry; None where it is not cached.
        cache_fault: Returns a sentence while the live cache cannot be used as set up; else "".
    """

    live: LiveCache
    tab_is_open: Callable[[str], bool]
    frame_buffer: FrameRing
    about: About = field(default_factory=About)
    telemetry: TelemetryCache | None = None
    cache_fault: Callable[[], str] = lambda: ""
    writing: Callable[[], StoreState] | None = None
    accounts: People | None = None
    limits: RateLimiter | None = None
    forecasts: ForecastService | None = None
    stored_forecasts: ForecastThen | None = None
    battle_inspector: BattleInspection | None = None
    battle_cache: BattleCache | None = None
    what_if: MixtureWhatIf | None = None
    stored_races: RaceReader | None = None
    exports: RaceExporter | None = None
    records: TrackRecords | None = None
    replays: Replays | None = None
    maps: TrackMaps | None = None
    strips: RaceStrips | None = None
    demo_race: DemoRace | None = None
    events: EventRing | None = None
    embed_ancestors: str = "*"
    public_url: str = ""
    broker: Callable[[], LinkState] | None = None
    webhooks: Webhooks | None = None
    hook_totals: Callable[[], HookTotals | None] | None = None

    def races(self) -> RaceReader:
        """Return the reader of stored races.

        Raises:
            StoreError: There is no database.
        """
        return _there(self.stored_races)

    def replay(self) -> Replays:
        """Return the replay service.

        Raises:
            StoreError: There is no database.
        """
        return _there(self.replays)

    def exporter(self) -> RaceExporter:
        """Return the exporter of stored races.

        Raises:
            StoreError: There is no database.
        """
        return _there(self.exports)

    def track_records(self) -> TrackRecords:
        """Return the scores of past forecasts.

        Raises:
            StoreError: There is no database.
        """
        return _there(self.records)

    def people(self) -> People:
        """Return the account services.

        Raises:
            StoreError: There is no database.
        """
        return _there(self.accounts)

    def hooks(self) -> Webhooks:
        """Return the webhooks of accounts.

        Raises:
            StoreError: There is no database.
        """
        return _there(self.webhooks)

    def limiter(self) -> RateLimiter:
        """Return the rate limiter.

        Raises:
            StoreError: There is no database.
        """
        return _there(self.limits)


def _there(part: T | None) -> T:
    if part is None:
        message = "This server has no database, so it stores no accounts and no races."
        raise StoreError(message)
    return part


_installed: Services | None = None


def install(services: Services) -> None:
    """Make `services` the ones `current()` returns."""
    global _installed  # noqa: PLW0603  the one deliberate slot
    _installed = services


def current() -> Services:
    """Return the installed services.

    Raises:
        RuntimeError: Called before `install`.
    """
    if _installed is None:
        message = "no services installed: call pitwall.app.container.install() first"
        raise RuntimeError(message)
    return _installed
