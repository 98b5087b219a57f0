"""Buffer exports, so that a slow client does not hold a database connection.

What the client has not read yet waits in memory up to a limit, then in an unnamed temporary file,
which the system deletes when it is closed or when the process ends.
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
AT_ONCE = 262_144  # bytes of one write to the file or one read from it
MOST_EXPORTS = 12  # exports under way in one process; files of whole races are tens of MB
_under_way = 0


async def spooled(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield the pieces of a generator, and let it run ahead of the reader.

    Args:
        pieces: The generator; closed after its last piece, or when the reader stops.

    Raises:
        BusyError: Too many exports are under way.
    """
    global _under_way  # noqa: PLW0603  counts for the whole process
    if _under_way >= MOST_EXPORTS:
        await pieces.aclose()
        raise BusyError(
            f"{MOST_EXPORTS} exports are under way, which is the limit. Try again later."
        )
    _under_way += 1
    try:
        spool = _Spool()
        filling = asyncio.create_task(spool.fill(pieces))
        try:
            async for piece in spool.pieces():
                yield piece
            await filling
        finally:
            await end(filling)
            spool.close()
    finally:
        _under_way -= 1


class _Spool:
    """A queue of pieces: the older ones in memory, the newer ones in a file."""

    def __init__(self) -> None:
        self._held: deque[bytes] = deque()
        self._size = 0
        self._file: IO[bytes] | None = None
        self._read = self._written = 0  # places in the file
        self._over = False
        self._more = asyncio.Event()
        self._lock = threading.Lock()  # a thread may still use the file when nobody awaits it

    async def fill(self, pieces: AsyncGenerator[bytes, None]) -> None:
        """Take all pieces from a generator, whether or not they are read meanwhile."""
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

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the same bytes in order, in pieces of other sizes."""
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
        """Close the file as soon as no thread uses it."""
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
        remaining = memoryview(body)
        with self._lock:
            while remaining and not file.closed:
                written = os.pwrite(file.fileno(), remaining, place)
                remaining, place = remaining[written:], place + written
