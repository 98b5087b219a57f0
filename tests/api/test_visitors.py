"""Test visitors' addresses behind proxies, through IPv6 sockets, and with invalid entries."""

from __future__ import annotations

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from pitwall.api.protection.addresses import counted_as, read_address
from pitwall.api.protection.stack import Protection, Visitors
from pitwall.domain.addresses import NOBODY
from tests.api.conftest import PASSWORD, Clients

WHO = {"email": "ada@example.org", "password": PASSWORD}


async def seen(
    trusted: int, forwarded: list[str], proto: tuple[str, ...] = (), peer: str = "10.0.0.1"
) -> tuple[str, str]:
    found: list[tuple[str, str]] = []

    async def inner(scope: Scope, _receive: Receive, _send: Send) -> None:
        found.append((scope["client"][0], scope["scheme"]))

    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    headers += [(b"x-forwarded-proto", line.encode()) for line in proto]
    scope = {"type": "http", "scheme": "http", "client": (peer, 9), "headers": headers}
    app: ASGIApp = Visitors(inner, trusted)
    await app(scope, httpx.AsyncClient, httpx.AsyncClient)  # type: ignore[arg-type]  # not called
    return found[0]


@pytest.mark.parametrize(
    ("trusted", "lines", "visitor"),
    [
        (1, ["6.6.6.6", "7.7.7.7"], "7.7.7.7"),  # as HAProxy adds
        (1, ["5.5.5.5, 6.6.6.6", "7.7.7.7"], "7.7.7.7"),
        (2, ["5.5.5.5", "6.6.6.6", "7.7.7.7"], "6.6.6.6"),
        (2, ["5.5.5.5, 6.6.6.6, 7.7.7.7"], "6.6.6.6"),
        (3, ["7.7.7.7"], "7.7.7.7"),
        (1, [" , ,7.7.7.7, "], "7.7.7.7"),
        (1, [",", ""], "10.0.0.1"),
        (1, ["6.6.6.6, rubbish"], NOBODY),
        (1, ["1.2.3.4:5678"], "1.2.3.4"),
        (1, ["[2001:DB8::1]:443"], "2001:db8::1"),
        (1, ["::ffff:1.2.3.4"], "1.2.3.4"),
        (0, ["6.6.6.6"], "10.0.0.1"),
    ],
)
async def test_the_entry_of_the_trusted_proxy_counts(
    trusted: int, lines: list[str], visitor: str
) -> None:
    assert (await seen(trusted, lines))[0] == visitor


@pytest.mark.parametrize(
    ("trusted", "lines", "scheme"),
    [
        (1, ("https",), "https"),
        (1, ("https", "http"), "http"),
        (1, ("http", "https"), "https"),
        (1, ("http, https",), "https"),
        (1, ("ftp",), "http"),
        (0, ("https",), "http"),
    ],
)
async def test_the_nearest_proxy_says_the_scheme(
    trusted: int, lines: tuple[str, ...], scheme: str
) -> None:
    assert (await seen(trusted, ["7.7.7.7"], lines))[1] == scheme


async def test_an_ipv4_visitor_of_an_ipv6_socket_is_no_ipv6_household() -> None:
    assert (await seen(0, [], peer="::ffff:1.2.3.4"))[0] == "1.2.3.4"
    assert counted_as({"client": ("::ffff:1.2.3.4", 1)}) == ("1.2.3.4", None)
    assert counted_as({"client": ("::ffff:9.9.9.9", 1)}) == ("9.9.9.9", None)


@pytest.mark.parametrize(
    "entry",
    ["unknown", "_hidden", "", "1.2.3", "1.2.3.4.5", "999.1.1.1", "1.2.3.4:x", "[::1", "[]:80",
     "for=1.2.3.4", "a" * 100_000, "1.2.3.4 OR 1=1", "\x00", "[1.2.3.4:5"],
)  # fmt: skip
def test_what_is_no_address_is_one_visitor(entry: str) -> None:
    assert read_address(entry) == NOBODY


@pytest.mark.parametrize(
    ("entry", "address"),
    [('"[fe80::1%eth0]:1"', "fe80::1"), ("fe80::1%1", "fe80::1"), ("[::ffff:1.2.3.4]", "1.2.3.4")],
)
def test_odd_spellings_of_an_address_are_read(entry: str, address: str) -> None:
    assert read_address(entry) == address


class TestBehindAProxy:
    @pytest.fixture
    def protection(self) -> Protection:
        return Protection(trusted_proxies=1)

    async def _refused(self, clients: Clients, entries: list[str]) -> int:
        browser, answers = await clients.guest(), []
        for number, entry in enumerate(entries):
            who = WHO | {"email": f"{number}@example.org"}
            headers = [("X-Forwarded-For", f"6.6.6.{number}"), ("X-Forwarded-For", entry)]
            headers += [("X-Forwarded-Proto", "https")]
            own = [*browser.headers.items(), *headers]
            answers.append(await browser.post("/auth/login", json=who, headers=own))
        return [answer.status_code for answer in answers].count(429)

    async def test_what_a_visitor_forges_changes_nothing(self, clients: Clients) -> None:
        assert await self._refused(clients, ["7.7.7.7"] * 25) == 5

    async def test_rubbish_is_one_visitor(self, clients: Clients) -> None:
        assert await self._refused(clients, [f"rubbish-{number}" for number in range(25)]) == 5

    async def test_one_household_may_change_its_address(self, clients: Clients) -> None:
        assert await self._refused(clients, [f"2001:db8::{number:x}" for number in range(25)]) == 5

    async def test_a_network_of_many_households_has_a_looser_limit(self, clients: Clients) -> None:
        households = [f"2001:db8:0:{number:x}::1" for number in range(85)]

        assert await self._refused(clients, households) == 5
        assert await self._refused(clients, ["2001:db8:1::1"]) == 0

    async def test_a_household_does_not_use_up_the_quota_of_its_neighbours(
        self, clients: Clients
    ) -> None:
        assert await self._refused(clients, ["2001:db8::1"] * 100) == 80
        assert await self._refused(clients, ["2001:db8:0:1::1"] * 20) == 0
