"""Read visitors' addresses from requests and from what proxies write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pitwall.domain.addresses import NOBODY, AddressGroups, groups_of, is_loopback, plain_address

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
    return plain_address(found[1] or found[2] if found else text)


def counted_as(scope: Mapping[str, Any]) -> AddressGroups:
    """Return the household by which a visitor is counted, and for IPv6 the network around it.

    Example:
        >>> counted_as({"client": ("2001:db8::1:2:3:4", 0)}).network
        '2001:db8::/48'
    """
    return groups_of(read_address(_client(scope)))


def is_this_machine(scope: Mapping[str, Any]) -> bool:
    """Whether a request comes from the machine on which the server runs.

    Example:
        >>> is_this_machine({"client": ("::1", 0)}), is_this_machine({"client": None})
        (True, False)
    """
    return is_loopback(read_address(_client(scope)))


def _client(scope: Mapping[str, Any]) -> str:
    client = scope.get("client")
    return str(client[0]) if client else NOBODY
