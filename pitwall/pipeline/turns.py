"""Who may play a kept race: one at a time, as each takes a core, and few who wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from pitwall.domain.history import RaceSummary
from pitwall.errors import BusyError, RaceNotFoundError

WAITING_AT_MOST: Final = 8


class Turns:
    """Lets in one after another."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn, and have it until the block ends.

        Raises:
            BusyError: Too many wait for theirs already.
        """
        if self._waiting >= WAITING_AT_MOST:
            raise BusyError("Too many kept races are being played; try again in a moment.")
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                yield
        finally:
            self._waiting -= 1


def refuse_before_its_beginning(race: RaceSummary, at: datetime) -> None:
    """Refuse a moment at which nothing of a race was known.

    Raises:
        RaceNotFoundError: It had not begun at `at`.
    """
    if race.first_at is None or at < race.first_at:
        raise RaceNotFoundError(f"The race {race.id} had not begun at {at.isoformat()}.")
