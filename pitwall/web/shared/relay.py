"""Send rows to browsers: one emit for the whole room, or one for a tab with its own clock.

Outside of `pitwall.web.socket` this is THE ONLY MODULE THAT TOUCHES REFLEX INTERNALS: the suffix
of variables in a delta, the event namespace, its token manager and its rooms.
`tests/web/shared/test_relay.py` fails when an upgrade of Reflex breaks one of them.

Rows bypass the server-side state on purpose. A delta for each tab would cost every tab a state
load, a lock and a diff four times a second; a room costs one formatting and one encoding in all.

A tab that reads too slowly is skipped while too much waits for it, and is then sent the newest
picture whole: what it missed in between is never buffered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing

import reflex as rx
from reflex.app import EventNamespace
from reflex.state import StateUpdate
from reflex_base.event import Event, EventSpec

from pitwall import services
from pitwall.domain.circuits import NO_MAP, TrackMap
from pitwall.domain.frames import LiveFrame
from pitwall.domain.race import Phase
from pitwall.recording.race_recorder import stored_race_id
from pitwall.web.shared.page_rows import PageRows, changed_rows, page_rows
from pitwall.web.socket.server import DoorServer


def live_map(frame: LiveFrame) -> TrackMap:
    """Return the map of the circuit of a frame's race, as far as it is known by now."""
    if not frame.header.race_id:
        return NO_MAP
    is_racing = frame.header.phase is Phase.STARTED
    return map_of(stored_race_id(frame.header), is_racing=is_racing)


def map_of(race_id: str, *, is_racing: bool = False) -> TrackMap:
    """Return the map of the circuit of a stored race, as far as it is known by now."""
    maps = services.current().maps
    return TrackMap(race_id) if maps is None else maps.map_of(race_id, is_racing=is_racing)


ROOM = "live"

VARIABLE_SUFFIX = "_rx_state_"

RESTART_S = 1.0

log = logging.getLogger(__name__)


class Relay:
    """Sends rows to the room of tabs that show the newest frame, and to single tabs.

    Only variables that changed since the last emit are sent to the room; a tab that joins is
    sent all of them first. A lock keeps the two in order.
    """

    def __init__(self) -> None:
        self._app: rx.App | None = None
        self._state_name = ""
        self._sent: PageRows = {}
        self._order = asyncio.Lock()
        self._left_out: set[str] = set()

    def attach(self, app: rx.App, state: type[rx.State]) -> None:
        """Set the app whose sockets are used, and the state that shows the rows."""
        self._app = app
        self._state_name = state.get_full_name()

    async def run(self) -> None:
        """Relay each newest frame to the room, without end: a lifespan task of each worker."""
        while True:
            try:
                ports = services.current()
                async with aclosing(ports.live.frames()) as frames:
                    async for frame in frames:
                        await self.show_room(page_rows(frame, ports.cache_fault(), live_map(frame)))
            except Exception:  # one bad frame must not end the stream for all
                log.exception("relay stopped", extra={"restart_s": RESTART_S})
            await asyncio.sleep(RESTART_S)

    async def show_room(self, rows: PageRows) -> None:
        """Send the variables that changed to every tab in the room."""
        async with self._order:
            changed = changed_rows(rows, self._sent)
            self._sent = rows
            await self._catch_up()
            if changed:
                await self._emit(changed, ROOM, skip=list(self._left_out))

    async def join(self, client_token: str) -> None:
        """Put a tab in the room and bring it up to date at once."""
        sid = self._socket_of(client_token)
        if sid is None:
            return
        async with self._order:
            await self._sockets().enter_room(sid, ROOM)
            if self._sent:
                await self._emit(self._sent, sid)

    async def leave(self, client_token: str) -> None:
        """Take a tab out of the room; from then on it receives only what `show_tab` sends."""
        sid = self._socket_of(client_token)
        if sid is not None:
            async with self._order:
                await self._sockets().leave_room(sid, ROOM)
                self._left_out.discard(sid)

    async def show_tab(
        self, client_token: str, rows: PageRows, beside: Mapping[str, PageRows] | None = None
    ) -> bool:
        """Send rows to one tab, if it is connected and keeps up with reading.

        Returns:
            Whether they were sent. If not, a caller that sends changes only must start again
            with all rows.

        Args:
            client_token: Which tab.
            rows: Rows of the attached state.
            beside: Variables of other states, by their full names; they arrive together.
        """
        sid = self._socket_of(client_token)
        if sid is None or self._is_behind(sid):
            return False
        await self._emit(rows, sid, beside)
        return True

    async def send_event(self, client_token: str, event: EventSpec) -> None:
        """Send an event to the browser of one tab, such as a redirect."""
        sid = self._socket_of(client_token)
        if sid is not None:
            update = StateUpdate(events=Event.from_event_type(event))
            await self._sockets().emit("event", update, room=sid)

    def tab_is_open(self, client_token: str) -> bool:
        """Whether the tab with this token is connected to this worker."""
        return self._socket_of(client_token) is not None

    def delta(self, rows: PageRows) -> dict[str, PageRows]:
        """Return rows in the shape of a Reflex delta of the attached state."""
        return {self._state_name: _suffixed(rows)}

    async def _catch_up(self) -> None:
        """Send everything to the skipped tabs of the room that have caught up."""
        server = self._server()
        if server is None:
            return
        slow = server.slow(ROOM)
        for sid in self._left_out - slow:
            if server.caller(sid) is not None:
                await self._emit(self._sent, sid)
        self._left_out = slow

    def _is_behind(self, sid: str) -> bool:
        server = self._server()
        return server is not None and server.is_behind(sid)

    def _server(self) -> DoorServer | None:
        server = self._app.sio if self._app is not None else None
        return server if isinstance(server, DoorServer) else None

    async def _emit(
        self,
        rows: PageRows,
        room: str,
        beside: Mapping[str, PageRows] | None = None,
        skip: list[str] | None = None,
    ) -> None:
        delta = self.delta(rows) if rows else {}
        for name, own in (beside or {}).items():
            delta[name] = _suffixed(own)
        leaving_out = {"skip_sid": skip} if skip else {}
        await self._sockets().emit("event", StateUpdate(delta=delta), room=room, **leaving_out)

    def _socket_of(self, client_token: str) -> str | None:
        tokens = self._sockets()._token_manager
        record = tokens.token_to_socket.get(client_token)
        # With Redis, the records of other workers' tabs are among these.
        if record is None or record.instance_id != tokens.instance_id:
            return None
        return record.sid

    def _sockets(self) -> EventNamespace:
        if self._app is None or self._app.event_namespace is None:
            message = "the relay is not attached to an app with sockets"
            raise RuntimeError(message)
        return self._app.event_namespace


def _suffixed(rows: PageRows) -> PageRows:
    return {f"{name}{VARIABLE_SUFFIX}": value for name, value in rows.items()}


relay = Relay()
"""This worker's relay; `pitwall.pitwall` attaches it to the app."""
