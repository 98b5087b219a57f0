"""Prepare one stored race for replay from any moment: its segments, drivers and laps."""

from __future__ import annotations

import asyncio
import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from pitwall.domain.race import CarState, DriverNumber, LapRecord, RaceState
from pitwall.domain.records import KeyframePlace
from pitwall.domain.stored_races import HistoryTable, RaceSummary, Selection
from pitwall.engine.keyframes import decode_keyframe
from pitwall.engine.race_engine import EngineState
from pitwall.ports.forecasts import Predictor
from pitwall.ports.races import RaceReader
from pitwall.prediction.features import FeatureCache, copy_of
from pitwall.prediction.predictor import MixturePredictor
from pitwall.replay.segments import Segment, SegmentCache
from pitwall.replay.stored_forecasts import forecasts_from_rows
from pitwall.wire.message import RawMessage

_ROWS: Final = 100_000  # a segment has about 2,000 forecasts; a long one, after a restart, more


@dataclass(frozen=True, slots=True)
class ReplayShortcuts:
    """Shortcuts of a model that make a seek quicker without changing what is shown.

    Attributes:
        model_version: The version of the present model, whose stored forecasts can be reused.
        cache_of: Returns a feature cache of all laps of a state.
        plain: Forecasts like the predictor, without reasons, for moments that are not on screen.
    """

    model_version: str = ""
    cache_of: Callable[[RaceState], FeatureCache] | None = None
    plain: Predictor | None = None


NO_SHORT_CUTS: Final = ReplayShortcuts()


def shortcuts(predictor: MixturePredictor) -> ReplayShortcuts:
    """Return the shortcuts that a mixture allows."""
    return ReplayShortcuts(predictor.version, predictor.cache_of, predictor.without_reasons())


class ReplaySource:
    """One stored race, opened for replays: it loads the segments that viewers reach.

    Attributes:
        race: The race as it was stored when the replay source was opened.
        starts: Where each segment begins; the first begins with the race.
        repeats_forecasts: Whether the present model made the stored forecasts. It then repeats
            those on screen, to have their reasons. Forecasts of another model are shown as stored.
    """

    def __init__(
        self,
        race: RaceSummary,
        starts: list[KeyframePlace],
        reader: RaceReader,
        *,
        repeats_forecasts: bool,
    ) -> None:
        self.race = race
        self.repeats_forecasts = repeats_forecasts
        self.starts = starts
        self._reader = reader
        self._cars: dict[str, int] = {}
        self._laps: dict[DriverNumber, tuple[LapRecord, ...]] = {}
        self._cache: FeatureCache | None = None

    @classmethod
    async def open(
        cls, race: RaceSummary, reader: RaceReader, shortcuts: ReplayShortcuts
    ) -> ReplaySource:
        """Read what is needed before the first frame.

        Args:
            race: The race.
            reader: Reads stored races.
            shortcuts: The shortcuts of the model.

        Raises:
            StoreError: The database cannot be reached.
        """
        starts = await reader.keyframe_places(race)
        if not starts or starts[0].seq:
            first = race.first_at or (starts[0].at if starts else None)
            starts = [KeyframePlace(0, first), *starts] if first else starts
        repeats_forecasts = race.model_version == shortcuts.model_version
        replay_source = cls(race, starts, reader, repeats_forecasts=repeats_forecasts)
        entries = await reader.page(race, [HistoryTable.ENTRIES], Selection(), _ROWS)
        replay_source._cars = {row["driver"]: row["car"] for _, row in entries.rows}
        last = await reader.keyframe(race, race.last_at) if race.last_at else None
        if last is not None:
            await asyncio.to_thread(replay_source._read_laps, last.body, shortcuts)
        return replay_source

    def number_at(self, at: datetime) -> int:
        """Return the number of the segment that holds a moment."""
        return max(0, bisect.bisect_right(self.starts, at, key=lambda start: start.at) - 1)

    async def segment(self, segment_cache: SegmentCache, number: int) -> Segment:
        """Return a segment, fetched at most once while it is held.

        Raises:
            StoreError: The database cannot be reached, or the segment is damaged.
        """
        key = (self.race.id, self.race.revision, number)
        return await segment_cache.get(key, lambda: self._fetch(number))

    def cache(self) -> FeatureCache:
        """Return a new feature cache for the caller, of all laps if these could be read."""
        return copy_of(self._cache) if self._cache is not None else FeatureCache()

    async def _fetch(self, number: int) -> Segment:
        begin, after = self.starts[number], self.starts[number + 1 : number + 2]
        end = after[0] if after else None
        part = Selection(begin.at, end.at if end else None)
        keyframe, messages, found = await asyncio.gather(
            self._reader.keyframe(self.race, begin.at),
            self._reader.messages(self.race, begin.seq, end.at if end else None),
            self._reader.page(self.race, [HistoryTable.PREDICTIONS], part, _ROWS),
        )
        if keyframe is not None and keyframe.seq != begin.seq:
            keyframe = None  # two keyframes at one instant, or none at the race's beginning
        if end is not None:
            messages = messages[: end.seq - begin.seq]
        rows = [row for _, row in found.rows]
        body = keyframe.body if keyframe else b""
        return await asyncio.to_thread(self._assemble, number, body, messages, rows)

    def _assemble(
        self,
        number: int,
        body: bytes,
        messages: list[RawMessage],
        rows: Sequence[Mapping[str, Any]],
    ) -> Segment:
        state = decode_keyframe(body) if body else None
        if not number:
            state = EngineState()
        if state is not None:
            state = replace(state, race=self._with_known_laps(state.race))
        forecasts = forecasts_from_rows(rows, self._cars, shown=not self.repeats_forecasts)
        return Segment(number, state, messages, forecasts)

    def _read_laps(self, body: bytes, shortcuts: ReplayShortcuts) -> None:
        state = decode_keyframe(body)
        if state is None:
            return
        self._laps = {number: car.laps for number, car in state.race.cars.items()}
        if shortcuts.cache_of is not None:
            self._cache = shortcuts.cache_of(state.race)

    def _with_known_laps(self, race: RaceState) -> RaceState:
        """Return the race with its laps as the same objects that the feature cache has read."""
        cars = {number: self._with_laps(car) for number, car in race.cars.items()}
        return replace(race, cars=cars)

    def _with_laps(self, car: CarState) -> CarState:
        known = self._laps.get(car.number, ())
        laps = tuple(
            known[place] if place < len(known) and known[place] == lap else lap
            for place, lap in enumerate(car.laps)
        )
        return replace(car, laps=laps)
