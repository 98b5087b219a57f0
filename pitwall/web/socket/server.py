"""Serve the sockets within bounds: on their number, on what each sends, and on what waits for each.

A frame is judged by its first characters and by the budgets of its socket and address. A socket
that sends too much too often is cut, and so is one that does not read. A tab that reads slowly is
left to `pitwall.web.shared.relay`, which later sends it only the newest picture.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import engineio
import socketio

from pitwall.domain.addresses import NOBODY, AddressGroups, groups_of
from pitwall.web.socket.connection import SendQueue, Wire
from pitwall.web.socket.rates import AddressBuckets, Bucket
from pitwall.web.socket.refusal_log import Complaints

FRAME_CHARACTERS: Final = 64_000
# A slider sends ten commands a second, a held key thirty. Above twenty some are skipped, and only a
# rate that no person reaches ends the socket.
EVENTS_A_SECOND: Final = 20.0
EVENTS_AT_ONCE: Final = 40.0
EXCESS_A_SECOND: Final = 15.0
EXCESS_AT_ONCE: Final = 200.0
# For one address, or one /64 of IPv6: a house full of viewers.
ADDRESS_EVENTS: Final = (80.0, 800.0)
ADDRESS_OPENS: Final = (20.0, 2_000.0)
SOCKETS_OF_ADDRESS: Final = 2_500
SOCKETS_OF_NETWORK: Final = 4_000  # of one /48 of IPv6: others must find a place too
SOCKETS: Final = 5_000
STRIKES: Final = 10  # frames that no page sends
JOINS_WITHIN_S: Final = 20.0
UNREAD_S: Final = 10.0
BEHIND_S: Final = 30.0
LOOKS_EVERY_S: Final = 2.0

_NAMESPACE: Final = "/_event"
_EVENT: Final = f"42{_NAMESPACE},"
_TALK: Final = (f"40{_NAMESPACE},", f"41{_NAMESPACE},", _EVENT)
_WORDS: Final = {"event": 2, "ping": 1, "client_error": 2}


@dataclass(slots=True)
class Caller:
    """One open socket.

    Attributes:
        address: The household and network that it comes from.
        outbox: The messages that wait for it.
        wire: The WebSocket, once it is open.
        behind_since: Since when too much waits; None while it keeps up.
    """

    address: AddressGroups
    outbox: SendQueue
    opened_s: float
    budget: Bucket
    excess: Bucket
    wire: Wire | None = None
    is_joined: bool = False
    strikes: int = 0
    behind_since: float | None = None

    def cut(self) -> None:
        """End the socket now."""
        self.outbox.drop()
        if self.wire is not None:
            self.wire.cut()


class DoorEngine(engineio.AsyncServer):  # type: ignore[misc]  # python-engineio is not typed
    """python-engineio's server with our WebSocket and a queue that knows its size."""

    door: DoorServer

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  engineio's own
        super().__init__(**options)
        self._async: dict[str, Any] = {**self._async, "websocket": Wire}

    def create_queue(self, *_args: object, **_options: object) -> SendQueue:
        """Return the queue of a new socket."""
        return SendQueue()

    def attach(self, socket: Any, wire: Wire) -> Callable[[object], bool]:  # noqa: ANN401
        """Note the WebSocket of a socket; return the function that decides which frames pass."""
        return self.door.attach(socket.sid, wire)


