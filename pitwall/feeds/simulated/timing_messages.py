"""Write `TimingData` and `TimingAppData` of a simulated race: gaps, laps, tyres."""

from __future__ import annotations

import math
from random import Random

from pitwall.domain.gaps import Gap, LapsDown, LeaderLap, TimeGap
from pitwall.domain.race import DriverNumber
from pitwall.feeds.simulated.cars import RaceCar
from pitwall.feeds.simulated.events import (
    CarRetired,
    CarStopped,
    Happening,
    LaneEntered,
    LaneLeft,
    LapDone,
    LoopPassed,
    PlaceTaken,
)
from pitwall.feeds.simulated.events import LoopGap as RoadGap
from pitwall.feeds.simulated.outbox import QueuedMessage
from pitwall.feeds.simulated.setup import RaceSetup
from pitwall.feeds.simulated.tyres import TyreSet
from pitwall.wire.encode import gap_text, lap_time_text

TIMING_TOPIC = "TimingData"

Speeds = dict[str, dict[str, str]]

_LOST = 0.01  # share of gap updates that the feed leaves out

_LAG_S = 0.17  # of the report of a lap: always the same, so that reports keep the true gaps

_GAP_LAG_S = (-0.02, 0.06)  # of the gap at a loop against that, by race, as in the archive

_GAP_LAG_SD_S = 0.035

# Of 60 races 2023-25: how many speeds the feed leaves out.
_UNHEARD = {"I1": 0.158, "I2": 0.017, "FL": 0.002, "ST": 0.070}

_SPEED_SD_KMH = {"I1": 1.9, "I2": 1.5, "FL": 0.8, "ST": 1.3}

# By how much cars differ at one trap beside their trim: gears and set-up, as a share.
_TRAP_SD = {"I1": 0.007, "I2": 0.006, "FL": 0.003, "ST": 0.003}

_ODD = 0.08  # share of speeds that a gust, a lift or another line changes

_ODD_SD_KMH = 7.0

_AT_LINE = 0.2  # the line lies early on its straight, where a surge has only begun

_TOW_AT_LINE = 0.015  # of the speed there, right behind another car

_TOW_FALL_S = 0.7

_CAUGHT_S = 0.02


def opening_lines(setup: RaceSetup) -> dict[str, object]:
    """Return the snapshot before the start: every car on its grid place."""
    return {
        "Lines": {
            str(entrant.number): _opening_line(entrant.number, place)
            for place, entrant in enumerate(setup.entrants, start=1)
        },
        "Withheld": False,
    }


def _opening_line(number: DriverNumber, place: int) -> dict[str, object]:
    gap = "LAP 1" if place == 1 else ""
    empty = {"Value": "", "Status": 0, "OverallFastest": False, "PersonalFastest": False}
    return {
        "GapToLeader": gap,
        "IntervalToPositionAhead": {"Value": gap, "Catching": False},
        "Line": place,
        "Position": str(place),
        "ShowPosition": True,
        "RacingNumber": str(number),
        "Retired": False,
        "InPit": False,
        "PitOut": False,
        "Stopped": False,
        "NumberOfLaps": 0,
        "NumberOfPitStops": 0,
        "Sectors": [{"Stopped": False, **empty} for _ in range(3)],
        "Speeds": {trap: dict(empty) for trap in ("I1", "I2", "FL", "ST")},
        "BestLapTime": {"Value": ""},
        "LastLapTime": dict(empty),
    }


