"""Kept races on demand, for many viewers at once, in memory that has a bound."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.domain.history import RaceSummary
from pitwall.domain.timeline import Digest, Timeline
from pitwall.pipeline.clock import wall_now
from pitwall.pipeline.engine import EngineState
from pitwall.pipeline.framing import FeedView, Stamp, build_frame
from pitwall.pipeline.replay.film import NO_SHORT_CUTS, Film, ShortCuts
from pitwall.pipeline.replay.projector import Predictors, Projector
from pitwall.pipeline.replay.reels import ReelShelf
from pitwall.pipeline.turns import Stage
from pitwall.ports import Predictor
from pitwall.race_ports import Pace, RaceReader

FILMS_HELD: Final = 4  # each has a feature book, 6 MB, and the laps of a race
TIMELINES_HELD: Final = 32
DIGESTS_HELD: Final = 2_000
PLAYING_AT_ONCE: Final = 2
GUESTS_PLAYING_AT_ONCE: Final = 1
T = TypeVar("T")


class Looked(NamedTuple):
    """What a frame of a kept race says of itself.

    Attributes:
        sequence: Its number, for whoever gets it.
        model_version: Of the model whose forecasts it shows.
    """

    sequence: int
    model_version: str


def seen(
    race: RaceSummary, state: EngineState, at: datetime, pace: Pace, looked: Looked
) -> LiveFrame:
    """Return the frame of a kept race's state at `at`, on the race's own clock."""
    ended = race.last_at is not None and at >= race.last_at
    going = FeedState.PAUSED if pace.paused else FeedState.FLOWING
    feed = FeedView(
        source=race.source,
        feed=race.feed,
        state=FeedState.ENDED if ended else going,
        speed=pace.speed,
    )
    age_s = max(0.0, (at - state.sent_at).total_seconds()) if state.sent_at else None
    return build_frame(state, feed, Stamp(looked.sequence, wall_now(), age_s), looked.model_version)


class Viewing:
    """One viewer and one kept race.

    Attributes:
        race: Which race.
    """

    def __init__(self, projector: Projector, model_version: str) -> None:
        self.race = projector.film.race
        self._projector = projector
        self._model_version = model_version
        self._one_at_a_time = asyncio.Lock()
        self._sequence = 0

    async def state(self, at: datetime) -> EngineState:
        """Return the race's state as it was at `at`; its book is this viewer's until the next call.

        Raises:
            StoreError: The database is not there, or a stretch of the race is damaged.
        """
        async with self._one_at_a_time:
            return await self._projector.show(at)

    async def frame(self, at: datetime, pace: Pace) -> LiveFrame:
        """Return the frame that a live viewer saw at `at`, on the race's own clock.

        Raises:
            StoreError: The database is not there, or a stretch of the race is damaged.
        """
        async with self._one_at_a_time:
            state = await self._projector.show(at)
            self._sequence += 1
            sequence = self._sequence
        return seen(self.race, state, at, pace, Looked(sequence, self._model_version))


class ReplayDesk:
    """Implements `pitwall.race_ports.Replays`.

    Args:
        reader: Where races are kept.
        predictor: Forecasts battles; None shows them without.
        short_cuts: Of the model; without, a seek takes longer.
    """

    def __init__(
        self,
        reader: RaceReader,
        predictor: Predictor | None,
        short_cuts: ShortCuts = NO_SHORT_CUTS,
    ) -> None:
        self.shelf = ReelShelf()
        self._reader = reader
        self._predictor = predictor
        self._short_cuts = short_cuts
        self._films: OrderedDict[tuple[str, int], asyncio.Task[Film]] = OrderedDict()
        self._timelines: OrderedDict[tuple[str, int], asyncio.Task[Timeline]] = OrderedDict()
        self._digests: OrderedDict[tuple[str, int], Digest] = OrderedDict()
        self._stage = Stage(PLAYING_AT_ONCE, GUESTS_PLAYING_AT_ONCE)

    async def open(self, race: RaceSummary, *, is_guest: bool = False) -> Viewing:
        """Return a new viewer's view of a kept race; a guest's plays after everybody else's.

        Raises:
            StoreError: The database is not there.
        """
        key = (race.id, race.revision)
        if key not in self._films:
            opening = Film.open(race, self._reader, self._short_cuts)
            self._films[key] = asyncio.ensure_future(opening)
        film = await _held(self._films, key, FILMS_HELD)
        predictors = Predictors(self._predictor, self._short_cuts.plain or self._predictor)
        lane = self._stage.lane(is_guest=is_guest)
        projector = Projector(film, self.shelf, predictors, lane)
        ours = self._predictor.version if self._predictor else ""
        return Viewing(projector, race.model_version or ours)

    async def timeline(self, race: RaceSummary) -> Timeline:
        """Return what happened when in a race; counted once for each revision of it.

        Raises:
            StoreError: The database is not there.
        """
        key = (race.id, race.revision)
        if key not in self._timelines:
            self._timelines[key] = asyncio.ensure_future(self._reader.timeline(race))
        return await _held(self._timelines, key, TIMELINES_HELD)

    async def digest(self, race: RaceSummary) -> Digest:
        """Return how a race came out; counted once for each revision of it.

        Raises:
            StoreError: The database is not there.
        """
        key = (race.id, race.revision)
        if key not in self._digests:
            self._digests[key] = (await self.timeline(race)).digest
            while len(self._digests) > DIGESTS_HELD:
                self._digests.popitem(last=False)
        return self._digests[key]


async def _held(
    held: OrderedDict[tuple[str, int], asyncio.Task[T]], key: tuple[str, int], most: int
) -> T:
    """Await what is held under a key, keep the newest `most`, and forget what failed."""
    task = held[key]
    held.move_to_end(key)
    while len(held) > most:
        held.popitem(last=False)
    try:
        return await asyncio.shield(task)
    except BaseException:
        if task.done() and held.get(key) is task:
            del held[key]
        raise