class DoorServer(socketio.AsyncServer):  # type: ignore[misc]  # python-socketio is not typed
    """Serves sockets as python-socketio does, within bounds.

    Args:
        complaints: Counts refusals.
        options: Options of python-socketio's server.
    """

    def __init__(self, complaints: Complaints, **options: Any) -> None:  # noqa: ANN401
        self.complaints = complaints
        self.callers: dict[str, Caller] = {}
        self._of_address: Counter[str] = Counter()
        self._opens = AddressBuckets(*ADDRESS_OPENS)
        self._events = AddressBuckets(*ADDRESS_EVENTS)
        self._looking: asyncio.Task[None] | None = None
        super().__init__(**options)
        self.eio.door = self

    def caller(self, sid: str) -> Caller | None:
        """Return the caller of a socket, by the socket id that Reflex uses."""
        return self.callers.get(self.manager.eio_sid_from_sid(sid, _NAMESPACE) or "")

    def is_behind(self, sid: str) -> bool:
        """Whether more waits for a socket than for one that keeps up with reading."""
        caller = self.caller(sid)
        return caller is not None and caller.outbox.is_behind

    def slow(self, room: str) -> set[str]:
        """Return the sockets of a room that do not keep up with reading."""
        slow = [eio for eio, caller in self.callers.items() if caller.outbox.is_behind]
        members = self.manager.rooms.get(_NAMESPACE, {}).get(room, {}) if slow else {}
        named = {self.manager.sid_from_eio_sid(eio, _NAMESPACE) for eio in slow}
        return {sid for sid in named if sid in members}

    def strike(self, sid: str) -> None:
        """Count a frame or event that no page sends against its socket."""
        caller = self.caller(sid)
        if caller is not None:
            self._strike(caller)

    def attach(self, eio_sid: str, wire: Wire) -> Callable[[object], bool]:
        """Note the WebSocket of a socket; return the function that decides which frames pass."""
        caller = self.callers.get(eio_sid)
        if caller is None:
            return lambda _frame: False
        caller.wire = wire
        return lambda frame: self._passes(caller, frame)

    def _passes(self, caller: Caller, frame: object) -> bool:
        if not caller.budget.take():
            if not caller.excess.take():
                self.complaints.note("a socket that said too much was closed")
                caller.cut()
            return False
        if not isinstance(frame, str) or len(frame) > FRAME_CHARACTERS:
            self.complaints.note("a frame larger than any page sends")
            caller.cut()
            return False
        if frame.startswith(_EVENT):
            if self._events.take(caller.address):
                return True
            self.complaints.note("more events of one address than its share")
            return False
        if frame in {"1", "3"} or frame.startswith(_TALK):
            return True
        self.complaints.note("a frame that no page sends")
        self._strike(caller)
        return False

    def _strike(self, caller: Caller) -> None:
        caller.strikes += 1
        if caller.strikes >= STRIKES:
            caller.cut()

    def _engineio_server_class(self) -> type[DoorEngine]:
        return DoorEngine

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> bool | None:
        address = address_of(environ)
        if not self._has_place(address):
            self.complaints.note("more sockets than there are places")
            return False
        if not self._opens.take(address):
            self.complaints.note("one address opened sockets too fast")
            return False
        outbox = self.eio.sockets[eio_sid].queue
        caller = self.callers[eio_sid] = Caller(
            address,
            outbox,
            time.monotonic(),
            Bucket(EVENTS_A_SECOND, EVENTS_AT_ONCE),
            Bucket(EXCESS_A_SECOND, EXCESS_AT_ONCE),
        )
        outbox.overflows = caller.cut
        self._of_address.update(filter(None, address))
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_after())
        await super()._handle_eio_connect(eio_sid, environ)
        return None

    def _has_place(self, address: AddressGroups) -> bool:
        household, network = address
        if len(self.callers) >= SOCKETS or self._of_address[household] >= SOCKETS_OF_ADDRESS:
            return False
        return network is None or self._of_address[network] < SOCKETS_OF_NETWORK

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:  # noqa: ANN401
        try:
            await super()._handle_eio_message(eio_sid, data)
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            self.complaints.note("a frame that cannot be read")
            caller = self.callers.get(eio_sid)
            if caller is not None:
                self._strike(caller)

    async def _handle_connect(self, eio_sid: str, namespace: str, data: Any) -> None:  # noqa: ANN401
        caller = self.callers.get(eio_sid)
        if caller is None or caller.is_joined:
            message = "a socket joins once"
            raise ValueError(message)
        caller.is_joined = True
        await super()._handle_connect(eio_sid, namespace, data)

    async def _handle_event(self, eio_sid: str, namespace: str, id: Any, data: Any) -> None:  # noqa: ARG002, ANN401
        # Only the server may raise "connect" and "disconnect", so a page must not send them.
        if not isinstance(data[0], str) or _WORDS.get(data[0]) != len(data):
            message = "words that no page says"
            raise ValueError(message)
        await super()._handle_event(eio_sid, namespace, None, data)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        caller = self.callers.pop(eio_sid, None)
        if caller is not None:
            for group in filter(None, caller.address):
                self._of_address[group] -= 1
                if not self._of_address[group]:
                    del self._of_address[group]
        await super()._handle_eio_disconnect(eio_sid, reason)

    async def _look_after(self) -> None:
        """Cut sockets that do not read or do not join, as long as there is any socket."""
        while self.callers:
            await asyncio.sleep(LOOKS_EVERY_S)
            now = time.monotonic()
            for caller in list(self.callers.values()):
                reason = _why_not(caller, now)
                if reason:
                    self.complaints.note(reason)
                    caller.cut()


def address_of(environ: Mapping[str, Any]) -> AddressGroups:
    """Return the household and network from which a socket was opened."""
    client = environ.get("asgi.scope", {}).get("client")
    return groups_of(client[0] if client else NOBODY)


def _why_not(caller: Caller, now: float) -> str:
    """Return why a socket must be closed; "" if it may stay open."""
    if not caller.is_joined:
        is_late = now - caller.opened_s > JOINS_WITHIN_S
        return "a socket that never joined was closed" if is_late else ""
    wire = caller.wire
    if wire is not None and wire.writing_since is not None and now - wire.writing_since > UNREAD_S:
        return "a socket that does not read was closed"
    if not caller.outbox.is_behind:
        caller.behind_since = None
        return ""
    caller.behind_since = caller.behind_since or now
    return (
        "a socket that reads too slowly was closed" if now - caller.behind_since > BEHIND_S else ""
    )
