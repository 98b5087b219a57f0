"""Limit rates with token buckets."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from pitwall.domain.addresses import NETWORK_SHARES, AddressGroups


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


class AddressBuckets:
    """Buckets for households, and larger ones for the networks around IPv6 households.

    Args:
        rate: Actions a second of each household.
        burst: Actions at once of each household.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._households = Buckets(rate, burst)
        self._networks = Buckets(rate * NETWORK_SHARES, burst * NETWORK_SHARES)

    def take(self, groups: AddressGroups) -> bool:
        """Take a token of the household, and one of its network; return whether there were both.

        What a household asks beyond its share does not use up its neighbours'.
        """
        if not self._households.take(groups.household):
            return False
        return groups.network is None or self._networks.take(groups.network)
