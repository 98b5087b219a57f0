"""Who may ask how often, and counting those who do."""

from __future__ import annotations

import ipaddress
import math
from typing import Final

from fastapi import Request

from pitwall.account_ports import RateLimiter
from pitwall.api.protection.limit_headers import STANDINGS
from pitwall.domain.limits import LimitPolicy
from pitwall.errors import TooManyRequestsError

# Nobody types that fast, and a household behind one address still gets in.
LOG_IN_BY_ADDRESS: Final = LimitPolicy("login-address", quota=20, window_s=300)
# Failures only. It slows guessing from many addresses at one account to 960 a day, and lets a
# stranger keep its user from logging in for as long as he goes on: log-ins that hold go on.
LOG_IN_BY_ACCOUNT: Final = LimitPolicy("login-account", quota=10, window_s=900)
REGISTER: Final = LimitPolicy("register", quota=10, window_s=3600)
PROVE_PASSWORD: Final = LimitPolicy("password", quota=10, window_s=900)  # failures only
ASK: Final = LimitPolicy("account", quota=240, window_s=60)

_IPV6_HOUSEHOLD: Final = 64  # bits that one subscriber is given


async def count_request(
    limiter: RateLimiter, request: Request, policy: LimitPolicy, asker: str
) -> None:
    """Count the request, and refuse it beyond the quota.

    Raises:
        TooManyRequestsError: Says when to come back.
    """
    standing = await limiter.take(policy, asker)
    request.scope.setdefault(STANDINGS, []).append(standing)
    if not standing.allowed:
        raise TooManyRequestsError(max(1, math.ceil(standing.reset_s)))


def address_of(request: Request) -> str:
    """Return by what an asker without an account is counted: his address, of IPv6 its /64.

    >>> address_of(Request({"type": "http", "client": ("2001:db8::1:2:3:4", 0)}))
    '2001:db8::/64'
    """
    host = request.client.host if request.client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:64]
    if address.version == 6:
        return str(ipaddress.ip_network((address, _IPV6_HOUSEHOLD), strict=False))
    return str(address)