class TimingMessages:
    """Turns events into timing deltas; mutable, it remembers the last message of each car."""

    def __init__(self, setup: RaceSetup, rng: Random) -> None:
        numbers = [entrant.number for entrant in setup.entrants]
        self._shape = setup.shape
        self._trim = {entrant.number: entrant.trim for entrant in setup.entrants}
        self._rng = rng
        self._at_trap = {
            (n, trap): rng.gauss(0.0, sd) for n in numbers for trap, sd in _TRAP_SD.items()
        }
        self._sector_began = dict.fromkeys(numbers, 0.0)
        self._interval = dict.fromkeys(numbers, 0.0)
        self._catching = dict.fromkeys(numbers, False)
        self._gap_lag_s = _LAG_S + rng.uniform(*_GAP_LAG_S)
        self._best = dict.fromkeys(numbers, float("inf"))
        self._best_of_all = float("inf")

    def messages(self, happening: Happening) -> list[QueuedMessage]:
        """Return the `TimingData` messages of an event; none for most kinds."""
        match happening:
            case LoopPassed():
                return self._loop(happening)
            case PlaceTaken():
                return self._places(happening)
            case LapDone():
                return [self._lap(happening)]
            case LaneEntered() | LaneLeft():
                return self._lane(happening)
            case CarStopped() | CarRetired():
                return self._gone(happening)
        return []

    def _line(self, at_s: float, number: DriverNumber, line: dict[str, object]) -> QueuedMessage:
        return QueuedMessage(at_s, TIMING_TOPIC, {"Lines": {str(number): line}})

    def _loop(self, passed: LoopPassed) -> list[QueuedMessage]:
        messages: list[QueuedMessage] = []
        if passed.loop == 0 or self._rng.random() >= _LOST:
            line = self._gaps(passed)
            if line:
                lag_s = max(0.01, self._gap_lag_s + self._rng.gauss(0.0, _GAP_LAG_SD_S))
                messages.append(self._line(passed.at_s + lag_s, passed.number, line))
        ends = self._shape.sector_ends
        if passed.loop in ends:
            messages.append(self._sector(passed, ends.index(passed.loop)))
        if passed.loop == 1:
            speeds = self._speeds(passed.number, "ST", 1, passed.surge)
            if speeds:
                messages.append(self._line(passed.at_s + 0.2, passed.number, {"Speeds": speeds}))
        return messages

    def _gaps(self, passed: LoopPassed) -> dict[str, object]:
        if passed.to_leader is None or passed.to_ahead is None:
            if passed.loop:
                return {}
            text = gap_text(LeaderLap(passed.lap + 1))
            return {"GapToLeader": text, "IntervalToPositionAhead": {"Value": text}}
        interval: dict[str, object] = {"Value": _text(passed.to_ahead)}
        seconds = passed.to_ahead.seconds
        if seconds is not None:
            catching = seconds < self._interval[passed.number] - _CAUGHT_S
            self._interval[passed.number] = seconds
            if catching != self._catching[passed.number]:
                self._catching[passed.number] = catching
                interval["Catching"] = catching
        return {"GapToLeader": _text(passed.to_leader), "IntervalToPositionAhead": interval}

    def _sector(self, passed: LoopPassed, index: int) -> QueuedMessage:
        time_s = passed.at_s - self._sector_began[passed.number]
        self._sector_began[passed.number] = passed.at_s
        line: dict[str, object] = {
            "Sectors": {str(index): {"Value": lap_time_text(time_s)}},
        }
        if speeds := self._speeds(passed.number, f"I{index + 1}", passed.loop, passed.surge):
            line["Speeds"] = speeds
        return self._line(passed.at_s + self._rng.uniform(0.1, 0.3), passed.number, line)

    def _places(self, taken: PlaceTaken) -> list[QueuedMessage]:
        place = taken.position
        lines = {
            str(taken.attacker): {"Line": place, "Position": str(place)},
            str(taken.defender): {"Line": place + 1, "Position": str(place + 1)},
        }
        # At once: the next swap at this loop builds on it.
        return [QueuedMessage(taken.at_s + 0.02, TIMING_TOPIC, {"Lines": lines})]

    def _lap(self, done: LapDone) -> QueuedMessage:
        number = done.number
        sector_s = done.at_s - self._sector_began[number]
        self._sector_began[number] = done.at_s
        line: dict[str, object] = {
            "NumberOfLaps": done.lap,
            "Sectors": {"2": {"Value": lap_time_text(sector_s)}},
        }
        if speeds := self._speeds(number, "FL", 0, _at_line(done)):
            line["Speeds"] = speeds
        if done.lap > 1:
            # The feed gives no time for the first lap, which starts from the grid.
            line |= self._lap_time(done)
        return self._line(done.at_s + _LAG_S, number, line)

    def _lap_time(self, done: LapDone) -> dict[str, object]:
        text = lap_time_text(done.lap_time_s)
        own = done.lap_time_s < self._best[done.number]
        overall = done.lap_time_s < self._best_of_all
        line: dict[str, object] = {
            "LastLapTime": {"Value": text, "OverallFastest": overall, "PersonalFastest": own}
        }
        if own:
            self._best[done.number] = done.lap_time_s
            self._best_of_all = min(self._best_of_all, done.lap_time_s)
            line["BestLapTime"] = {"Value": text, "Lap": done.lap}
        return line

    def _lane(self, moved: LaneEntered | LaneLeft) -> list[QueuedMessage]:
        at_s, number = moved.at_s, moved.number
        if isinstance(moved, LaneEntered):
            return [self._line(at_s, number, {"InPit": True, "NumberOfPitStops": moved.stop})]
        over_s = at_s + self._rng.uniform(18.0, 45.0)
        return [
            self._line(at_s + 0.1, number, {"InPit": False}),
            self._line(at_s + 0.12, number, {"PitOut": True}),
            self._line(over_s, number, {"PitOut": False}),
        ]

    def _gone(self, gone: CarStopped | CarRetired) -> list[QueuedMessage]:
        if isinstance(gone, CarStopped):
            return [self._line(gone.at_s + 4.0, gone.number, {"Stopped": True})]
        line = {"Retired": True, "GapToLeader": "", "IntervalToPositionAhead": {"Value": ""}}
        return [self._line(gone.at_s, gone.number, line)]

    def _speeds(self, number: DriverNumber, trap: str, loop: int, surge: float) -> Speeds:
        """Return the reading of a speed trap; nothing where the feed leaves it out."""
        faster = 1.0 + surge + self._trim[number] + self._at_trap[number, trap]
        spots = self._shape.spots
        spot = spots[round(self._shape.loops_at[loop] * len(spots)) % len(spots)]
        odd = self._rng.random() < _ODD
        noise_kmh = self._rng.gauss(0.0, _ODD_SD_KMH if odd else _SPEED_SD_KMH[trap])
        kmh = round(spot.speed_kmh * faster + noise_kmh)
        if self._rng.random() < _UNHEARD[trap]:
            return {}
        return {trap: {"Value": str(kmh)}}


