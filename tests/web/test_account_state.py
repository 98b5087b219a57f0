"""A tab knows who looks from its cookie, shows what is his, and sends guests to log in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from pitwall import services
from pitwall.accounts.keys import ApiKeys
from pitwall.accounts.owning import Owning
from pitwall.accounts.service import Accounts
from pitwall.cache.memory import MemoryLiveCache
from pitwall.pipeline.ring import FrameRing
from pitwall.web.states.account import AccountState
from tests.accounts.memory import MemoryAccountStore, quick_passwords

recognise: Callable[[Any], Awaitable[None]] = AccountState.recognise.fn  # type: ignore[attr-defined]
show: Callable[[Any], Awaitable[object]] = AccountState.show.fn  # type: ignore[attr-defined]

EMAIL, PASSWORD = "ada@example.org", "an engine of brass"


class FakeTab:
    """The part of the state that the events touch."""

    _account = AccountState._account

    def __init__(self, cookie: str = "", origin: str = "http://localhost:8000") -> None:
        self.email, self.is_owner = "", False
        self.log_ins: list[object] = []
        self.keys: list[object] = []
        self.router = SimpleNamespace(headers=SimpleNamespace(cookie=cookie, origin=origin))


@pytest.fixture
def people() -> services.People:
    store, passwords = MemoryAccountStore(), quick_passwords()
    found = services.People(Accounts(store, passwords), ApiKeys(store), Owning(store, passwords))
    services.install(
        services.Services(MemoryLiveCache(), lambda _token: True, FrameRing(), accounts=found)
    )
    return found


async def token_of_ada(people: services.People) -> str:
    await people.accounts.create(EMAIL, PASSWORD, is_owner=True)
    return (await people.accounts.log_in(EMAIL, PASSWORD, "Firefox on Linux")).token


async def test_the_header_says_who_looks(people: services.People) -> None:
    tab = FakeTab(f"other=1; pitwall={await token_of_ada(people)}")

    await recognise(tab)

    assert (tab.email, tab.is_owner) == (EMAIL, True)


@pytest.mark.parametrize(
    ("cookie", "origin"),
    [
        ("", "http://localhost:8000"),
        ("pitwall=made-up", "http://localhost:8000"),
        ("pitwall={}", "https://pitwall.example"),  # over https only the __Host- name counts
    ],
)
async def test_anything_else_is_a_guest(people: services.People, cookie: str, origin: str) -> None:
    tab = FakeTab(cookie.format(await token_of_ada(people)), origin)

    await recognise(tab)

    assert tab.email == ""


async def test_without_a_database_everybody_is_a_guest() -> None:
    services.install(services.Services(MemoryLiveCache(), lambda _token: True, FrameRing()))
    tab = FakeTab("pitwall=made-up")

    await recognise(tab)

    assert tab.email == ""


async def test_the_account_page_shows_what_is_his(people: services.People) -> None:
    token = await token_of_ada(people)
    account = await people.accounts.whose_log_in(token)
    assert account is not None
    await people.keys.create(account, "laptop")
    await people.accounts.log_in(EMAIL, PASSWORD)
    tab = FakeTab(f"__Host-pitwall={token}", "https://pitwall.example")

    assert await show(tab) is None

    assert {row.browser for row in tab.log_ins} == {  # type: ignore[attr-defined]
        "Firefox on Linux",
        "A browser that does not tell",
    }
    assert [row.is_current for row in tab.log_ins].count(True) == 1  # type: ignore[attr-defined]
    assert [row.name for row in tab.keys] == ["laptop"]  # type: ignore[attr-defined]
    assert token not in str(tab.log_ins)


async def test_a_guest_is_sent_to_log_in_and_back(people: services.People) -> None:
    sent = await show(FakeTab())

    assert "/login?next=/account" in str(sent)
