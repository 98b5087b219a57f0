"""Create the simulated race that guests may replay, in the background, where none is stored."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from pitwall.domain.sessions import Source
from pitwall.domain.stored_races import RaceFilter
from pitwall.errors import PitwallError
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.ports.forecasts import Predictor
from pitwall.recording.import_race import Importing, import_race
from pitwall.store.database import Database
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter

log = logging.getLogger(__name__)

SEED: Final = 1950  # far from the seeds of live simulations, which count up from a small one
_MOST_RACES: Final = 10  # no more simulated races than these are ever stored


class SimulatedDemoRace:
    """Creates the demo race; implements `pitwall.ports.races.DemoRace`.

    Args:
        database: Where races are stored.
        predictor: Forecasts its battles.
    """

    def __init__(self, database: Database, predictor: Predictor) -> None:
        self._database = database
        self._predictor = predictor
        self._making: asyncio.Task[None] | None = None
        self._part = 0.0

    async def offer(self) -> float | None:
        """Return how much of the race is made, in [0, 1]; None when one is stored.

        Raises:
            StoreError: The database cannot be reached.
        """
        making = self._making  # read first: a race that is finished meanwhile is not found below
        was_idle = making is None or making.done()
        simulated = RaceFilter(source=Source.SIMULATED.value)
        found, _ = await SqlRaceReader(self._database).races(simulated, _MOST_RACES)
        if any(race.state == "finished" for race in found):
            return None
        if was_idle and self._making is making:
            self._part = 0.0
            self._making = asyncio.create_task(self._make())
        return self._part

    async def _make(self) -> None:
        how = Importing(on_progress=self._note)
        try:
            feed = SimulatedFeed(SEED)
            await import_race(feed, SqlRaceWriter(self._database), self._predictor, how)
        except PitwallError as error:
            log.warning("the simulated demo race could not be made", extra={"reason": str(error)})

    def _note(self, done: int, total: int) -> None:
        self._part = done / max(total, 1)
