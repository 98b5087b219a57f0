"""How often somebody may ask: the policy, and where he stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """So many requests in a window that opens with the first of them.

    Attributes:
        name: Stable; part of the `RateLimit` headers.
        quota: Requests in one window.
        window_s: Length of a window, whole seconds.
    """

    name: str
    quota: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one asker stands after one more request.

    Attributes:
        allowed: Whether this request was within the quota.
        remaining: Requests left in the window.
        reset_s: Seconds until the window closes and the quota is whole again.
    """

    policy: LimitPolicy
    allowed: bool
    remaining: int
    reset_s: float
