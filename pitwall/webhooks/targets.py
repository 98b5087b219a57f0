"""Decide where a webhook may lead: never into the server's own network, unless its owner says so.

An address is judged after its name was resolved, and the connection is made to the address that was
judged. A name that leads elsewhere a moment later changes nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from pitwall.aio import unattended
from pitwall.domain.webhooks import HookKind
from pitwall.errors import PitwallError, RefusedFieldError, SettingsError, shown

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Sequence[str]]

LONGEST_URL: Final = 1_000
RESOLVED_WITHIN_S: Final = 4.0
_LOOK_UPS_AT_ONCE: Final = 64
_LOWEST_PORT: Final = 1024  # besides 443: below are mail, shells and other people's services
_HTTPS: Final = 443

_NAT64: Final = IPv6Network("64:ff9b::/96")
_6TO4: Final = IPv6Network("2002::/16")
_UNICAST: Final = IPv6Network("2000::/3")  # whatever else may be given out, it is not the internet
# What is inside of it, or of IPv4, and no host of the internet; Python's own list grows by release.
_NEVER: Final = (
    IPv6Network("2001::/23"),  # protocols, Teredo among them
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("3fff::/20"),  # likewise
    IPv4Network("192.0.0.0/24"),  # protocols
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
)

_FIELD: Final = "url"
_DISCORD: Final = ("discord.com", "discordapp.com")


class TargetError(PitwallError):
    """A webhook leads where it may not, or its name is not known."""

    status_code = 422


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook leads, after its name was resolved and judged.

    Attributes:
        addresses: The addresses to connect to, in order.
    """

    url: str
    host: str
    port: int
    addresses: tuple[str, ...]


