"""Make small fields of cars, and the events and messages that tests need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from pitwall.domain.gaps import LeaderLap, TimeGap
from pitwall.domain.race import (
    CarState,
    Driver,
    DriverNumber,
    GapSample,
    Phase,
    RaceInfo,
    RaceState,
    TrackStatus,
)
from pitwall.domain.sessions import Source
from pitwall.prediction.predictor import MixturePredictor
from pitwall.wire.message import RawMessage

LIGHTS_OUT = datetime(2025, 7, 6, 14, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return the moment `seconds` after lights out."""
    return LIGHTS_OUT + timedelta(seconds=seconds)


def a_race(
    *intervals_s: float | None,
    now: datetime = LIGHTS_OUT,
    lap: int = 5,
    track_status: TrackStatus = TrackStatus.CLEAR,
) -> RaceState:
    """Return a field of cars 1, 2, 3, … whose intervals to the car ahead are given."""
    cars: dict[DriverNumber, CarState] = {}
    gap_s = 0.0
    for place, interval_s in enumerate((0.0, *intervals_s), start=1):
        gap_s += interval_s or 0.0
        car = CarState(
            DriverNumber(place),
            driver=Driver(code=f"C{place:02d}", name=f"Driver {place}", team="Team"),
            position=place,
            gap_to_leader=LeaderLap(lap) if place == 1 else TimeGap(gap_s),
            laps_completed=lap - 1,
        )
        if place > 1 and interval_s is not None:
            sample = GapSample(now, gap_s, interval_s)
            car = replace(car, interval=TimeGap(interval_s), interval_at=now, trace=(sample,))
        cars[car.number] = car
    info = RaceInfo("2025-british-grand-prix-race", "British Grand Prix", "Race", "Silverstone")
    return RaceState(
        as_of=now,
        info=info,
        phase=Phase.STARTED,
        track_status=track_status,
        lap=lap,
        total_laps=52,
        cars=cars,
    )


def a_message(seconds: float, topic: str, payload: object) -> RawMessage:
    """Return a wire message sent `seconds` after lights out."""
    return RawMessage(at(seconds), topic, json.dumps(payload).encode())


@dataclass(frozen=True)
class ListFeed:
    """A feed of given messages."""

    given: tuple[RawMessage, ...]
    name: str = "recording:made"
    source: Source = Source.RECORDED

    def messages(self) -> Iterator[RawMessage]:
        """Yield the given messages."""
        return iter(self.given)


def a_duel(seconds: int = 60, closing_s: float = 0.02) -> tuple[RawMessage, ...]:
    """Return a race of two cars, on lap 5 and 1.5 s apart, the gap falling every second."""
    opening = (
        a_message(0, "SessionInfo", _SESSION),
        a_message(0, "DriverList", {"4": {"Tla": "NOR"}, "81": {"Tla": "PIA"}}),
        a_message(0, "SessionStatus", {"Status": "Started"}),
        a_message(0, "TrackStatus", {"Status": "1"}),
        a_message(0, "LapCount", {"CurrentLap": 5, "TotalLaps": 52}),
        a_message(0, "TimingData", {"Lines": {"4": {"Line": 1, "GapToLeader": "LAP 5"}}}),
        a_message(0, "TimingData", {"Lines": {"81": {"Line": 2}}}),
    )
    gaps = (f"+{1.5 - closing_s * second:.3f}" for second in range(seconds))
    return opening + tuple(
        a_message(second + 0.1, "TimingData", {"Lines": {"81": _behind(gap)}})
        for second, gap in enumerate(gaps)
    )


def _behind(gap: str) -> dict[str, object]:
    return {"GapToLeader": gap, "IntervalToPositionAhead": {"Value": gap, "Catching": True}}


_SESSION = {
    "Meeting": {"Name": "British Grand Prix", "Circuit": {"ShortName": "Silverstone"}},
    "Type": "Race",
    "Name": "Race",
    "StartDate": "2025-07-06T15:00:00",
    "GmtOffset": "01:00:00",
}


@cache
def shipped() -> MixturePredictor:
    """Return the forecaster of the shipped bundle, read once; it keeps nothing between calls."""
    return MixturePredictor.load()
