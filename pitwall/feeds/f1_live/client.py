"""Connect to F1 live timing over SignalR Core, with or without an account."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from pitwall.domain.sessions import Source
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.f1_live.account import F1TvToken
from pitwall.feeds.f1_live.negotiation import Agreed, F1TokenRefusedError, negotiate
from pitwall.feeds.f1_live.topics import PUBLIC, WITH_ACCOUNT
from pitwall.feeds.http import tls, why
from pitwall.feeds.signalr import RECORD_SEPARATOR, read_frame, refusal_of
from pitwall.wire.message import RawFrame, Reading

log = logging.getLogger(__name__)

F1_URL = "https://livetiming.formula1.com"
CONNECT_WITHIN_S = 4.0  # from the first request to the snapshot
PING_EVERY_S = 15.0  # the hub drops clients that are silent for 30 s
_LARGEST_FRAME = 16 * 1024 * 1024  # a snapshot has 1 MB
_REFUSED = frozenset({401, 403})
_HANDSHAKE = b'{"protocol":"json","version":1}' + RECORD_SEPARATOR
_PING = b'{"type":6}' + RECORD_SEPARATOR


def _wall_now() -> datetime:
    return datetime.now(UTC)


class F1LiveFeed:
    """A `LiveFeed` of F1 live timing.

    Args:
        token: The token of an F1 TV account; "" subscribes to the public topics only.
        base_url: The server's address, `http` or `https`.
        now: The wall clock.
    """

    name = "f1_live"
    source = Source.LIVE

    def __init__(
        self, token: str = "", base_url: str = F1_URL, now: Callable[[], datetime] = _wall_now
    ) -> None:
        self._token = F1TvToken(token)
        self._base_url = base_url.rstrip("/")
        self._now = now
        self._socket: ClientConnection | None = None
        self._asked = 0
        self._topics: tuple[str, ...] = PUBLIC

    @property
    def detail(self) -> str:
        """What is or will be wrong with the token; "" when nothing is, or without one."""
        return self._token.detail(self._now())

    def read(self, frame: RawFrame) -> Reading:
        """Return the messages and snapshots of a frame."""
        return read_frame(frame)

    async def frames(self) -> AsyncGenerator[RawFrame, None]:
        """Yield the frames of one connection, including the answer to the handshake.

        Raises:
            FeedUnavailableError: The server cannot be reached, refuses, or broke off.
        """
        async with AsyncExitStack() as stack:
            opening = await self._open(stack)
            for frame in opening:
                yield frame
            try:
                while self._socket is not None:
                    frame = self._frame(await self._socket.recv(decode=False))
                    yield frame
                    self._check_goodbye(frame)
            except ConnectionClosed as error:
                if error.rcvd is None:
                    raise FeedUnavailableError("The connection broke.") from error
            finally:
                self._socket = None

    async def ask_snapshot(self) -> bool:
        """Subscribe again, which the hub answers with the whole state."""
        if self._socket is None:
            return False
        self._asked += 1
        try:
            await self._socket.send(self._subscription(), text=True)
        except ConnectionClosed:
            return False
        return True

    async def _open(self, stack: AsyncExitStack) -> list[RawFrame]:
        """Connect and subscribe; return the frames up to and including the snapshot.

        After a refused token it subscribes to the public topics.
        """
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                token = self._token.usable(self._now())
                try:
                    return await self._open_with(token, stack)
                except F1TokenRefusedError as error:
                    self._token.refuse(str(error), self._now())
                    log.warning("F1 TV token refused", extra={"answer": str(error)})
                    return await self._open_with("", stack)
        except TimeoutError as error:
            message = f"F1 live timing did not answer within {CONNECT_WITHIN_S:.0f} s."
            raise FeedUnavailableError(message) from error

    async def _open_with(self, token: str, stack: AsyncExitStack) -> list[RawFrame]:
        agreed = await negotiate(self._base_url, token, CONNECT_WITHIN_S)
        socket = await self._connected(agreed, token, stack)
        self._topics = PUBLIC + WITH_ACCOUNT if token else PUBLIC
        try:
            await socket.send(_HANDSHAKE, text=True)
            await socket.send(self._subscription(), text=True)
            opening = await self._until_snapshot(socket, token)
        except ConnectionClosed as error:
            raise FeedUnavailableError("The connection broke before the snapshot.") from error
        if token:
            self._token.accept()
        self._socket = socket
        pinging = asyncio.create_task(_keep_alive(socket))
        stack.callback(pinging.cancel)
        return opening

    async def _connected(
        self, agreed: Agreed, token: str, stack: AsyncExitStack
    ) -> ClientConnection:
        opening = connect(
            agreed.url,
            additional_headers=agreed.headers,
            max_size=_LARGEST_FRAME,
            open_timeout=None,
            close_timeout=1,
            ssl=tls() if agreed.url.startswith("wss:") else None,
        )
        try:
            return await stack.enter_async_context(opening)
        except InvalidStatus as error:
            status = error.response.status_code
            if status in _REFUSED and token:
                raise F1TokenRefusedError(str(status)) from error
            raise FeedUnavailableError(f"F1 live timing answered {status}.") from error
        except (OSError, WebSocketException) as error:
            raise FeedUnavailableError(
                f"F1 live timing cannot be reached: {why(error)}."
            ) from error

    async def _until_snapshot(self, socket: ClientConnection, token: str) -> list[RawFrame]:
        opening: list[RawFrame] = []
        while True:
            frame = self._frame(await socket.recv(decode=False))
            opening.append(frame)
            if sum(len(each.text) for each in opening) > _LARGEST_FRAME or len(opening) > 500:
                raise FeedUnavailableError(
                    "F1 live timing sent no snapshot among its first messages."
                )
            for record in frame.text.split(RECORD_SEPARATOR):
                if (why := refusal_of(record)) is None:
                    continue
                if token:
                    raise F1TokenRefusedError(why)
                raise FeedUnavailableError(f"F1 live timing refused the subscription: {why}.")
            if frame.text.startswith(b'{"type":3') or RECORD_SEPARATOR + b'{"type":3' in frame.text:
                return opening

    def _check_goodbye(self, frame: RawFrame) -> None:
        if b'"type":7' in frame.text[-200:] and (why := refusal_of(_last_record(frame.text))):
            raise FeedUnavailableError(f"F1 live timing closed the connection: {why}.")

    def _subscription(self) -> bytes:
        call = {
            "type": 1,
            "target": "Subscribe",
            "arguments": [list(self._topics)],
            "invocationId": str(self._asked),
        }
        return orjson.dumps(call) + RECORD_SEPARATOR

    def _frame(self, text: bytes | str) -> RawFrame:
        return RawFrame(self._now(), text if isinstance(text, bytes) else text.encode())


def _last_record(text: bytes) -> bytes:
    return text.rstrip(RECORD_SEPARATOR).rpartition(RECORD_SEPARATOR)[2]


async def _keep_alive(socket: ClientConnection) -> None:
    with suppress(ConnectionClosed):
        while True:
            await asyncio.sleep(PING_EVERY_S)
            await socket.send(_PING, text=True)
