"""Send Engine.IO and Socket.IO frames by hand, including those that no page sends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Self
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

NAMESPACE = "/_event"
STATES = "reflex___state____state"
LIVE = f"{STATES}.pitwall___web___live___state____live_state"
RACES = f"{STATES}.pitwall___web___races___state____races_state"
REPLAY = f"{STATES}.pitwall___web___replay___state____replay_state"
ACCOUNT = f"{STATES}.pitwall___web___shared___account_state____account_state"


class RawSocket:
    """One tab that is no browser.

    Args:
        port: Of the server on this machine.
        token: Its client token; None makes one.
        cookie: Its Cookie header.
        path: The page that it says to be on.
    """

    def __init__(
        self, port: int, token: str | None = None, cookie: str = "", path: str = "/"
    ) -> None:
        self.token = token or str(uuid4())
        self.path = path
        self.heard: list[Any] = []
        self.is_closed = asyncio.Event()
        self._news = asyncio.Event()
        self._headers = {"Cookie": cookie} if cookie else {}
        self._url = f"ws://127.0.0.1:{port}/_event/?token={self.token}&EIO=4&transport=websocket"
        self._port = port
        self._wire: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def open(self, *, reads: bool = True, hydrates: bool = True) -> None:
        """Open the socket as a page does, with the event that loads it."""
        self._wire = await connect(
            self._url,
            additional_headers=self._headers,
            origin=f"http://127.0.0.1:{self._port}",  # type: ignore[arg-type]
            max_size=None,
            ping_interval=None,
        )
        await self._wire.recv()
        event = self.event(f"{STATES}.hydrate_and_load", {"vars": {}})
        auth = json.dumps({"event": event}) if hydrates else ""
        await self.say(f"40{NAMESPACE},{auth}")
        if reads:
            self._reading = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Leave without a word."""
        if self._reading is not None:
            self._reading.cancel()
        if self._wire is not None:
            await self._wire.close()

    async def say(self, frame: str) -> None:
        """Send a frame as it is."""
        assert self._wire is not None
        await self._wire.send(frame)

    async def emit(self, *words: Any) -> None:
        """Send an event of Socket.IO."""
        await self.say(f"42{NAMESPACE}," + json.dumps(words))

    async def send(self, name: str, **payload: Any) -> None:
        """Send an event of Reflex."""
        await self.emit("event", self.event(name, payload))

    def event(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Return an event as the page's script makes it."""
        where = {"pathname": self.path, "asPath": self.path, "query": {}}
        return {"name": name, "payload": payload, "router_data": where}

    def deltas(self, state: str) -> list[dict[str, Any]]:
        """Return what was told of a state."""
        told = (update.get("delta") or {} for update in self.heard)
        return [delta[state] for delta in told if state in delta]

    async def until(self, true: Callable[[], bool], within_s: float = 20.0) -> None:
        """Wait until something is true of what was heard."""
        async with asyncio.timeout(within_s):
            while not true():
                self._news.clear()
                await self._news.wait()

    async def told(self, state: str, **values: Any) -> None:
        """Wait until variables of a state were told to have values."""
        wanted = {f"{name}_rx_state_": value for name, value in values.items()}

        def is_told() -> bool:
            return any(wanted.items() <= delta.items() for delta in self.deltas(state))

        await self.until(is_told)

    async def _read(self) -> None:
        assert self._wire is not None
        try:
            async for frame in self._wire:
                text = str(frame)
                if text == "2":
                    await self.say("3")
                elif text.startswith(f"42{NAMESPACE},"):
                    name, *words = json.loads(text.partition(",")[2])
                    if name == "event" and words:
                        self.heard.append(words[0])
                        self._news.set()
        except ConnectionClosed:
            pass
        finally:
            self.is_closed.set()
