"""Which circuit a kept race was run on, as somebody described it: asked once, for all who look."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from pitwall.domain.circuits import CircuitGuide
from pitwall.domain.history import RaceSummary
from pitwall.errors import StoreError
from pitwall.pipeline.circuit_keys import f1_key_of
from pitwall.race_ports import CircuitGuides, RaceReader

GUIDES_HELD: Final = 64  # some kilobytes each
NONE_HELD_S: Final = 60.0

Place = tuple[str, int]  # circuit and year


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
        self._held: OrderedDict[Place, tuple[CircuitGuide | None, float]] = OrderedDict()
        self._asking = asyncio.Lock()

    async def guide(self, race: RaceSummary) -> CircuitGuide | None:
        """Return the description of a race's circuit; None where there is none, or no database.

        It may take some seconds when a circuit is asked about for the first time; that there is
        none is believed for a minute.
        """
        if race.circuit_id is None:
            return None
        place = (race.circuit_id, race.year)
        if not self._knows(place):
            async with self._asking:
                if not self._knows(place):  # whoever was before us may have asked the same
                    self._hold(place, await self._asked(race, *place))
        return self._held[place][0]

    def _knows(self, place: Place) -> bool:
        if place not in self._held:
            return False
        guide, at_s = self._held[place]
        return guide is not None or self._clock() - at_s < NONE_HELD_S

    def _hold(self, place: Place, guide: CircuitGuide | None) -> None:
        self._held[place] = (guide, self._clock())
        self._held.move_to_end(place)
        while len(self._held) > GUIDES_HELD:
            self._held.popitem(last=False)

    async def _asked(self, race: RaceSummary, circuit_id: str, year: int) -> CircuitGuide | None:
        try:
            f1_key = await f1_key_of(self._reader, race)
        except StoreError:
            f1_key = None  # a file may do without
        return await self._guides.guide(circuit_id, year, f1_key)
