"""Maps of the circuits that are on screen: made when first asked for, held, and made anew.

A live race has no clean lap yet when it begins, so a map without an outline is asked about again.
Who asks never waits: a page is drawn without its map, and again when there is one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from pitwall.domain.circuits import CircuitGuide, Outline, Point, TrackMap
from pitwall.domain.history import RaceSummary
from pitwall.errors import PitwallError
from pitwall.pipeline.surveying import survey
from pitwall.race_ports import RaceReader

MAPS_HELD: Final = 32  # some 60 kB each
ASK_AGAIN_S: Final = 10.0
TIMES_SOON: Final = 30  # in five minutes a race has a clean lap, or it takes longer
ASK_LATER_S: Final = 60.0

Survey = Callable[[RaceReader, RaceSummary], Awaitable[Outline | None]]
Guide = Callable[[RaceSummary], Awaitable[CircuitGuide | None]]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Held:
    """A race's map so far, how often and when it was asked about, and who asks now."""

    known: TrackMap
    asked: int = 0
    asked_s: float = float("-inf")
    asking: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Ask no more."""
        if self.asking is not None:
            self.asking.cancel()


class TrackMaps:
    """Holds the maps of the races that are looked at.

    Args:
        reader: Where races are kept.
        guide: Describes a race's circuit; may take some seconds.
        survey: Draws an outline; slow.
        monotonic: Seconds that only rise.
    """

    def __init__(
        self,
        reader: RaceReader,
        guide: Guide,
        survey: Survey = survey,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._guide = guide
        self._survey = survey
        self._monotonic = monotonic
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def map_of(self, race_id: str) -> TrackMap:
        """Return what is known by now of a race's circuit; sees to it that more will be.

        Call it on the event loop. It does not wait.
        """
        held = self._held.get(race_id)
        if held is None:
            held = self._held[race_id] = _Held(TrackMap(race_id))
            while len(self._held) > MAPS_HELD:
                self._held.popitem(last=False)[1].stop()
        self._held.move_to_end(race_id)
        if race_id and held.asking is None:
            self._ask(held)
        return held.known

    def outline_of(self, race_id: str) -> tuple[Point, ...]:
        """Return one lap around a race's circuit from the line on; empty where not known yet."""
        outline = self.map_of(race_id).outline
        return outline.points if outline is not None else ()

    def _ask(self, held: _Held) -> None:
        if held.known.outline is not None and held.known.guide is not None:
            return
        now_s = self._monotonic()
        is_soon = held.known.outline is None and held.asked < TIMES_SOON
        if now_s - held.asked_s >= (ASK_AGAIN_S if is_soon else ASK_LATER_S):
            held.asked, held.asked_s = held.asked + 1, now_s
            held.asking = asyncio.ensure_future(self._look(held))

    async def _look(self, held: _Held) -> None:
        race_id = held.known.race_id
        try:
            race = await self._reader.race(race_id)
            outline = held.known.outline or await self._survey(self._reader, race)
            held.known = TrackMap(race_id, outline, held.known.guide)  # shown while corners come
            held.known = TrackMap(race_id, outline, await self._guide(race))
        except PitwallError:
            pass  # not kept yet, or no database: asked again later
        except Exception:  # a map is an ornament: the race is shown without
            log.exception("no map could be drawn", extra={"race": race_id})
        finally:
            held.asking = None
