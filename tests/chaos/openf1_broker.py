"""Serve MQTT 3.1.1 as OpenF1's broker: accounts, subscriptions, and the messages of a session.

A proper broker refuses to misbehave; one test runs the client against a proper one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from pitwall.feeds.openf1.rows import key_of
from tests.chaos.http_server import Client
from tests.chaos.openf1_rows import Story, Told

CONNECT, CONNACK, PUBLISH, SUBSCRIBE, SUBACK = 1, 2, 3, 8, 9
PINGREQ, PINGRESP, DISCONNECT = 12, 13, 14
ACCEPTED, REFUSED = 0, 5
_FIRST_ID = 1_747_235_800_206


@dataclass(eq=False)
class Listener:
    """One connected client."""

    client: Client
    topics: set[str] = field(default_factory=set)

    def publish(self, topic: str, payload: bytes) -> None:
        """Send one message at most once."""
        name = topic.encode()
        self.client.write(packet(PUBLISH, len(name).to_bytes(2, "big") + name + payload))


def packet(kind: int, body: bytes) -> bytes:
    """Return a control packet."""
    size, length = bytearray(), len(body)
    while True:
        length, digit = divmod(length, 128)
        size.append(digit | (128 if length else 0))
        if not length:
            return bytes([kind << 4]) + bytes(size) + body


async def read_packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return the kind and the body of the next packet."""
    kind = (await reader.readexactly(1))[0] >> 4
    length = shift = 0
    while True:
        digit = (await reader.readexactly(1))[0]
        length |= (digit & 127) << shift
        shift += 7
        if not digit & 128:
            return kind, await reader.readexactly(length)


def credentials(body: bytes) -> tuple[str, str]:
    """Return user and password of a CONNECT without a will."""
    flags, rest = body[7], body[10:]
    told = []
    while rest:
        size = int.from_bytes(rest[:2], "big")
        told.append(rest[2 : 2 + size].decode())
        rest = rest[2 + size :]
    user = told[1] if flags & 0x80 else ""
    return user, told[2] if flags & 0x40 else ""


def row_message(told: Told, number: int) -> bytes:
    """Return the message of a row: its fields, `_key` and `_id`."""
    key = "_".join(str(part) for part in key_of(told.endpoint, told.row) if part is not None)
    return orjson.dumps(told.row | {"_key": key, "_id": _FIRST_ID + number})


class OpenF1Broker:
    """Publishes a story to whoever subscribes.

    Subclasses misbehave by overriding `welcome` and `deliver`.

    Args:
        story: What to publish, in its own time.
        now: The wall clock of the broker.
        admits: Whether user and password are an account's.

    Attributes:
        sent: Messages that were due.
        connections: Clients that were let in.
        on_told: Called with each row as it falls due.
    """

    def __init__(
        self, story: Story, now: Callable[[], datetime], admits: Callable[[str, str], bool]
    ) -> None:
        self.story = story
        self.now = now
        self.sent = self.connections = 0
        self.listeners: set[Listener] = set()
        self.on_told: Callable[[Told], None] = lambda _told: None
        self._admits = admits
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    async def __aenter__(self) -> OpenF1Broker:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"mqtt://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def play(self, since: datetime, until: datetime) -> None:
        """Publish what is told between two moments, each word when it falls due."""
        first = len(self.story.before(since))
        for index, told in enumerate(self.story.between(since, until)):
            wait_s = (told.at - self.now()).total_seconds()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            self.on_told(told)
            self.sent += 1
            self.publish(told, first + index)

    def publish(self, told: Told, number: int) -> None:
        """Publish one row."""
        topic, payload = f"v1/{told.endpoint}", row_message(told, number)
        for listener in list(self.listeners):
            if topic in listener.topics:
                self.deliver(listener, topic, payload)

    def deliver(self, listener: Listener, topic: str, payload: bytes) -> None:
        """Send one message to one subscriber."""
        listener.publish(topic, payload)

    async def welcome(self, client: Client) -> bool:
        """Whether to go on with a connection."""
        return True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        listener = Listener(Client(reader, writer))
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._talk(listener)
        except asyncio.CancelledError:
            pass  # the broker is closing
        finally:
            self.listeners.discard(listener)
            listener.client.abort()

    async def _talk(self, listener: Listener) -> None:
        client = listener.client
        kind, body = await read_packet(client.reader)
        if kind != CONNECT or not await self.welcome(client):
            return
        is_in = self._admits(*credentials(body))
        client.write(packet(CONNACK, bytes([0, ACCEPTED if is_in else REFUSED])))
        if not is_in:
            await client.writer.drain()
            await client.reader.read()
            return
        self.connections += 1
        while True:
            kind, body = await read_packet(client.reader)
            if kind == SUBSCRIBE:
                listener.topics |= _topics(body[2:])
                self.listeners.add(listener)
                granted = bytes(len(listener.topics))
                client.write(packet(SUBACK, body[:2] + granted))
            elif kind == PINGREQ:
                client.write(packet(PINGRESP, b""))
            elif kind == DISCONNECT:
                return


def _topics(body: bytes) -> set[str]:
    topics = set()
    while body:
        size = int.from_bytes(body[:2], "big")
        topics.add(body[2 : 2 + size].decode())
        body = body[3 + size :]
    return topics