def _at_line(done: LapDone) -> float:
    """Return by how much a car is faster than usual at the line, as a share of its speed."""
    tow = 0.0 if done.interval_s is None else math.exp(-done.interval_s / _TOW_FALL_S)
    return _AT_LINE * done.surge + _TOW_AT_LINE * tow


def _text(gap: RoadGap) -> str:
    meaning: Gap = LapsDown(gap.laps) if gap.seconds is None else TimeGap(gap.seconds)
    return gap_text(meaning)


TYRE_TOPIC = "TimingAppData"

_LAGS_S = 5.0  # the feed adds a lap to a stint some seconds after the line


def opening_grid(setup: RaceSetup) -> dict[str, object]:
    """Return the first message of the topic: the grid."""
    return {
        "Lines": {
            str(entrant.number): {
                "RacingNumber": str(entrant.number),
                "Line": place,
                "GridPos": str(place),
                "Stints": [],
            }
            for place, entrant in enumerate(setup.entrants, start=1)
        }
    }


def opening_stints(cars: list[RaceCar]) -> dict[str, object]:
    """Return the tyres that the cars start on: the first stint comes as a list."""
    lines = {str(c.entrant.number): {"Stints": [_new_stint(c.tyres)]} for c in cars}
    return {"Lines": lines}


def tyre_messages(happening: Happening, rng: Random) -> list[QueuedMessage]:
    """Return the `TimingAppData` messages of an event; none for most kinds."""
    match happening:
        case LapDone():
            stint: dict[str, object] = {"TotalLaps": happening.tyres.age_laps}
            if happening.lap > 1:
                stint["LapTime"] = lap_time_text(happening.lap_time_s)
                stint["LapNumber"] = happening.lap
            at_s = happening.at_s + rng.uniform(0.5, _LAGS_S)
            return [_stint_message(at_s, str(happening.number), happening.stint_number, stint)]
        case LaneLeft():
            stint = _new_stint(happening.fitted)
            at_s = happening.at_s + rng.uniform(0.3, 2.0)
            return [_stint_message(at_s, str(happening.number), happening.stint_number, stint)]
    return []


def _stint_message(
    at_s: float, number: str, stint_number: int, stint: dict[str, object]
) -> QueuedMessage:
    stints = {str(stint_number - 1): stint}
    return QueuedMessage(at_s, TYRE_TOPIC, {"Lines": {number: {"Stints": stints}}})


def _new_stint(tyres: TyreSet) -> dict[str, object]:
    return {
        "LapFlags": 0,
        "Compound": tyres.compound.value,
        "New": "false" if tyres.age_laps else "true",
        "TyresNotChanged": "0",
        "TotalLaps": tyres.age_laps,
        "StartLaps": tyres.age_laps,
    }
