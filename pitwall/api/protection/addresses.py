"""Read visitors' addresses from what proxies write, and group them by household and network."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, Final

NOBODY: Final = "unknown"
"""Stands for everything that is not an address: all such visitors count as one."""

HOUSEHOLD: Final = 64  # prefix length that one IPv6 subscriber gets
NETWORK: Final = 48  # prefix length for customers who ask for more: 65,536 households

_WITH_PORT: Final = re.compile(r"(\d+\.\d+\.\d+\.\d+):\d{1,5}|\[([^\]]*)\](?::\d{1,5})?")


def read_address(text: str) -> str:
    """Return the address that an entry of `X-Forwarded-For` names, or `NOBODY`.

    A port and the zone of a link-local address are dropped. An IPv4 address that came through an
    IPv6 socket is returned as IPv4.

    Example:
        >>> read_address("1.2.3.4:567"), read_address("[2001:DB8::1]:443"), read_address("_hidden")
        ('1.2.3.4', '2001:db8::1', 'unknown')
        >>> read_address("::ffff:1.2.3.4")
        '1.2.3.4'
    """
    text = text.strip().strip('"')
    found = _WITH_PORT.fullmatch(text)
    try:
        address = ipaddress.ip_address((found[1] or found[2] if found else text).partition("%")[0])
    except ValueError:
        return NOBODY
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def counted_as(scope: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return the household by which a visitor is counted, and for IPv6 the network around it.

    Example:
        >>> counted_as({"client": ("2001:db8::1:2:3:4", 0)})
        ('2001:db8::/64', '2001:db8::/48')
        >>> counted_as({"client": ("1.2.3.4", 0)})
        ('1.2.3.4', None)
    """
    host = read_address(_client(scope))
    if ":" not in host:
        return host, None
    return _around(host, HOUSEHOLD), _around(host, NETWORK)


def is_this_machine(scope: Mapping[str, Any]) -> bool:
    """Whether a request comes from the machine on which the server runs.

    Example:
        >>> is_this_machine({"client": ("::1", 0)}), is_this_machine({"client": None})
        (True, False)
    """
    host = read_address(_client(scope))
    return host != NOBODY and ipaddress.ip_address(host).is_loopback


def _client(scope: Mapping[str, Any]) -> str:
    client = scope.get("client")
    return str(client[0]) if client else NOBODY


def _around(host: str, bits: int) -> str:
    return str(ipaddress.ip_network((host, bits), strict=False))
