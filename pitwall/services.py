"""The running application's ports, for the two front doors: `web` and `api`.

Neither front door builds an adapter. `bootstrap.install()` fills this slot once
at start-up; tests fill it with fakes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pitwall import __version__
from pitwall.ports import FrameHistory, LiveCache


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
class Services:
    """What a page or a route may use.

    Attributes:
        live: The newest frame, and word of newer ones.
        tab_is_open: Whether the browser tab with this client token is connected.
        history: Frames of the last minutes, for tabs that watch with a delay.
        about: Which program and which model answer.
    """

    live: LiveCache
    tab_is_open: Callable[[str], bool]
    history: FrameHistory
    about: About = field(default_factory=About)


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
