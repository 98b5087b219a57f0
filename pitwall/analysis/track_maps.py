"""Draw and cache track maps from the positions of cars in stored races.

These positions are in the same axes as the cars that will be drawn on the map. A race without
positions uses those of another race at its circuit.

A live race has no clean lap when it begins. Where no other race has driven at its circuit, the map
is what the first lap has shown so far, or the outline of a published description, until there is a
clean lap. The circuits of simulated races are known beforehand.

Callers never wait: a page is drawn without its map, and again when there is one.
"""

from __future__ import annotations

import asyncio
import bisect
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import numpy as np

from pitwall.domain.car_use import TrackPoint
from pitwall.domain.circuits import CircuitGuide, Outline, Point, TrackMap
from pitwall.domain.events import CarTimed
from pitwall.domain.race import Phase
from pitwall.domain.stored_races import HistoryTable, RaceFilter, RaceSummary, Selection
from pitwall.errors import PitwallError
from pitwall.ports.races import RaceReader
from pitwall.wire.decode import decode, every_car_point
from pitwall.wire.message import RawMessage

STEPS: Final = 400  # around the lap, a quarter of a second apart, like the readings

_LAPS_TRIED: Final = 3

_RACES_TRIED: Final = 8

_MOST_LAPS: Final = 4_000

_POSITION: Final = "Position"  # with .z or without

_LATE: Final = timedelta(seconds=5)  # readings arrive in bursts, after they were taken

_FEWEST_A_S: Final = 0.8

_LONGEST_HOLE_S: Final = 4.0

_LONGEST_LAP_S: Final = 240.0

_FASTEST_MPS: Final = 120.0

_SLACK_M: Final = 60.0  # the time stamp of a reading is off by up to half a second

_RUNNING: Final = "running"

# Of the first lap: how much is worth drawing, when a car is back where it started, and the longest
# way between two readings.
_FEWEST_M: Final = 500.0
_SHORTEST_LAP_M: Final = 2_000.0
_BACK_WITHIN_M: Final = 60.0
_LONGEST_STEP_M: Final = 300.0
_OPEN_STEP_M: Final = 12.0

# Of a stop: how many are tried, how far around the line the pit lane reaches, and its points.
_STOPS_TRIED: Final = 3
_BEFORE_LINE: Final = timedelta(seconds=60)
_AFTER_LINE: Final = timedelta(seconds=90)
_LANE_STEP_M: Final = 8.0
_FEWEST_IN_LANE: Final = 8


class SurveyedLap(NamedTuple):
    """A lap from which the outline of a circuit may be drawn."""

    car: int
    began: datetime
    ended: datetime
    sectors_s: tuple[float | None, float | None]


async def survey(reader: RaceReader, race: RaceSummary) -> Outline | None:
    """Return the outline of a race's circuit, from this race or another one at the circuit.

    Returns:
        A provisional one while no race at this circuit has a clean lap with positions; None where
        this race has no positions yet.

    Raises:
        StoreError: The database cannot be reached, or its messages are damaged.
    """
    own = await _survey_own(reader, race)
    if own is not None:
        return own
    if race.circuit_id is not None:
        others, _ = await reader.races(RaceFilter(circuit=race.circuit_id), _RACES_TRIED)
        # A circuit that was rebuilt has another outline: the nearest season first.
        for other in sorted(others, key=lambda each: abs(each.year - race.year)):
            if other.id != race.id and (outline := await _survey_own(reader, other)) is not None:
                return outline
    return await _first_lap(reader, race) if race.state == _RUNNING else None


async def _survey_own(reader: RaceReader, race: RaceSummary) -> Outline | None:
    if race.first_at is None:
        return None
    page = await reader.page(race, [HistoryTable.LAPS], Selection(), _MOST_LAPS)
    rows = [row for _, row in page.rows]
    for lap in _clean_laps(rows):
        messages = await _messages(reader, race, lap.began, lap.ended + _LATE)
        if not any(message.topic.startswith(_POSITION) for message in messages):
            return None  # this feed has no positions
        # Naming the car or the lap would reveal who is quick.
        drawn_from = f"the positions of one clean lap of the {race.name} {race.year}"
        outline = await asyncio.to_thread(_drawn, messages, lap, drawn_from)
        if outline is not None:
            return replace(outline, pit_lane=await _pit_lane(reader, race, rows))
    return None


