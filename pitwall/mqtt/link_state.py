"""Define how the connection to the owner's MQTT broker can be, as `/health` says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LinkStatus = Literal["connecting", "connected", "disconnected", "standing_by"]


@dataclass(frozen=True, slots=True)
class LinkState:
    """How the connection to the broker is.

    Attributes:
        status: `standing_by` where another worker has the connection.
        detail: Why there is no connection, a sentence; "" with one.
    """

    status: LinkStatus
    detail: str = ""
