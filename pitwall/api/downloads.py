"""Bound downloads: how many an account may have at once, and how slowly one may be read.

Nothing here knows what is sent, so that any long answer can have the same bounds.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import anyio
from fastapi import Depends
from fastapi.responses import StreamingResponse
from starlette.types import Message, Send

from pitwall.api.guards import Reader
from pitwall.errors import BusyError, TooManyRequestsError

log = logging.getLogger(__name__)

AT_ONCE: Final = 2  # of one account
AT_ONCE_IN_ALL: Final = 8  # in one worker: fewer than the database connections for reading
PIECE_BYTES: Final = 65_536
PIECE_WITHIN_S: Final = 20.0  # slower than 3 kB/s is not reading
WITHIN_S: Final = 600.0  # a download that takes longer can be resumed with Range
_COME_BACK_S: Final = 5


class Slots:
    """Counts the downloads under way in this process.

    Args:
        each: The most for one account.
        in_all: The most for all accounts together.
    """

    def __init__(self, each: int = AT_ONCE, in_all: int = AT_ONCE_IN_ALL) -> None:
        self._each = each
        self._in_all = in_all
        self._taken: Counter[UUID] = Counter()

    @contextmanager
    def taken(self, account: UUID) -> Iterator[None]:
        """Hold a slot for as long as the context lasts.

        Raises:
            TooManyRequestsError: The account has reached its limit.
            BusyError: All accounts together have reached theirs.
        """
        if self._taken[account] >= self._each:
            message = f"{self._each} downloads are already under way. Wait until one has ended."
            raise TooManyRequestsError(_COME_BACK_S, message)
        if self._taken.total() >= self._in_all:
            message = "Too many downloads are under way. Try again in a moment."
            raise BusyError(message)
        self._taken[account] += 1
        try:
            yield
        finally:
            self._taken[account] -= 1
            self._taken += Counter()  # forgets who has none


SLOTS: Final = Slots()


async def _slot(account: Reader) -> AsyncIterator[None]:
    # FastAPI leaves the context when the last byte is sent or the client has gone.
    with SLOTS.taken(account.user_id):
        yield


download_slot: Final = Depends(_slot)


class Download(StreamingResponse):
    """A stream that is cut when its reader is too slow, and that then closes its source at once.

    Attributes:
        piece_within_s: How long a piece may wait for its reader, seconds.
        within_s: How long the whole may take, seconds.
    """

    piece_within_s = PIECE_WITHIN_S
    within_s = WITHIN_S

    async def stream_response(self, send: Send) -> None:
        """Send the pieces. A download that is cut stays incomplete, so that its reader notices."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(self.piece_within_s):
                await send(message)

        try:
            async with asyncio.timeout(self.within_s):
                await super().stream_response(send_in_time)
        except TimeoutError:
            log.warning("a download was cut because its reader was too slow")
        finally:
            with anyio.CancelScope(shield=True):
                close: Any = getattr(self.body_iterator, "aclose", None)
                if close is not None:
                    await close()


async def even(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Yield the same bytes in pieces of bounded size, so that a deadline for each is a rate."""
    try:
        async for piece in pieces:
            for start in range(0, len(piece), PIECE_BYTES):
                yield piece[start : start + PIECE_BYTES]
    finally:
        await pieces.aclose()
