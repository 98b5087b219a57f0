"""Count requests against rate limits, and refuse those beyond them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from fastapi import Request

from pitwall.api.protection.addresses import counted_as
from pitwall.api.protection.headers import STANDINGS
from pitwall.domain.addresses import NETWORK_SHARES
from pitwall.domain.limits import LimitPolicy
from pitwall.errors import TooManyRequestsError
from pitwall.ports.accounts import RateLimiter

# Nobody types that fast, and a household behind one address can still log in.
LOG_IN_BY_ADDRESS: Final = LimitPolicy("login-address", quota=20, window_s=300)
# Failures only. It limits guessing from many addresses at one account to 960 a day. A stranger can
# thereby keep its user from logging in while guessing, but existing log-ins stay.
LOG_IN_BY_ACCOUNT: Final = LimitPolicy("login-account", quota=10, window_s=900)
REGISTER: Final = LimitPolicy("register", quota=10, window_s=3600)
PROVE_PASSWORD: Final = LimitPolicy("password", quota=10, window_s=900)  # failures only
ASK: Final = LimitPolicy("account", quota=240, window_s=60)
TRY_WEBHOOK: Final = LimitPolicy("webhook-test", quota=20, window_s=300)


async def count_request(
    limiter: RateLimiter, request: Request, policy: LimitPolicy, asker: str
) -> None:
    """Count a request, and refuse it beyond the quota.

    Raises:
        TooManyRequestsError: It carries when to try again.
    """
    standing = await limiter.take(policy, asker)
    request.scope.setdefault(STANDINGS, []).append(standing)
    if not standing.allowed:
        raise TooManyRequestsError(max(1, math.ceil(standing.reset_s)))


async def count_visitor(limiter: RateLimiter, request: Request, policy: LimitPolicy) -> None:
    """Count a request without an account, by its address; IPv6 by /64 and by /48.

    Raises:
        TooManyRequestsError: It carries when to try again.
    """
    household, network = counted_as(request.scope)
    # The household first: what it asks beyond its quota must not use up its neighbours'.
    await count_request(limiter, request, policy, household)
    if network is not None:
        await count_request(limiter, request, _of_network(policy), network)


async def forgive_visitor(limiter: RateLimiter, request: Request, policy: LimitPolicy) -> None:
    """Undo what `count_visitor` counted."""
    household, network = counted_as(request.scope)
    if network is not None:
        await limiter.give_back(_of_network(policy), network)
    await limiter.give_back(policy, household)


def _of_network(policy: LimitPolicy) -> LimitPolicy:
    return replace(policy, name=f"{policy.name}-48", quota=policy.quota * NETWORK_SHARES)
