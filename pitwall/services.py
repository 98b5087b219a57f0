"""The running application's ports, for the two front doors: `web` and `api`.

Neither front door builds an adapter. `app.container.install()` fills this slot once
at start-up; tests fill it with fakes.
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
from pitwall.analysis.track_maps import TrackMaps
from pitwall.analysis.track_record import TrackRecords
from pitwall.engine.forecast_now import ForecastService
from pitwall.errors import StoreError
from pitwall.live.publishing import FrameRing
from pitwall.ports.accounts import RateLimiter
from pitwall.ports.cache import LiveCache, TelemetryCache
from pitwall.ports.forecasts import BattleInspection, ForecastThen
from pitwall.ports.races import DemoRace, RaceExporter, RaceReader
from pitwall.ports.replays import Replays
from pitwall.prediction.what_if import MixtureWhatIf
from pitwall.recording.store_condition import StoreState

T = TypeVar("T")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class About:
    """Which program and which model answer.

    Attributes:
        version: Of pitwall.
        revision: Of the source; None outside a checkout.
        started_at: When this process began, UTC.
        model_version: Name and content hash; "" without a model.
        model_trained_at: UTC; None without a model.
        model_hash: SHA-256 of everything learned; "" without a model.
        model_scores: Of the model's recipe on races it had not seen, by test; see the model card.
        rules_version: Which rules of the seasons it was made for; "" without a model.
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
    """What pages and routes use of accounts.

    Attributes:
        accounts: What people do with their own ones.
        keys: Their API keys.
        admin: What the owner does with other people's.
        plain_http: Whether passwords are taken over plain http from this machine alone, or
            from everywhere.
    """

    accounts: Accounts
    keys: ApiKeys
    admin: AccountAdmin
    plain_http: Literal["local", "allowed"] = "local"


@dataclass(frozen=True, slots=True)
class Services:
    """What a page or a route may use.

    Attributes:
        live: The newest frame, and word of newer ones.
        tab_is_open: Whether the browser tab with this client token is connected.
        frame_buffer: Frames of the last minutes, for tabs that watch with a delay.
        about: Which program and which model answer.
        accounts: People and their ways in; None where there is no database.
        limits: Counts requests; None where there is no database.
        forecasts: Of this moment; None serves the newest frame instead.
        stored_forecasts: Of stored races; None where none are stored.
        battle_inspector: What the model sees of battles of kept races; None where none are kept.
        battle_cache: Their stories and laps compared; None where none are kept.
        what_if: Of made-up battles; None without a model that answers them.
        records: How forecasts came out; None where there is no database.
        kept, exports: The races that are kept; None where there is no database.
        replays: Shows kept races from any moment; None where there is no database.
        maps: Of the circuits of kept races; None where none are kept.
        demo_race: A simulated race for guests; None where there is no database.
        writing: How the writing of races goes; None where nothing is written.
        telemetry: Each car's newest telemetry; None where nothing keeps it.
        cache_fault: What people should know while the live cache is not what was asked for; else
            "".
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
    demo_race: DemoRace | None = None

    def races(self) -> RaceReader:
        """Return where races are kept.

        Raises:
            StoreError: Nowhere, for want of a database.
        """
        return _there(self.stored_races)

    def replay(self) -> Replays:
        """Return what shows kept races from any moment.

        Raises:
            StoreError: There is none, for want of a database.
        """
        return _there(self.replays)

    def exporter(self) -> RaceExporter:
        """Return what exports kept races.

        Raises:
            StoreError: There is none, for want of a database.
        """
        return _there(self.exports)

    def track_records(self) -> TrackRecords:
        """Return what tells how forecasts came out.

        Raises:
            StoreError: Nothing does, for want of a database.
        """
        return _there(self.records)

    def people(self) -> People:
        """Return what is to be used of accounts.

        Raises:
            StoreError: There are none, for want of a database.
        """
        return _there(self.accounts)

    def limiter(self) -> RateLimiter:
        """Return what counts requests.

        Raises:
            StoreError: There is none, for want of a database.
        """
        return _there(self.limits)


def _there(part: T | None) -> T:
    if part is None:
        message = "This server has no database: neither accounts nor races are kept."
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