async def _messages(
    reader: RaceReader, race: RaceSummary, since: datetime, until: datetime
) -> list[RawMessage]:
    """Return the messages of a part of a race, from a keyframe before it on."""
    places = await reader.keyframe_places(race)
    nearest = bisect.bisect_left(places, since, key=lambda place: place.at) - 1
    first_seq = places[nearest].seq if nearest >= 0 else 0
    return await reader.messages(race, first_seq, until)


async def _pit_lane(
    reader: RaceReader, race: RaceSummary, laps: Sequence[Any]
) -> tuple[Point, ...]:
    """Return the way of a car through the pit lane; empty where none can be told."""
    pitted = {(row["car"], row["lap"]): row["completed_at_utc"] for row in laps if row["pitted"]}
    # An in-lap and an out-lap follow each other; the start and the end of a race are no stops.
    stops = [(car, at) for (car, lap), at in pitted.items() if lap > 1 and (car, lap + 1) in pitted]
    for car, at in stops[:_STOPS_TRIED]:
        messages = await _messages(reader, race, at - _BEFORE_LINE, at + _AFTER_LINE)
        lane = await asyncio.to_thread(lane_of, messages, car)
        if lane:
            return lane
    return ()


def lane_of(messages: Sequence[RawMessage], car: int) -> tuple[Point, ...]:
    """Return the way of a car between pit entry and exit; empty where it was not located there."""
    entered: datetime | None = None
    left: datetime | None = None
    points = []
    for message in messages:
        points += [point for number, point in every_car_point(message) if number == car]
        if message.topic != "TimingData" or b"InPit" not in message.body:
            continue
        for event in decode(message).events:
            if isinstance(event, CarTimed) and event.number == car and event.in_pit is not None:
                if event.in_pit and entered is None:
                    entered = event.sent_at
                elif not event.in_pit and entered is not None and left is None:
                    left = event.sent_at
    if entered is None or left is None:
        return ()
    at_s, xy = _track_of(points, entered)
    inside = xy[(at_s >= 0.0) & (at_s <= (left - entered).total_seconds())]
    lane = _thinned(inside, _LANE_STEP_M)
    return tuple(lane) if len(lane) >= _FEWEST_IN_LANE else ()


def _thinned(places: Any, step_m: float) -> list[Point]:  # noqa: ANN401  an array
    """Return places that lie at least a step apart."""
    chosen: list[Point] = []
    for x, y in places.tolist():
        if not chosen or np.hypot(x - chosen[-1][0], y - chosen[-1][1]) >= step_m:
            chosen.append((round(x, 1), round(y, 1)))
    return chosen


async def _first_lap(reader: RaceReader, race: RaceSummary) -> Outline | None:
    """Return what the first lap of a race under way has shown of the circuit; None before that."""
    page = await reader.page(race, [HistoryTable.STATUSES], Selection(), _MOST_LAPS)
    started = next(
        (
            row["at_utc"]
            for _, row in page.rows
            if (row["kind"], row["value"]) == ("phase", Phase.STARTED)
        ),
        None,
    )
    if started is None:
        return None
    until = started + timedelta(seconds=_LONGEST_LAP_S)
    messages = await _messages(reader, race, started, until)
    drawn_from = f"the positions of the first lap of the {race.name} {race.year}, so far"
    return await asyncio.to_thread(_so_far, messages, started, drawn_from)


def _so_far(messages: Sequence[RawMessage], started: datetime, drawn_from: str) -> Outline | None:
    """Return the way of the car that has driven farthest since the start, closed if it can be."""
    by_car: dict[int, list[TrackPoint]] = {}
    for message in messages:
        for number, point in every_car_point(message):
            by_car.setdefault(number, []).append(point)
    ways = [_track_of(points, started) for points in by_car.values()]
    ways = [(at_s[at_s >= 0.0], xy[at_s >= 0.0]) for at_s, xy in ways]
    steps = [np.hypot(*np.diff(xy, axis=0).T) for _, xy in ways]
    driven_m = [step.sum() if len(step) and step.max() < _LONGEST_STEP_M else 0.0 for step in steps]
    if not driven_m or max(driven_m) < _FEWEST_M:
        return None
    at_s, xy = ways[int(np.argmax(driven_m))]
    along_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    from_start_m = np.hypot(*(xy - xy[0]).T)
    is_back = (along_m > _SHORTEST_LAP_M) & (from_start_m < _BACK_WITHIN_M)
    if not is_back.any():
        points = tuple(_thinned(xy, _OPEN_STEP_M))
        return Outline(points, (), drawn_from, is_open=True, is_provisional=True)
    end = int(np.flatnonzero(is_back)[np.argmin(from_start_m[is_back])])
    lap_s = at_s[end]
    even_s = lap_s * np.arange(STEPS) / STEPS
    x, y = (np.interp(even_s, at_s, xy[:, axis]) for axis in (0, 1))
    drawn = tuple(zip(np.round(x, 1).tolist(), np.round(y, 1).tolist(), strict=True))
    return Outline(drawn, (), drawn_from.removesuffix(", so far"), is_provisional=True)


