"""Test that a state lives while its tab is open, and a moment longer."""

from __future__ import annotations

import asyncio

import pytest
from reflex.istate.manager.token import BaseStateToken
from reflex.state import State

from pitwall.web.socket import tab_states as module
from pitwall.web.socket.tab_states import TabStates, tab_states
from pitwall.web.socket.visitors import key_of_tab, log_in_of

LINGERS_S = 0.05


@pytest.fixture
def open_tabs() -> set[str]:
    return set()


@pytest.fixture
def states(open_tabs: set[str], monkeypatch: pytest.MonkeyPatch) -> TabStates:
    monkeypatch.setattr(TabStates.forget, "__defaults__", (LINGERS_S,))
    return tab_states(open_tabs.__contains__)


def of(tab: str) -> BaseStateToken:
    return BaseStateToken(ident=tab, cls=State)


async def test_a_closed_tabs_state_goes_and_an_open_ones_stays(
    states: TabStates, open_tabs: set[str]
) -> None:
    open_tabs |= {"open", "closed"}
    for tab in ("open", "closed"):
        await states.get_state(of(tab))

    open_tabs.discard("closed")
    states.forget("closed")
    assert len(states.states) == 2
    await asyncio.sleep(3 * LINGERS_S)

    assert [key.split("_")[0] for key in states.states] == ["open"]
    assert len(states._states_locks) + len(states._token_expires_at) <= 2


async def test_a_tab_that_was_cut_off_finds_its_state(
    states: TabStates, open_tabs: set[str]
) -> None:
    open_tabs.add("tab")
    state = await states.get_state(of("tab"))

    open_tabs.discard("tab")
    states.forget("tab")
    open_tabs.add("tab")
    await asyncio.sleep(3 * LINGERS_S)

    assert await states.get_state(of("tab")) is state


async def test_what_a_task_makes_after_its_tab_goes_too(states: TabStates) -> None:
    async with states.modify_state(of("tab")):
        await asyncio.sleep(3 * LINGERS_S)
        assert len(states.states) == 1  # never under somebody's hands

    await asyncio.sleep(3 * LINGERS_S)

    assert states.states == {}


async def test_closed_tabs_are_bounded_however_fast_they_come(
    states: TabStates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSED_AT_MOST", 20)

    for number in range(500):
        await states.get_state(of(f"tab{number}"))

    assert len(states.states) <= 20
    assert len(states._going) <= 20


def test_the_name_of_a_state_is_of_token_and_log_in() -> None:
    log_in = log_in_of("pitwall=abc", "http://localhost")

    assert key_of_tab("token", log_in) == key_of_tab("token", log_in)
    names = {key_of_tab("token", who) for who in ("", log_in, "other")}
    assert len(names | {key_of_tab("other", log_in)}) == 4
