"""Let go of a database's connection as soon as it has told all, however slowly that is taken.

What a reader has not taken yet waits in memory up to a bound, then in a file without a name, which
goes with whoever has it open: with the reader, or with the process.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import IO

from pitwall.aio import end
from pitwall.errors import BusyError

IN_MEMORY = 1_048_576  # bytes of one export
AT_ONCE = 262_144  # bytes, to and from the file
MOST = 12  # exports under way in one process; files of whole races are tens of MB
_open = 0


async def spooled(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield what a generator yields, which runs ahead of whoever takes it.

    Args:
        pieces: Is closed when its last piece is written down, or when nobody wants more.

    Raises:
        BusyError: As many exports as may be are under way.
    """
    global _open  # noqa: PLW0603  of the process
    if _open >= MOST:
        await pieces.aclose()
        raise BusyError(f"{MOST} exports are under way here, and no more at once; try again later.")
    _open += 1
    try:
        spool = _Spool()
        filling = asyncio.create_task(spool.fill(pieces))
        try:
            async for piece in spool.taken():
                yield piece
            await filling
        finally:
            await end(filling)
            spool.close()
    finally:
        _open -= 1


class _Spool:
    """Pieces in order: the older ones in memory, the newer ones in a file."""

    def __init__(self) -> None:
        self._held: deque[bytes] = deque()
        self._size = 0
        self._file: IO[bytes] | None = None
        self._read = self._written = 0  # places in the file
        self._over = False
        self._more = asyncio.Event()
        self._lock = threading.Lock()  # a thread may be at the file when nobody waits for it

    async def fill(self, pieces: AsyncGenerator[bytes, None]) -> None:
        """Take all pieces, whether or not anybody reads them."""
        waiting: list[bytes] = []
        size = 0
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    if self._is_ahead() or waiting:
                        waiting.append(piece)
                        size += len(piece)
                        if size >= AT_ONCE:
                            await self._write(waiting)
                            size = 0
                    else:
                        self._held.append(piece)
                        self._size += len(piece)
                        self._more.set()
            await self._write(waiting)
        finally:
            self._over = True
            self._more.set()

    async def taken(self) -> AsyncIterator[bytes]:
        """Yield the pieces, in the same order and of other sizes."""
        while True:
            if self._held:
                piece = self._held.popleft()
                self._size -= len(piece)
                yield piece
            elif self._file is not None and self._read < self._written:
                length = min(AT_ONCE, self._written - self._read)
                piece = await asyncio.to_thread(self._read_at, self._file, length, self._read)
                self._read += len(piece)
                yield piece
            elif self._over:
                return
            else:
                self._more.clear()
                await self._more.wait()

    def close(self) -> None:
        """Let the file go, as soon as no thread is at it."""
        if self._file is not None:
            asyncio.get_running_loop().run_in_executor(None, self._close, self._file)

    def _is_ahead(self) -> bool:
        return self._size >= IN_MEMORY or self._read < self._written

    async def _write(self, waiting: list[bytes]) -> None:
        if not waiting:
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  `close` closes it
        body = b"".join(waiting)
        waiting.clear()
        await asyncio.to_thread(self._write_at, self._file, body, self._written)
        self._written += len(body)
        self._more.set()

    def _close(self, file: IO[bytes]) -> None:
        with self._lock:
            file.close()

    def _read_at(self, file: IO[bytes], length: int, place: int) -> bytes:
        with self._lock:
            return b"" if file.closed else os.pread(file.fileno(), length, place)

    def _write_at(self, file: IO[bytes], body: bytes, place: int) -> None:
        left = memoryview(body)
        with self._lock:
            while left and not file.closed:
                done = os.pwrite(file.fileno(), left, place)
                left, place = left[done:], place + done
