"""Test that webhooks lead to the public internet, whichever way another address is written."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from pitwall.domain.webhooks import HookKind
from pitwall.errors import RefusedFieldError, SettingsError
from pitwall.webhooks import targets as under_test
from pitwall.webhooks.targets import TargetError, Targets, read_networks

PUBLIC = "93.184.216.34"


def leading_to(*addresses: str, allowed: str = "") -> Targets:
    return Targets(read_networks(allowed), lambda _host, _port: addresses)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104  an address to refuse
        "10.0.0.1",
        "172.16.5.5",
        "192.168.1.1",
        "100.64.0.1",  # carriers' own
        "169.254.169.254",  # metadata of clouds
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "192.88.99.1",
        "224.0.0.251",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:a9fe:a9fe",
        "::127.0.0.1",  # IPv4-compatible
        "64:ff9b::127.0.0.1",  # NAT64
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::1",  # 6to4 of 127.0.0.1
        "2002:a00:1::1",
        "2001:0:53aa:64c::1",  # Teredo
        "100::1",
        "3fff::1",
        "5f00::1",
    ],
)
async def test_refuses_addresses_that_are_not_public(address: str) -> None:
    with pytest.raises(TargetError, match="does not lead to the public internet"):
        await leading_to(address).find("https://hooks.example.org/a")


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
async def test_takes_public_addresses(address: str) -> None:
    target = await leading_to(address).find("https://hooks.example.org/a")
    assert (target.port, target.addresses) == (443, (address,))


async def test_refuses_a_name_that_leads_to_one_private_address_among_others() -> None:
    with pytest.raises(TargetError):
        await leading_to(PUBLIC, "10.0.0.1").find("https://hooks.example.org/a")


@pytest.mark.parametrize(
    "url",
    [
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:7f00:1]/",
    ],
)
async def test_the_systems_own_resolver_is_judged_too(url: str) -> None:
    with pytest.raises(TargetError, match="does not lead to the public internet"):
        await Targets().find(url)


async def test_the_owner_may_allow_networks_with_plain_http_and_any_port() -> None:
    allowed = "10.0.0.0/8, fd00::/8"
    for address in ("10.0.0.1", "fd00::1", "::ffff:10.0.0.1"):
        target = await leading_to(address, allowed=allowed).find("http://nas.lan:80/a")
        assert target.addresses == (str(ip_address(address)),)
    for address, reason in (("192.168.0.1", "public internet"), (PUBLIC, "https://")):
        with pytest.raises(TargetError, match=reason):
            await leading_to(address, allowed=allowed).find("http://nas.lan:80/a")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://hooks.example.org/", "must begin with https://"),
        ("ftp://hooks.example.org/", "not the scheme 'ftp'"),
        ("file:///etc/passwd", "not the scheme 'file'"),
        ("hooks.example.org", "not the scheme ''"),
        ("https://", "names no host"),
        ("https://ada:secret@hooks.example.org/", "Leave user and password out"),
        ("https://hooks.example.org:99999/", "no address"),
        ("https://[::1/", "no address"),
        ("https://hooks.example.org/\r\nHost: other", "only ASCII"),
        ("https://hooks.example.org/a b", "only ASCII"),
        ("https://höks.example.org/", "only ASCII"),
        ("https://hooks.example.org:25/", "Port 25 is not allowed"),
        ("https://hooks.example.org/" + "a" * 1_000, "at most 1000 characters"),
    ],
)
async def test_says_what_is_wrong_with_an_address(url: str, reason: str) -> None:
    with pytest.raises(RefusedFieldError, match=reason) as refusal:
        await leading_to(PUBLIC).check(url, HookKind.GENERIC)
    assert refusal.value.field == "url"


@pytest.mark.parametrize("path", ["", "/", "/a/b"])
async def test_an_ntfy_address_ends_in_one_topic(path: str) -> None:
    with pytest.raises(RefusedFieldError, match="one topic"):
        await leading_to(PUBLIC).check(f"https://ntfy.example.org{path}", HookKind.NTFY)


async def test_a_name_that_nobody_knows_is_refused() -> None:
    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise OSError

    with pytest.raises(TargetError, match=r"There is no host 'no\.example'"):
        await Targets(resolve=unknown).find("https://no.example/")


async def test_a_name_server_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(under_test, "RESOLVED_WITHIN_S", 0.1)
    ends = threading.Event()

    def slow(_host: str, _port: int) -> Sequence[str]:
        ends.wait(10)
        return [PUBLIC]

    targets = Targets(resolve=slow)
    began_s = asyncio.get_running_loop().time()
    with pytest.raises(TargetError, match="not resolved in time"):
        await targets.find("https://slow.example/")
    assert asyncio.get_running_loop().time() - began_s < 2
    ends.set()


@pytest.mark.parametrize("text", ["10.0.0.0/8,home", "10.0.0.1/8", "*"])
def test_the_setting_names_what_is_no_network(text: str) -> None:
    with pytest.raises(SettingsError, match="PITWALL_WEBHOOKS_ALLOW takes networks"):
        read_networks(text)
