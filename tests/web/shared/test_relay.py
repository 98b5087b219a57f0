"""Test that the relay sends deltas like Reflex's own, to the sockets that Reflex knows.

These tests fail when an upgrade of Reflex changes the internals that the relay relies on.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import reflex as rx
from reflex.state import StateUpdate
from reflex.utils.token_manager import SocketRecord
from reflex_base.registry import RegistrationContext

from pitwall import services
from pitwall.domain.circuits import TrackMap
from pitwall.web.live.state import LiveState
from pitwall.web.shared.page_rows import PageRows, page_rows
from pitwall.web.shared.relay import ROOM, Relay
from pitwall.web.socket.server import DoorServer
from tests.web.frames import make_frame
from tests.web.live.test_state import fake_services


def fresh_app() -> rx.App:
    """Return an app of its own, however many this process has made already."""
    with RegistrationContext.ensure_context().fork():
        return rx.App()


class Wire:
    """An attached relay and what it sent, room or socket by room or socket."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        app = fresh_app()
        sockets = app.event_namespace
        assert sockets is not None
        self.sockets = sockets
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.rooms: set[tuple[str, str]] = set()

        async def emit(event: str, data: StateUpdate, room: str) -> None:
            assert event == "event"
            [delta] = data.delta.values()
            self.sent.append((room, dict(delta)))

        async def enter_room(sid: str, room: str) -> None:
            self.rooms.add((sid, room))

        async def leave_room(sid: str, room: str) -> None:
            self.rooms.discard((sid, room))

        monkeypatch.setattr(sockets, "emit", emit)
        monkeypatch.setattr(sockets, "enter_room", enter_room)
        monkeypatch.setattr(sockets, "leave_room", leave_room)
        self.relay = Relay()
        self.relay.attach(app, LiveState)

    async def open_tab(self, token: str, sid: str) -> None:
        await self.sockets._token_manager.link_token_to_sid(token, sid)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(monkeypatch)


def test_a_delta_has_the_shape_of_reflex_own(wire: Wire) -> None:
    rows = page_rows(make_frame())
    state = LiveState(_reflex_internal_init=True)  # type: ignore[call-arg]
    for name in rows:
        setattr(state, name, getattr(state, name))  # marks it dirty
        state.dirty_vars.add(name)

    own = state.get_delta()

    [(own_name, own_variables)] = own.items()
    [(name, variables)] = wire.relay.delta(rows).items()
    assert name == own_name
    assert set(variables) == set(own_variables)


def test_every_row_has_a_variable_of_its_name() -> None:
    assert set(page_rows(make_frame())) <= set(LiveState.base_vars)


def test_rooms_and_tokens_are_where_reflex_keeps_them() -> None:
    sockets = fresh_app().event_namespace

    assert sockets is not None
    assert callable(sockets.enter_room)
    assert callable(sockets.leave_room)
    assert sockets._token_manager.token_to_socket == {}


async def test_only_what_changed_goes_to_the_room(wire: Wire) -> None:
    rows = page_rows(make_frame(0))

    await wire.relay.show_room(rows)
    await wire.relay.show_room(rows | {"pulse": {"sequence": 1}})
    await wire.relay.show_room(rows | {"pulse": {"sequence": 1}})

    assert [(room, set(delta)) for room, delta in wire.sent] == [
        (ROOM, {f"{name}_rx_state_" for name in rows}),
        (ROOM, {"pulse_rx_state_"}),
    ]


async def test_a_tab_that_joins_is_sent_everything_at_once(wire: Wire) -> None:
    rows = page_rows(make_frame(0))
    await wire.relay.show_room(rows)
    await wire.open_tab("tab", "socket")

    await wire.relay.join("tab")

    room, delta = wire.sent[-1]
    assert room == "socket"
    assert set(delta) == {f"{name}_rx_state_" for name in rows}
    assert wire.rooms == {("socket", ROOM)}


async def test_a_tab_that_leaves_gets_only_its_own(wire: Wire) -> None:
    await wire.open_tab("tab", "socket")
    await wire.relay.join("tab")

    await wire.relay.leave("tab")
    await wire.relay.show_tab("tab", page_rows(make_frame(0)))

    assert wire.rooms == set()
    assert [room for room, _ in wire.sent] == ["socket"]


async def test_a_closed_tab_is_sent_nothing(wire: Wire) -> None:
    await wire.relay.join("gone")
    await wire.relay.show_tab("gone", page_rows(make_frame(0)))

    assert not wire.relay.tab_is_open("gone")
    assert wire.sent == []


async def test_a_tab_of_another_worker_is_not_open_here(wire: Wire) -> None:
    await wire.open_tab("tab", "socket")
    tokens = wire.sockets._token_manager
    tokens.token_to_socket["theirs"] = SocketRecord(instance_id="another worker", sid="elsewhere")

    assert wire.relay.tab_is_open("tab")
    assert not wire.relay.tab_is_open("theirs")
    await wire.relay.show_tab("theirs", {"pulse": {}})
    assert wire.sent == []


async def test_a_bad_frame_does_not_end_the_stream(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cache = fake_services(monkeypatch).cache
    monkeypatch.setattr("pitwall.web.shared.relay.RESTART_S", 0)
    formatted: list[int] = []

    def fails_once(frame: Any, _cache_fault: str, _track: TrackMap) -> PageRows:
        formatted.append(frame.sequence)
        if len(formatted) == 1:
            raise ValueError("a bug")
        return {"pulse": {"sequence": frame.sequence}}

    monkeypatch.setattr("pitwall.web.shared.relay.page_rows", fails_once)
    assert services.current().live is cache
    running = asyncio.create_task(wire.relay.run())
    await cache.publish(make_frame(1))
    for _ in range(50):
        await asyncio.sleep(0)

    running.cancel()

    assert wire.sent == [(ROOM, {"pulse_rx_state_": {"sequence": 1}})]
    assert "relay stopped" in caplog.text


class SlowDoor(DoorServer):
    """A door at which some sockets do not read."""

    def __init__(self) -> None:
        self.behind: set[str] = set()

    def slow(self, room: str) -> set[str]:
        assert room == ROOM
        return set(self.behind)

    def is_behind(self, sid: str) -> bool:
        return sid in self.behind

    def caller(self, sid: str) -> Any:
        return sid


async def test_a_tab_that_does_not_read_is_left_out_and_then_sent_the_newest(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = SlowDoor()
    skipped: list[list[str]] = []

    async def emit(_event: str, data: StateUpdate, room: str, skip_sid: Any = ()) -> None:
        [delta] = data.delta.values()
        wire.sent.append((room, dict(delta)))
        skipped.append(list(skip_sid))

    assert wire.relay._app is not None
    monkeypatch.setattr(wire.relay._app, "sio", door)
    monkeypatch.setattr(wire.sockets, "emit", emit)
    await wire.open_tab("slow", "socket")
    await wire.relay.show_room({"pulse": 1, "cars": 1})
    door.behind.add("socket")

    await wire.relay.show_room({"pulse": 2, "cars": 1})
    assert not await wire.relay.show_tab("slow", {"pulse": 7})
    await wire.relay.show_room({"pulse": 3, "cars": 2})
    door.behind.clear()
    await wire.relay.show_room({"pulse": 4, "cars": 2})

    assert skipped == [[], ["socket"], ["socket"], [], []]
    assert wire.sent[-2] == ("socket", {"pulse_rx_state_": 4, "cars_rx_state_": 2})
    assert wire.sent[-1] == (ROOM, {"pulse_rx_state_": 4})
    assert await wire.relay.show_tab("slow", {"pulse": 7})
