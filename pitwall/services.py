"""The running application's ports, for the two front doors: `web` and `api`.

Neither front door builds an adapter. `bootstrap.install()` fills this slot once
at start-up; tests fill it with fakes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pitwall import __version__
from pitwall.ports import FrameHistory, LiveCache, TelemetryCache


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
    """

    version: str = __version__
    revision: str | None = None
    started_at: datetime = field(default_factory=_now)
    model_version: str = ""
    model_trained_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Services:
    """What a page or a route may use.

    Attributes:
        live: The newest frame, and word of newer ones.
        tab_is_open: Whether the browser tab with this client token is connected.
        history: Frames of the last minutes, for tabs that watch with a delay.
        about: Which program and which model answer.
        telemetry: Each car's newest telemetry; None where nothing keeps it.
        cache_fault: What people should know while the live cache is not what was asked for; else
            "".
    """

    live: LiveCache
    tab_is_open: Callable[[str], bool]
    history: FrameHistory
    about: About = field(default_factory=About)
    telemetry: TelemetryCache | None = None
    cache_fault: Callable[[], str] = lambda: ""


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
        message = "no services installed: call pitwall.bootstrap.install() first"
        raise RuntimeError(message)
    return _installed
