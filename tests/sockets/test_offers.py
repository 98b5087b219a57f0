"""Test that only what a page can send is accepted, before a state is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pitwall.web.account.page
import pitwall.web.live.page
import pitwall.web.races.page
import pitwall.web.replay.page  # noqa: F401  their states are registered when they are imported
from pitwall.web.socket.accepted_events import Offers, RefusedEventError
from tests.sockets.raw import ACCOUNT, LIVE, RACES, REPLAY, STATES

LOADS = f"{STATES}.hydrate_and_load"
VARS = f"{STATES}.reflex___state____update_vars_internal_state.update_vars_internal"
TROUBLE = f"{STATES}.reflex___state____frontend_event_exception_state.handle_frontend_exception"


@pytest.fixture(scope="module")
def offers(tmp_path_factory: pytest.TempPathFactory) -> Offers:
    """Return what a build offers whose scripts name some events."""
    folder = tmp_path_factory.mktemp("build")
    named = [f"{RACES}.search", f"{LIVE}.shift_delay", f"{LIVE}.set_delay", f"{REPLAY}.wish", VARS]
    named += [f"{REPLAY}.set_veil", f"{ACCOUNT}.show", f"{LIVE}.no_such_event", LIVE]
    (folder / "page.js").write_text(";".join(f'e("{name}")' for name in named))
    return Offers.of_build(folder)


def event(name: object, **payload: Any) -> dict[str, Any]:
    return {"name": name, "payload": payload, "router_data": {"pathname": "/"}}


@pytest.mark.parametrize(
    "said",
    [
        event(f"{RACES}.search", text="silverstone"),
        event(f"{LIVE}.shift_delay", seconds=-5),
        event(f"{LIVE}.set_delay", typed="12"),
        event(f"{LIVE}.set_delay", typed=12.5),
        event(f"{LIVE}.set_delay", typed=12),
        event(f"{REPLAY}.set_veil", wanted=True),
        event(f"{ACCOUNT}.show"),
        event(TROUBLE, info="TypeError", component_stack="at x"),
        event(LOADS),
    ],
)
def test_what_a_page_sends_is_taken(offers: Offers, said: dict[str, Any]) -> None:
    taken = offers.read(said)

    assert taken.name == said["name"]
    assert taken.router_data == {"pathname": "/"}
    if said["name"] != LOADS:
        assert taken.payload == said["payload"]


@pytest.mark.parametrize(
    "said",
    [
        event(VARS, vars={f"{LIVE}.tv_delay": "x" * 800_000}),
        event(f"{RACES}.setvar", var_name="said", value="x"),
        event(f"{STATES}.hydrate"),
        event(f"{STATES}.set_is_hydrated", value=True),
        event(f"{LIVE}.watch"),
        event(f"{LIVE}.end_watching"),
        event(f"{ACCOUNT}.recognise"),
        event("no.such.event"),
        event("x" * 900_000),
        event(f"{RACES}.search"),
        event(f"{RACES}.search", text=5),
        event(f"{RACES}.search", text=["a"]),
        event(f"{RACES}.search", text={"a": 1}),
        event(f"{RACES}.search", text=None),
        event(f"{RACES}.search", text="x" * 5_000),
        event(f"{RACES}.search", text="a", more="b"),
        event(f"{RACES}.search", self="a"),
        event(f"{LIVE}.shift_delay", seconds="5"),
        event(f"{LIVE}.shift_delay", seconds=True),
        event(f"{LIVE}.shift_delay", seconds=10**300),
        event(f"{REPLAY}.set_veil", wanted=1),
        event(None),
        event(["a"]),
        {"name": f"{RACES}.search", "payload": ["a"]},
        {},
        [],
        "text",
        None,
        7,
    ],
    ids=lambda said: str(said)[:60],
)
def test_anything_else_is_refused(offers: Offers, said: object) -> None:
    with pytest.raises(RefusedEventError) as refused:
        offers.read(said)

    assert len(refused.value.reason) < 80  # ours, whatever was said


def test_a_page_that_loads_says_what_its_browser_keeps_and_nothing_else(offers: Offers) -> None:
    kept = {
        f"{LIVE}.tv_delay_rx_state_": "12",
        f"{RACES}.played_rx_state_": "a b",
        f"{RACES}.spoilers_rx_state_": "x" * 20_000,
        f"{RACES}.said_rx_state_": "not what browsers keep",
        f"{ACCOUNT}.email_rx_state_": "somebody@example.org",
        "no.such.state_rx_state_": "x",
        f"{LIVE}.tv_delay": ["x"],
    }

    loaded = offers.read(event(LOADS, vars=kept, hashes=["ab", 5], more="x")).payload

    assert loaded == {
        "vars": {f"{LIVE}.tv_delay_rx_state_": "12", f"{RACES}.played_rx_state_": "a b"},
        "hashes": ["ab"],
    }


def test_of_where_a_page_is_only_what_fits_is_kept(offers: Offers) -> None:
    said = event(f"{ACCOUNT}.show") | {
        "router_data": {
            "pathname": "/account",
            "asPath": "x" * 50_000,
            "query": {"t": "12", "long": "x" * 50_000, "list": [1]},
            "headers": {"cookie": "pitwall=forged"},
            "ip": "192.0.2.1",
            "more": "x" * 50_000,
        }
    }

    assert offers.read(said).router_data == {"pathname": "/account", "query": {"t": "12"}}
    assert offers.read(said | {"router_data": {"asPath": "["}}).router_data == {}


def test_without_a_build_only_loading_is_offered(tmp_path: Path) -> None:
    assert {name.rpartition(".")[2] for name in Offers.of_build(tmp_path).names} == {
        "hydrate_and_load",
        "on_load_internal",
        "handle_frontend_exception",
    }
