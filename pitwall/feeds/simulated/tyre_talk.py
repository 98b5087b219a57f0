"""How the race sounds on `TimingAppData`: the grid, and every stint's rubber and laps."""

from __future__ import annotations

from random import Random

from pitwall.feeds.simulated.cars import RaceCar
from pitwall.feeds.simulated.happenings import Happening, LaneLeft, LapDone
from pitwall.feeds.simulated.setup import RaceSetup
from pitwall.feeds.simulated.spoken import Saying
from pitwall.feeds.simulated.tyres import TyreSet
from pitwall.wire.encode import lap_time_text

TOPIC = "TimingAppData"
_LAGS_S = 5.0  # the feed adds a lap to a stint some seconds after the line


def opening_grid(setup: RaceSetup) -> dict[str, object]:
    """Return the first word of the topic: who starts where."""
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


def tyre_words(happening: Happening, rng: Random) -> list[Saying]:
    """Return what `TimingAppData` says of a happening; nothing for most kinds."""
    match happening:
        case LapDone():
            stint: dict[str, object] = {"TotalLaps": happening.tyres.age_laps}
            if happening.lap > 1:
                stint["LapTime"] = lap_time_text(happening.lap_time_s)
                stint["LapNumber"] = happening.lap
            at_s = happening.at_s + rng.uniform(0.5, _LAGS_S)
            return [_saying(at_s, str(happening.number), happening.stint_number, stint)]
        case LaneLeft():
            stint = _new_stint(happening.fitted)
            at_s = happening.at_s + rng.uniform(0.3, 2.0)
            return [_saying(at_s, str(happening.number), happening.stint_number, stint)]
    return []


def _saying(at_s: float, number: str, stint_number: int, stint: dict[str, object]) -> Saying:
    stints = {str(stint_number - 1): stint}
    return Saying(at_s, TOPIC, {"Lines": {number: {"Stints": stints}}})


def _new_stint(tyres: TyreSet) -> dict[str, object]:
    return {
        "LapFlags": 0,
        "Compound": tyres.compound.value,
        "New": "false" if tyres.age_laps else "true",
        "TyresNotChanged": "0",
        "TotalLaps": tyres.age_laps,
        "StartLaps": tyres.age_laps,
    }
