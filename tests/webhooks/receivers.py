"""Run receivers of webhooks over real sockets: one that is well, and others each with a fault."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Got:
    """One request, as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    at_s: float

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


Behave = Callable[["Receiver", asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Receiver:
    """A server that remembers what it got and answers as it is told.

    Attributes:
        behave: Answers; may be replaced while it runs.
        got: The requests so far.
        connections: How many were opened.
    """

    behave: Behave
    got: list[Got] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, path: str = "/hook", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    async def has(self, number: int, within_s: float = 10.0) -> list[Got]:
        """Wait until it got so many requests, and return them."""
        async with asyncio.timeout(within_s):
            while len(self.got) < number:
                self.news.clear()
                await self.news.wait()
        return self.got

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = [line.partition(": ") for line in head[1:] if line]
            headers = {name.lower(): value for name, _, value in pairs}
            body = await reader.readexactly(int(headers["content-length"]))
            now_s = asyncio.get_running_loop().time()
            self.got.append(Got(head[0].split(" ")[1], headers, body, now_s))
            self.news.set()
            await self.behave(self, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def answers(status: int, *headers: str, body: str = "") -> Behave:
    """Return the behaviour of a receiver that answers at once."""
    head = "\r\n".join([f"HTTP/1.1 {status} So", f"Content-Length: {len(body)}", *headers])

    async def behave(_receiver: Receiver, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{head}\r\n\r\n{body}".encode())
        await writer.drain()

    return behave


async def hangs(_receiver: Receiver, _writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


async def breaks_off(_receiver: Receiver, writer: asyncio.StreamWriter) -> None:
    """Close the connection without an answer."""
    writer.transport.abort()


async def drips(_receiver: Receiver, writer: asyncio.StreamWriter) -> None:
    """Send a header without end, one letter at a time."""
    writer.write(b"HTTP/1.1 200 So\r\nX-Endless: ")
    while True:
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(0.05)


async def floods(_receiver: Receiver, writer: asyncio.StreamWriter) -> None:
    """Answer well, then send a body without end."""
    writer.write(b"HTTP/1.1 200 So\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        await writer.drain()


@asynccontextmanager
async def receiving(behave: Behave, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Run a receiver on a port of its own."""
    receiver = Receiver(behave)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(receiver.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(list(tasks))
