"""Test that a tab knows its account by cookie, shows it, and sends guests to log in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from pitwall import services
from pitwall.accounts.admin import AccountAdmin
from pitwall.accounts.keys import ApiKeys
from pitwall.accounts.service import Accounts
from pitwall.cache.memory import MemoryLiveCache
from pitwall.live.publishing import FrameRing
from pitwall.web.account.ended_log_ins import end_what_ended
from pitwall.web.replay.tab import LOG_IN_ENDED, TabReplay, tabs
from pitwall.web.shared.account_state import AccountState, shows_account
from pitwall.web.shared.page_rows import PageRows
from pitwall.web.socket.visitors import Visitor, log_in_of, visitors
from tests.accounts.memory import MemoryAccountStore, quick_passwords
from tests.web.replay.test_tab import LINE, Looking

recognise: Callable[[Any], Awaitable[None]] = AccountState.recognise.fn  # type: ignore[attr-defined]
show: Callable[[Any], Awaitable[object]] = AccountState.show.fn  # type: ignore[attr-defined]

Opens = Callable[..., Any]

EMAIL, PASSWORD = "ada@example.org", "an engine of brass"


class FakeTab:
    """The part of the state that the events touch, and what the browser was told."""

    def __init__(self, cookie: str = "", origin: str = "http://localhost:8000") -> None:
        self.router = SimpleNamespace(session=SimpleNamespace(client_token="tab"))
        self.told: dict[str, Any] = {}
        visitors.add("tab", Visitor(log_in_of(cookie, origin)))

    async def show_tab(self, tab: str, _rows: PageRows, beside: dict[str, PageRows]) -> bool:
        assert tab == "tab"
        self.told |= beside[AccountState.get_full_name()]
        return True

    async def send_event(self, tab: str, event: object) -> None:
        assert tab == "tab"
        self.told["sent_to"] = str(event)


@pytest.fixture(autouse=True)
def nobody_stays() -> Iterator[None]:
    yield
    visitors.remove("tab")
    shows_account.clear()


@pytest.fixture
def open_tab(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeTab]:
    def make(*told: str) -> FakeTab:
        tab = FakeTab(*told)
        monkeypatch.setattr("pitwall.web.shared.account_state.relay", tab)
        monkeypatch.setattr("pitwall.web.account.ended_log_ins.relay", tab)
        return tab

    return make


@pytest.fixture
def people() -> services.People:
    store, passwords = MemoryAccountStore(), quick_passwords()
    found = services.People(
        Accounts(store, passwords), ApiKeys(store), AccountAdmin(store, passwords)
    )
    services.install(
        services.Services(MemoryLiveCache(), lambda _token: True, FrameRing(), accounts=found)
    )
    return found


async def token_of_ada(people: services.People) -> str:
    await people.accounts.create(EMAIL, PASSWORD, is_owner=True)
    return (await people.accounts.log_in(EMAIL, PASSWORD, "Firefox on Linux")).token


async def test_the_header_says_who_looks(people: services.People, open_tab: Opens) -> None:
    tab = open_tab(f"other=1; pitwall={await token_of_ada(people)}")

    await recognise(tab)

    assert tab.told == {"email": EMAIL, "is_owner": True}


@pytest.mark.parametrize(
    ("cookie", "origin"),
    [
        ("", "http://localhost:8000"),
        ("pitwall=made-up", "http://localhost:8000"),
        ("pitwall={}", "https://pitwall.example"),  # over https only the __Host- name counts
    ],
)
async def test_anything_else_is_a_guest(
    people: services.People, open_tab: Opens, cookie: str, origin: str
) -> None:
    tab = open_tab(cookie.format(await token_of_ada(people)), origin)

    await recognise(tab)

    assert tab.told == {"email": "", "is_owner": False}


async def test_without_a_database_everybody_is_a_guest(open_tab: Opens) -> None:
    services.install(services.Services(MemoryLiveCache(), lambda _token: True, FrameRing()))
    tab = open_tab("pitwall=made-up")

    await recognise(tab)

    assert tab.told == {"email": "", "is_owner": False}


async def test_the_account_page_shows_what_is_theirs(
    people: services.People, open_tab: Opens
) -> None:
    token = await token_of_ada(people)
    account = await people.accounts.whose_log_in(token)
    assert account is not None
    await people.keys.create(account, "laptop")
    await people.accounts.log_in(EMAIL, PASSWORD)
    tab = open_tab(f"__Host-pitwall={token}", "https://pitwall.example")

    assert await show(tab) is None

    assert {row["browser"] for row in tab.told["log_ins"]} == {
        "Firefox on Linux",
        "Unknown browser",
    }
    assert [row["is_current"] for row in tab.told["log_ins"]].count(True) == 1
    assert [row["name"] for row in tab.told["keys"]] == ["laptop"]
    assert token not in str(tab.told)


async def test_a_guest_is_sent_to_log_in_and_back(people: services.People, open_tab: Opens) -> None:
    sent = await show(open_tab())

    assert "/login?next=/account" in str(sent)


@pytest.mark.parametrize("how", ["logged out", "account deleted"])
async def test_when_a_log_in_ends_its_tabs_are_a_guests(
    people: services.People, open_tab: Opens, how: str
) -> None:
    token = await token_of_ada(people)
    account = await people.accounts.whose_log_in(token)
    assert account is not None
    await people.keys.create(account, "laptop")
    tab = open_tab(f"pitwall={token}")
    await show(tab)
    replay = TabReplay(Looking(), LINE, veiled=False)
    replay.is_members = True
    tabs.put("tab", 1, replay)

    await end_what_ended()
    assert (replay.ended, tab.told["email"]) == ("", EMAIL)
    if how == "logged out":
        await people.accounts.log_out(account)
    else:
        await people.accounts.delete(account, PASSWORD)
    await end_what_ended()

    tabs.end("tab", 1)
    assert replay.ended == LOG_IN_ENDED
    assert replay.woken.is_set()
    assert (tab.told["email"], tab.told["keys"], tab.told["log_ins"]) == ("", [], [])
    assert "/login?next=/account" in tab.told["sent_to"]
    assert not visitors.logged_in()


async def test_a_guests_replay_ends_with_nobodys_log_in(
    people: services.People, open_tab: Opens
) -> None:
    open_tab("pitwall=made-up")
    replay = TabReplay(Looking(), LINE, veiled=False)
    tabs.put("tab", 1, replay)

    await end_what_ended()

    tabs.end("tab", 1)
    assert replay.ended == ""
