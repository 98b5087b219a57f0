"""Put the guarded socket server between the browser and Reflex; `pitwall.pitwall` calls this."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol, runtime_checkable

import reflex as rx
from reflex.app import _sio_dumps, _sio_loads
from reflex.istate.manager.memory import StateManagerMemory
from reflex_base.config import get_config
from reflex_base.environment import environment

from pitwall.web.socket.accepted_events import Offers
from pitwall.web.socket.namespace import DoorNamespace
from pitwall.web.socket.refusal_log import Complaints
from pitwall.web.socket.server import FRAME_CHARACTERS, DoorServer
from pitwall.web.socket.tab_states import LINGERS_S, TabStates, tab_states


@runtime_checkable
class SharedForgetting(Protocol):
    """Shared states that can be forgotten; implemented by `pitwall.web.socket.redis_states`."""

    async def forget_shared(self, tab: str) -> None:
        """Forget the state of a tab that is closed."""


complaints = Complaints()
"""Counts what this worker refused at its sockets."""


def door_server() -> DoorServer:
    """Return the guarded socket server for the app, with the settings that Reflex uses."""
    return DoorServer(
        complaints,
        async_mode="asgi",
        cors_allowed_origins=[],  # `pitwall.api.protection` decides which origins are allowed
        max_http_buffer_size=FRAME_CHARACTERS,
        ping_interval=environment.REFLEX_SOCKET_INTERVAL.get().total_seconds(),
        ping_timeout=environment.REFLEX_SOCKET_TIMEOUT.get().total_seconds(),
        json=SimpleNamespace(dumps=staticmethod(_sio_dumps), loads=staticmethod(_sio_loads)),
        allow_upgrades=False,
        transports=["websocket"],
        async_handlers=False,
    )


def guard(app: rx.App, build: Path) -> None:
    """Let the app receive only known tabs and events, and drop states when their tab is gone.

    Args:
        app: Made with `door_server()`; all its pages are added.
        build: The folder of the built front end.

    Raises:
        RuntimeError: The app was made without `door_server()`.
    """
    server = app.sio
    if not isinstance(server, DoorServer):
        message = "the app was made without the door of its socket"
        raise RuntimeError(message)  # noqa: TRY004  not what somebody passed, but how it is wired
    offers = Offers.of_build(build)
    namespace = DoorNamespace(
        get_config().get_event_namespace(), app, lambda: offers, lambda tab: _forget(app, tab)
    )
    app._event_namespace = namespace
    server.register_namespace(namespace)
    if isinstance(app._state_manager, StateManagerMemory):
        app._state_manager = tab_states(lambda tab: tab_is_open(app, tab))


def tab_is_open(app: rx.App, tab: str) -> bool:
    """Whether a tab is connected to this worker or, as far as is known here, to another."""
    sockets = app.event_namespace
    return sockets is not None and tab in sockets._token_manager.token_to_socket


def on_page_trouble(exception: Exception) -> None:
    """Count an error that a page's script reported; its content is not trusted."""
    complaints.note("the script of a page reported an error", str(exception))


_going: set[asyncio.Task[Any]] = set()


def _forget(app: rx.App, tab: str) -> None:
    states = app._state_manager
    if isinstance(states, TabStates):
        states.forget(tab)
    elif isinstance(states, SharedForgetting):
        task = asyncio.create_task(_forget_shared(app, states, tab))
        _going.add(task)
        task.add_done_callback(_going.discard)


async def _forget_shared(app: rx.App, states: SharedForgetting, tab: str) -> None:
    await asyncio.sleep(LINGERS_S)
    sockets = app.event_namespace
    if sockets is not None and not await sockets._token_manager.is_token_connected(tab):
        await states.forget_shared(tab)
