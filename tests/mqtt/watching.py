"""Watch what arrives at a broker, and stand between it and its clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiomqtt import Client, MqttError

from pitwall.aio import end
from pitwall.mqtt.broker_link import BrokerSettings

WITHIN_S = 20.0


@dataclass
class Watcher:
    """Somebody who subscribed to everything.

    Attributes:
        client: To publish with.
        messages: All that came, oldest first.
    """

    client: Client
    messages: list[tuple[str, str]] = field(default_factory=list)

    def of(self, topic: str) -> list[str]:
        """Return what came on a topic."""
        return [text for each, text in self.messages if each == topic]

    def newest(self, topic: str) -> str | None:
        """Return what came last on a topic; None when nothing did."""
        found = self.of(topic)
        return found[-1] if found else None

    def is_online(self) -> bool:
        """Return whether pitwall is available."""
        return self.newest("pitwall/availability") == "online"

    def state(self) -> dict[str, Any]:
        """Return the newest state."""
        return json.loads(self.newest("pitwall/state") or "{}")  # type: ignore[no-any-return]


async def until(is_so: Callable[[], bool], within_s: float = WITHIN_S) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(within_s):
        while not is_so():  # noqa: ASYNC110  what holds then tells nobody
            await asyncio.sleep(0.02)


@asynccontextmanager
async def watching(broker: BrokerSettings) -> AsyncIterator[Watcher]:
    """Subscribe to everything, retained messages included."""
    async with Client(
        broker.host, broker.port, username=broker.user, password=broker.password
    ) as client:
        watcher = Watcher(client)
        await client.subscribe("#", qos=1)

        async def listen() -> None:
            try:
                async for message in client.messages:
                    assert isinstance(message.payload, bytes)
                    watcher.messages.append((str(message.topic), message.payload.decode()))
            except MqttError:
                return  # the broker was killed

        listening = asyncio.create_task(listen())
        try:
            yield watcher
        finally:
            await end(listening)


class Line:
    """A line to a broker that can be cut, and be dead: it takes connections and says nothing.

    Attributes:
        port: Where clients connect.
        is_dead: Whether new connections are taken and not led on.
        opened: How many connections there were.
    """

    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.is_dead = False
        self.opened = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Line]:
        """Take connections while the block lasts."""
        server = await asyncio.start_server(self._lead_on, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await end(*self._tasks)

    def cut(self) -> None:
        """End all connections at once, on both sides, without a word of MQTT."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _lead_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self._writers.add(writer)
        if self.is_dead:
            return
        there = await asyncio.open_connection(*self._to)
        self._writers.add(there[1])
        for source, target in ((reader, there[1]), (there[0], writer)):
            task = asyncio.create_task(_copy(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()
