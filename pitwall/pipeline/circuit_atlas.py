"""Which circuit a kept race was run on, as somebody described it: asked once, for all who look."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pitwall.domain.circuits import CircuitGuide
from pitwall.domain.history import RaceSummary
from pitwall.errors import StoreError
from pitwall.pipeline.circuit_keys import f1_key_of
from pitwall.pipeline.once_cache import OnceCache
from pitwall.race_ports import CircuitGuides, RaceReader

GUIDES_HELD: Final = 64  # some kilobytes each
NONE_HELD_S: Final = 60.0

Place = tuple[str, int]  # circuit and year


@dataclass(frozen=True, slots=True)
class _Answer:
    """A description, or that there was none, and when that was."""

    guide: CircuitGuide | None
    at_s: float


class CircuitAtlas:
    """Holds the newest answers, and asks one question at a time.

    Args:
        reader: Where races are kept.
        guides: Who describes circuits.
        clock: Seconds that only rise.
    """

    def __init__(
        self,
        reader: RaceReader,
        guides: CircuitGuides,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._guides = guides
        self._clock = clock
        self._answers: OnceCache[Place, _Answer] = OnceCache(GUIDES_HELD)
        self._asking = asyncio.Lock()

    async def guide(self, race: RaceSummary) -> CircuitGuide | None:
        """Return the description of a race's circuit; None where there is none, or no database.

        It may take some seconds when a circuit is asked about for the first time; that there is
        none is believed for a minute.
        """
        if race.circuit_id is None:
            return None
        place = (race.circuit_id, race.year)
        known = self._answers.known(place)
        if known and known.guide is None and self._clock() - known.at_s >= NONE_HELD_S:
            self._answers.forget(place)
        return (await self._answers.get(place, lambda: self._ask(race, *place))).guide

    async def _ask(self, race: RaceSummary, circuit_id: str, year: int) -> _Answer:
        async with self._asking:
            return _Answer(await self._asked(race, circuit_id, year), self._clock())

    async def _asked(self, race: RaceSummary, circuit_id: str, year: int) -> CircuitGuide | None:
        try:
            f1_key = await f1_key_of(self._reader, race)
        except StoreError:
            f1_key = None  # a file may do without
        return await self._guides.guide(circuit_id, year, f1_key)
