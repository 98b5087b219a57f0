"""Speak the minimum of HTTP for the chaos servers, since a proper server cannot misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

REASONS = {200: "OK", 206: "Partial Content", 304: "Not Modified", 401: "Unauthorized"}


@dataclass(frozen=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes


@dataclass
class Client:
    """One connection, to answer on."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def write(self, data: bytes) -> None:
        """Send bytes, if anyone still listens."""
        if not self.writer.is_closing():
            self.writer.write(data)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send a whole answer; keyword `Retry_After` becomes `Retry-After`."""
        self.write(head_of(status, len(body), **headers) + body)

    def abort(self) -> None:
        """Cut the connection without a goodbye."""
        self.writer.transport.abort()


def head_of(status: int, length: int, **headers: str) -> bytes:
    """Return the head of an answer."""
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Trouble')}", f"Content-Length: {length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


Handler = Callable[[Request, Client], Awaitable[bool]]
"""Answers a request; False when the connection is no longer HTTP's or has ended."""


class HttpServer:
    """Listens on a free port of this machine."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.url = ""

    async def __aenter__(self) -> HttpServer:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        client = Client(reader, writer)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._handler(
                    read_request(await reader.readuntil(b"\r\n\r\n")), client
                ):
                    pass
        except asyncio.CancelledError:
            pass  # the server is closing
        finally:
            client.abort()


def read_request(raw: bytes) -> Request:
    """Return a request from its head; those we serve have no body."""
    first, *lines = raw.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ", 2)
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    lower = {name.lower(): value for name, value in headers.items()}
    return Request(method, unquote(parts.path), query, lower, raw)