def read_networks(text: str) -> tuple[Network, ...]:
    """Return the networks that a setting lists, separated by commas.

    Raises:
        SettingsError: One of them is no network.
    """
    networks = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        try:
            networks.append(ip_network(part))
        except ValueError:
            message = (
                "PITWALL_WEBHOOKS_ALLOW takes networks such as 10.0.0.0/8 or fd00::/8, separated "
                f"by commas, but has {shown(part)}"
            )
            raise SettingsError(message) from None
    return tuple(networks)


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, whichever way it is written.

    Example:
        >>> [is_public(ip_address(a)) for a in ("1.1.1.1", "10.0.0.1", "::ffff:127.0.0.1")]
        [True, False, False]
    """
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_public(inner)
        if address not in _UNICAST:
            return False
    if any(address.version == never.version and address in never for never in _NEVER):
        return False
    return address.is_global and not address.is_multicast


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address to which a gateway or the system would pass a packet on."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour if address in _6TO4 else None


def receiver_at(url: str) -> HookKind:
    """Return the kind of receiver that an address names.

    Example:
        >>> receiver_at("https://ntfy.sh/my-battles").value
        'ntfy'
        >>> receiver_at("https://discord.com/api/webhooks/1/a").value, receiver_at("https://a.org/").value
        ('discord', 'generic')
    """
    parts = _split(url)
    host = parts.hostname or ""
    if host == "ntfy.sh" and parts.path.strip("/"):
        return HookKind.NTFY
    is_discord = any(host == name or host.endswith(f".{name}") for name in _DISCORD)
    if is_discord and parts.path.startswith("/api/webhooks/"):
        return HookKind.DISCORD
    return HookKind.GENERIC


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it checks it
    except ValueError:
        message = "This is no address: it takes https://HOST[:PORT]/PATH."
        raise TargetError(message) from None
    return parts


class Targets:
    """Judges where webhooks lead.

    Args:
        allowed: Networks that are not public but may be sent to, over plain HTTP and at any port
            too.
        resolve: Returns the addresses of a name; blocks. Tests give their own.
    """

    def __init__(self, allowed: Sequence[Network] = (), resolve: Resolve | None = None) -> None:
        self._allowed = tuple(allowed)
        self._resolve = resolve or _resolved
        # A name server that does not answer holds a thread for half a minute.
        self._places = asyncio.Semaphore(_LOOK_UPS_AT_ONCE)

    async def check(self, url: str, kind: HookKind) -> None:
        """Judge an address as its owner registers it.

        Raises:
            RefusedFieldError: It may not be sent to; the reason says what is wrong with it.
        """
        try:
            parts = self._judged(url)
            await self.find(url)
        except TargetError as error:
            raise RefusedFieldError(_FIELD, str(error)) from None
        if kind is HookKind.NTFY and not _is_topic(parts.path):
            message = "An ntfy address ends in one topic, such as https://ntfy.sh/my-battles."
            raise RefusedFieldError(_FIELD, message)

    async def find(self, url: str) -> Target:
        """Resolve and judge an address.

        Raises:
            TargetError: It may not be sent to, or its name is not known.
        """
        parts = self._judged(url)
        host, port = parts.hostname or "", parts.port or (_HTTPS if _is_tls(parts) else 80)
        try:
            async with asyncio.timeout(RESOLVED_WITHIN_S):
                found = await self._looked_up(host, port)
        except TimeoutError:
            message = f"The name {shown(host)} was not resolved in time."
            raise TargetError(message) from None
        except (OSError, UnicodeError):
            message = f"There is no host {shown(host)}."
            raise TargetError(message) from None
        addresses = [ip_address(each.partition("%")[0]) for each in found]
        if not addresses:
            message = f"There is no host {shown(host)}."
            raise TargetError(message)
        # All of them, so that it does not depend on luck whether a name is refused.
        for address in addresses:
            self._judge(address, parts, port)
        return Target(url, host, port, tuple(map(str, addresses)))

    async def _looked_up(self, host: str, port: int) -> Sequence[str]:
        """Resolve a name in a thread; its place is free again when the thread has ended."""
        loop = asyncio.get_running_loop()

        def look_up() -> Sequence[str]:
            try:
                return self._resolve(host, port)
            finally:
                with suppress(RuntimeError):  # the loop has ended meanwhile
                    loop.call_soon_threadsafe(self._places.release)

        await self._places.acquire()
        return await unattended(look_up, "webhook-name")

    def _judged(self, url: str) -> SplitResult:
        """Return the parts of an address whose form is right.

        Raises:
            TargetError: It is not.
        """
        message = ""
        parts = _split(url)
        if len(url) > LONGEST_URL:
            message = f"An address may have at most {LONGEST_URL} characters."
        elif not url.isascii() or not url.isprintable() or " " in url:
            message = "An address has only ASCII letters, digits and signs; encode the others."
        elif parts.scheme not in {"http", "https"}:
            message = f"It takes https://HOST[:PORT]/PATH, not the scheme {shown(parts.scheme)}."
        elif not parts.hostname:
            message = "The address names no host: it takes https://HOST[:PORT]/PATH."
        elif parts.username is not None or parts.password is not None:
            message = "Leave user and password out of the address."
        elif not _is_tls(parts) and not self._allowed:
            message = "It must begin with https://, since what is sent could be read on the way."
        if message:
            raise TargetError(message)
        return parts

    def _judge(self, address: Address, parts: SplitResult, port: int) -> None:
        inner = _inner(address) if isinstance(address, IPv6Address) else None
        for each in filter(None, (address, inner)):
            if any(
                each.version == network.version and each in network for network in self._allowed
            ):
                return
        if not is_public(address):
            message = (
                f"{shown(parts.hostname)} does not lead to the public internet. The owner of this "
                "server can allow networks of their own (PITWALL_WEBHOOKS_ALLOW)."
            )
        elif not _is_tls(parts):
            message = "It must begin with https://, since what is sent could be read on the way."
        elif port != _HTTPS and port < _LOWEST_PORT:
            message = f"Port {port} is not allowed: take 443, or one from {_LOWEST_PORT} on."
        else:
            return
        raise TargetError(message)


def _is_tls(parts: SplitResult) -> bool:
    return parts.scheme == "https"


def _is_topic(path: str) -> bool:
    topic = path.strip("/")
    return bool(topic) and "/" not in topic


def _resolved(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]