def _clean_laps(rows: Sequence[Any]) -> list[SurveyedLap]:
    """Return the quickest laps without pits or yellow flags, each of another car."""
    clean = [row for row in rows if row["lap"] > 1 and row["track_clear"] and not row["pitted"]]
    timed = sorted(
        (row for row in clean if 0 < (row["lap_time_s"] or 0) < _LONGEST_LAP_S),
        key=lambda row: row["lap_time_s"],
    )
    chosen: dict[int, SurveyedLap] = {}
    for row in timed:
        began = row["completed_at_utc"] - timedelta(seconds=row["lap_time_s"])
        sectors = (row["sector_1_s"], row["sector_2_s"])
        lap = SurveyedLap(row["car"], began, row["completed_at_utc"], sectors)
        chosen.setdefault(lap.car, lap)
        if len(chosen) == _LAPS_TRIED:
            break
    return list(chosen.values())


def _drawn(messages: Sequence[RawMessage], lap: SurveyedLap, drawn_from: str) -> Outline | None:
    points = [
        point
        for message in messages
        for number, point in every_car_point(message)
        if number == lap.car
    ]
    return outline_of(points, lap, drawn_from)


def outline_of(points: Sequence[TrackPoint], lap: SurveyedLap, drawn_from: str) -> Outline | None:
    """Return the outline of a circuit from a car's readings on one lap.

    Args:
        points: The car's readings, from before the lap to after it, oldest first.
        lap: The lap.
        drawn_from: The source of the outline, in words.

    Returns:
        None if the readings are too few, have a long hole, or jump farther than a car can drive.
    """
    lap_s = (lap.ended - lap.began).total_seconds()
    at_s, xy = _track_of(points, lap.began)
    inside = (at_s >= 0.0) & (at_s <= lap_s)
    if lap_s <= 0 or inside.sum() < _FEWEST_A_S * lap_s or at_s[0] > 0.0 or at_s[-1] < lap_s:
        return None
    first, last = np.flatnonzero(inside)[[0, -1]]
    reach = slice(max(first - 1, 0), last + 2)  # the readings on either side of the line
    steps_s = np.diff(at_s[reach])
    steps_m = np.hypot(*np.diff(xy[reach], axis=0).T)
    if steps_s.max() > _LONGEST_HOLE_S or (steps_m > _FASTEST_MPS * steps_s + _SLACK_M).any():
        return None
    at_steps_s = lap_s * np.arange(STEPS + 1) / STEPS
    x, y = (np.interp(at_steps_s, at_s, xy[:, axis]) for axis in (0, 1))
    # Begin and end are crossings of one line, so the distance between them is spread over the lap.
    share = np.arange(STEPS + 1) / STEPS
    x, y = x + share * (x[0] - x[-1]), y + share * (y[0] - y[-1])
    drawn = tuple(zip(np.round(x[:-1], 1).tolist(), np.round(y[:-1], 1).tolist(), strict=True))
    return Outline(drawn, _sector_ends(lap, lap_s), drawn_from)


def _track_of(points: Sequence[TrackPoint], began: datetime) -> tuple[Any, Any]:
    """Return times (s from the lap's beginning, rising) and places (m), without repetitions."""
    rows = [
        ((point.at - began).total_seconds(), *place)
        for point in points
        if (place := point.metres) is not None
    ]
    table = np.array(sorted(set(rows)) or [(0.0, 0.0, 0.0)])
    fresh = np.concatenate([[True], np.diff(table[:, 0]) > 0])
    # A feed without a new position of a car repeats the last one.
    moved = np.concatenate([[True], (np.diff(table[:, 1:], axis=0) != 0).any(axis=1)])
    table = table[fresh & moved]
    return table[:, 0], table[:, 1:]


