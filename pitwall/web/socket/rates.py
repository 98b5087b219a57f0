"""Limit rates with token buckets."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

_IPV6_HOUSEHOLD: Final = 64


class Bucket:
    """A token bucket: allows `rate` actions a second in the long run, and `burst` at once.

    Args:
        rate: Actions a second.
        burst: Actions at once.
        clock: Returns seconds.
    """

    __slots__ = ("_at", "_burst", "_clock", "_left", "_rate")

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._left, self._at = burst, clock()

    def take(self) -> bool:
        """Take a token; return whether there was one."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Buckets:
    """One bucket for each client, for the last `most` clients.

    Args:
        rate: Actions a second of each.
        burst: Actions at once of each.
        most: Number of clients remembered; the one idle for longest is forgotten first.
    """

    def __init__(self, rate: float, burst: float, most: int = 10_000) -> None:
        self._rate, self._burst, self._most = rate, burst, most
        self._held: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, asker: str) -> bool:
        """Take a token from a client's bucket; return whether there was one."""
        bucket = self._held.get(asker)
        if bucket is None:
            bucket = self._held[asker] = Bucket(self._rate, self._burst)
            if len(self._held) > self._most:
                self._held.popitem(last=False)
        self._held.move_to_end(asker)
        return bucket.take()


def household(host: str) -> str:
    """Return the household by which an address is counted: for IPv6 its /64.

    >>> household("2001:db8::1:2:3:4"), household("192.0.2.7"), household("::ffff:192.0.2.7")
    ('2001:db8::/64', '192.0.2.7', '192.0.2.7')
    >>> household("nonsense")
    'unknown'
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _IPV6_HOUSEHOLD), strict=False))
    return str(address)
