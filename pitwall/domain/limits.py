"""Define rate limits, and how much of a limit a client has used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """How many requests are allowed in a window, which opens with the first request.

    Attributes:
        name: A stable name; part of the `RateLimit` headers.
        quota: Requests in one window.
        window_s: Length of a window, whole seconds.
    """

    name: str
    quota: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of one client's limit after one more request.

    Attributes:
        allowed: Whether this request was within the quota.
        remaining: Requests left in the window.
        reset_s: Seconds until the window closes and the quota is whole again.
    """

    policy: LimitPolicy
    allowed: bool
    remaining: int
    reset_s: float