def _sector_ends(lap: SurveyedLap, lap_s: float) -> tuple[float, ...]:
    first, second = lap.sectors_s
    if not first or not second:
        return ()
    return round(first / lap_s, 4), round((first + second) / lap_s, 4)


MAPS_HELD: Final = 32  # about 60 kB each

ASK_AGAIN_S: Final = 5.0

TIMES_SOON: Final = 60  # after five minutes without a clean lap, ask less often

ASK_LATER_S: Final = 60.0

Survey = Callable[[RaceReader, RaceSummary], Awaitable[Outline | None]]

Guide = Callable[[RaceSummary], Awaitable[CircuitGuide | None]]

Known = Callable[[str], Outline | None]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Held:
    """A race's map so far, how often and when it was looked for, and the task that looks now."""

    known: TrackMap
    asked: int = 0
    asked_s: float = float("-inf")
    asking: asyncio.Task[None] | None = None
    is_racing: bool = False

    @property
    def is_outline_missing(self) -> bool:
        """Whether there is no outline yet, or a better one is to come."""
        return self.known.outline is None or self.known.outline.is_provisional

    def stop(self) -> None:
        """Cancel the task that looks for the map."""
        if self.asking is not None:
            self.asking.cancel()


class TrackMaps:
    """Holds the maps of the races that people are looking at.

    Args:
        reader: Reads stored races.
        guide: Describes a race's circuit; may take some seconds.
        survey: Draws an outline; slow.
        known: Returns the outline of a race's circuit where it is known beforehand.
        monotonic: A clock of seconds that never goes back.
    """

    def __init__(
        self,
        reader: RaceReader,
        guide: Guide,
        survey: Survey = survey,
        *,
        known: Known = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._guide = guide
        self._survey = survey
        self._known = known
        self._monotonic = monotonic
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def map_of(self, race_id: str, *, is_racing: bool = False) -> TrackMap:
        """Return what is known so far of a race's circuit, and begin to look for what is missing.

        Call it on the event loop. It does not wait.

        Args:
            race_id: The stored race.
            is_racing: Whether it is under way: from its start on, its first lap shows the circuit.
        """
        held = self._held.get(race_id)
        if held is None:
            held = self._held[race_id] = _Held(TrackMap(race_id, self._known(race_id)))
            while len(self._held) > MAPS_HELD:
                self._held.popitem(last=False)[1].stop()
        self._held.move_to_end(race_id)
        if is_racing and not held.is_racing:
            held.is_racing, held.asked = True, 0
        if race_id and held.asking is None:
            self._ask(held)
        return held.known

    def outline_of(self, race_id: str) -> tuple[Point, ...]:
        """Return one lap around a race's circuit from the line on; empty where not known yet."""
        outline = self.map_of(race_id).outline
        return outline.points if outline is not None else ()

    def _ask(self, held: _Held) -> None:
        if not held.is_outline_missing and held.known.guide is not None:
            return
        now_s = self._monotonic()
        is_soon = held.is_outline_missing and held.asked < TIMES_SOON
        if now_s - held.asked_s >= (ASK_AGAIN_S if is_soon else ASK_LATER_S):
            held.asked, held.asked_s = held.asked + 1, now_s
            held.asking = asyncio.ensure_future(self._look(held))

    async def _look(self, held: _Held) -> None:
        race_id = held.known.race_id
        try:
            race = await self._reader.race(race_id)
            outline = held.known.outline
            if held.is_outline_missing:
                outline = await self._survey(self._reader, race) or outline
            # The outline can be shown while the description is being looked up.
            held.known = TrackMap(race_id, outline, held.known.guide)
            guide = held.known.guide or await self._guide(race)
            held.known = TrackMap(race_id, _of_guide(outline, guide), guide)
        except PitwallError:
            pass  # the race is not stored yet, or there is no database: tried again later
        except Exception:  # the race can be shown without a map
            log.exception("no map could be drawn", extra={"race": race_id})
        finally:
            held.asking = None


def _of_guide(outline: Outline | None, guide: CircuitGuide | None) -> Outline | None:
    """Return the outline of a published description while no whole lap has been surveyed."""
    if guide is None or not guide.outline or (outline is not None and not outline.is_open):
        return outline
    return Outline(guide.outline, (), guide.source, is_provisional=True)
