"""Group visitors' addresses by household and network, as rate limits count them."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Final, NamedTuple

NOBODY: Final = "unknown"
"""Stands for everything that is not an address: all such visitors count as one."""

HOUSEHOLD_BITS: Final = 64  # prefix length that one IPv6 subscriber gets
NETWORK_BITS: Final = 48  # prefix length for customers who ask for more: 65,536 households
NETWORK_SHARES: Final = 4  # households of one network that may use up their shares

_LONGEST: Final = 45  # an IPv4 address mapped into IPv6, written out
_REMEMBERED: Final = 4_096  # each request asks several times for the address that it comes from


class AddressGroups(NamedTuple):
    """The groups by which an address is counted.

    Attributes:
        household: An IPv4 address, or the /64 around an IPv6 address.
        network: The /48 around an IPv6 address. None for IPv4.
    """

    household: str
    network: str | None

    def shares(self, of_household: int) -> dict[str, int]:
        """Return the share of each group, if a household has this one.

        >>> groups_of("2001:db8::1").shares(20)
        {'2001:db8::/64': 20, '2001:db8::/48': 80}
        """
        shares = {self.household: of_household}
        if self.network is not None:
            shares[self.network] = of_household * NETWORK_SHARES
        return shares


def plain_address(text: str) -> str:
    """Return an address in its usual form; `NOBODY` for what is not an address.

    The zone of a link-local address is dropped. An IPv4 address that came through an IPv6 socket
    is returned as IPv4.

    >>> plain_address("2001:DB8::1"), plain_address("::ffff:1.2.3.4"), plain_address("nonsense")
    ('2001:db8::1', '1.2.3.4', 'unknown')
    """
    text = text.partition("%")[0]
    return _plain(text) if len(text) <= _LONGEST else NOBODY


@lru_cache(_REMEMBERED)
def _plain(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return NOBODY
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def is_loopback(address: str) -> bool:
    """Whether an address, in its usual form, is of the machine itself.

    >>> is_loopback("127.0.0.2"), is_loopback("::1"), is_loopback("192.0.2.7"), is_loopback(NOBODY)
    (True, True, False, False)
    """
    return address == "::1" or address.startswith("127.")


def groups_of(host: str) -> AddressGroups:
    """Return the groups by which an address is counted.

    >>> groups_of("2001:db8::1:2:3:4")
    AddressGroups(household='2001:db8::/64', network='2001:db8::/48')
    >>> groups_of("192.0.2.7")
    AddressGroups(household='192.0.2.7', network=None)
    """
    address = plain_address(host)
    if ":" not in address:
        return AddressGroups(address, None)
    return AddressGroups(_around(address, HOUSEHOLD_BITS), _around(address, NETWORK_BITS))


def _around(address: str, bits: int) -> str:
    return str(ipaddress.ip_network((address, bits), strict=False))
