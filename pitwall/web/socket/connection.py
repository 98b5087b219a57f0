"""Wrap one WebSocket: check incoming frames before they are parsed, bound outgoing ones.

python-engineio drives these classes; `server` decides about all sockets together.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from engineio.async_drivers.asgi import WebSocket
from engineio.packet import Packet

PACKETS_BEHIND: Final = 16  # four seconds of frames
BYTES_BEHIND: Final = 512_000
PACKETS_AT_MOST: Final = 128
BYTES_AT_MOST: Final = 4_000_000


class SendQueue(asyncio.Queue[Any]):
    """The messages that wait to be sent to one socket.

    Args:
        overflows: Called when more waits than allowed; it must cut the socket.
    """

    def __init__(self, overflows: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.overflows = overflows
        self.waiting_bytes = 0

    @property
    def is_behind(self) -> bool:
        """Whether more waits than for a tab that keeps up with reading."""
        return self.qsize() >= PACKETS_BEHIND or self.waiting_bytes >= BYTES_BEHIND

    def _put(self, item: Any) -> None:  # noqa: ANN401  as asyncio has it
        self.waiting_bytes += _size(item)
        super()._put(item)

    def put_nowait(self, item: Any) -> None:  # noqa: ANN401
        """Add a message to be sent; an overflow ends the socket."""
        super().put_nowait(item)
        if self.qsize() > PACKETS_AT_MOST or self.waiting_bytes > BYTES_AT_MOST:
            self.overflows()

    def _get(self) -> Any:  # noqa: ANN401
        item = super()._get()
        self.waiting_bytes -= _size(item)
        return item

    def drop(self) -> None:
        """Drop all messages that wait."""
        while self.qsize():
            self.get_nowait()
            self.task_done()


def _size(item: object) -> int:
    data = item.data if isinstance(item, Packet) else None
    return len(data) if isinstance(data, str | bytes) else 0


class Wire(WebSocket):  # type: ignore[misc]  # python-engineio is not typed
    """A WebSocket as python-engineio drives it, which can be cut even if its peer does not read."""

    def __init__(self, handler: Any, server: Any) -> None:  # noqa: ANN401  as engineio calls it
        super().__init__(handler, server)
        self.is_cut = False
        self.writing_since: float | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._passes: Callable[[object], bool] = server.attach(handler.__self__, self)

    def cut(self) -> None:
        """End both directions now."""
        self.is_cut = True
        for task in self._tasks:
            task.cancel()

    async def send(self, message: str | bytes) -> None:
        """Send a frame; wait while the peer does not read.

        Raises:
            OSError: The socket was cut.
        """
        if self.is_cut:
            raise OSError
        task = asyncio.current_task()
        self.writing_since = time.monotonic()
        if task is not None:
            self._tasks.add(task)
        try:
            await super().send(message)
        finally:
            self.writing_since = None
            if task is not None:
                self._tasks.discard(task)

    async def wait(self) -> str:
        """Return the next frame that is accepted.

        Raises:
            OSError: The socket is closed, or was cut.
        """
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        try:
            while not self.is_cut:
                frame = await super().wait()
                if self._passes(frame):
                    return str(frame)
        finally:
            if task is not None:
                self._tasks.discard(task)
        raise OSError
