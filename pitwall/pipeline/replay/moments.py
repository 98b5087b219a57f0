"""Moments of kept races for whoever asks about one: a program, or a panel beside the picture.

They share their places in the races, so that questions about one race, or about moments that lie
near each other, play little; and they take turns, as each takes a core.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from pitwall.domain.history import RaceSummary
from pitwall.pipeline.engine import EngineState
from pitwall.pipeline.replay.desk import ReplayDesk, Viewing
from pitwall.pipeline.turns import Turns, refuse_before_its_beginning
from pitwall.race_ports import RaceReader

RACES_HELD: Final = 2  # each with a feature book of its own, 6 MB


class KeptMoments:
    """Shows kept races at moments that are asked about.

    Args:
        reader: Where races are kept.
        replays: Opens races at any moment.
    """

    def __init__(self, reader: RaceReader, replays: ReplayDesk) -> None:
        self._reader = reader
        self._replays = replays
        self._views: OrderedDict[tuple[str, int], Viewing] = OrderedDict()
        self._turns = Turns()

    @asynccontextmanager
    async def at(
        self, race_id: str, at: datetime
    ) -> AsyncIterator[tuple[RaceSummary, EngineState]]:
        """Show a race at a moment; the state's feature book is the caller's until the block ends.

        Raises:
            RaceNotFoundError: The race is not kept, or had not begun at `at`.
            BusyError: Too many wait for their race already.
            StoreError: The database is not there, or a stretch of the race is damaged.
        """
        race = await self._reader.race(race_id)
        refuse_before_its_beginning(race, at)
        async with self._turns.turn():
            yield race, await (await self._view(race)).state(at)

    async def _view(self, race: RaceSummary) -> Viewing:
        key = (race.id, race.revision)
        if key not in self._views:
            self._views[key] = await self._replays.open(race)
        self._views.move_to_end(key)
        while len(self._views) > RACES_HELD:
            self._views.popitem(last=False)
        return self._views[key]
