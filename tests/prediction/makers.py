"""Make races with completed laps, as the features read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from pitwall.domain.battles import Battle
from pitwall.domain.gaps import TimeGap
from pitwall.domain.race import (
    CarState,
    Compound,
    DriverNumber,
    GapSample,
    LapRecord,
    Phase,
    RaceInfo,
    RaceState,
    Stint,
)
from tests.makers import LIGHTS_OUT, at

LAP_S = 90.0


def a_car(
    number: int, position: int, gaps_s: list[float], *, now: datetime, **changes: object
) -> CarState:
    """Return a car with these gaps to the leader at its line crossings, oldest first."""
    laps = tuple(
        LapRecord(
            lap,
            at(LAP_S * lap + gap_s),
            lap_time_s=LAP_S + gap_s - (gaps_s[lap - 2] if lap > 1 else 0.0),
            speeds_kmh={"ST": 300.0 + number},
        )
        for lap, gap_s in enumerate(gaps_s, start=1)
    )
    trace = tuple(
        GapSample(sent, gap_s, None)
        for back in range(140, -1, -5)
        if (sent := now - timedelta(seconds=back)) >= LIGHTS_OUT
        for gap_s in [
            gaps_s[max(0, min(len(gaps_s), int((sent - LIGHTS_OUT).seconds / LAP_S)) - 1)]
        ]
    )
    car = CarState(
        DriverNumber(number),
        position=position,
        laps=laps,
        laps_completed=len(laps),
        last_lap_s=laps[-1].lap_time_s if laps else None,
        trace=trace,
        stints=(Stint(1, Compound.MEDIUM, tyre_life_laps=len(laps)),),
        interval_at=now,
    )
    return replace(car, **changes)  # type: ignore[arg-type]


def a_chase(*gaps_s: float, after_line_s: float = 0.0) -> tuple[RaceState, Battle]:
    """Return a leader and a chaser with these gaps at the lines, and their battle."""
    now = at(LAP_S * len(gaps_s) + gaps_s[-1] + after_line_s)
    leader = a_car(1, 1, [0.0] * len(gaps_s), now=now)
    chaser = a_car(2, 2, list(gaps_s), now=now, interval=TimeGap(gaps_s[-1]))
    race = RaceState(
        as_of=now,
        info=RaceInfo("2025-british-grand-prix-race", circuit="Silverstone", year=2025),
        phase=Phase.STARTED,
        lap=len(gaps_s) + 1,
        total_laps=52,
        cars={leader.number: leader, chaser.number: chaser},
    )
    return race, a_battle(race, gaps_s[-1])


def a_battle(race: RaceState, interval_s: float, attacker: int = 2, defender: int = 1) -> Battle:
    """Return a battle of two cars whose interval was measured just now."""
    return Battle(
        DriverNumber(attacker),
        DriverNumber(defender),
        position=1,
        interval_s=interval_s,
        interval_at=race.as_of,
        opened_at=race.as_of,
        opened_lap=1,
    )


def with_car(race: RaceState, number: int, **changes: object) -> RaceState:
    """Return the race with one car changed."""
    key = DriverNumber(number)
    car = replace(race.cars[key], **changes)  # type: ignore[arg-type]
    return replace(race, cars={**race.cars, key: car})


@st.composite
def fields(draw: st.DrawFn) -> tuple[RaceState, list[Battle]]:
    """Draw a field of cars with laps, tyres and gaps, and a battle for each pair in order."""
    laps = draw(st.integers(2, 10))
    gaps = st.lists(st.floats(-1.5, 4), min_size=laps, max_size=laps)
    offsets = draw(st.lists(gaps, min_size=2, max_size=6))
    now = at(LAP_S * laps + draw(st.floats(0, LAP_S)))
    cars = {}
    for place, own in enumerate(offsets, start=1):
        stint = Stint(
            1,
            draw(st.sampled_from(list(Compound))),
            tyre_life_laps=draw(st.none() | st.integers(0, 40)),
        )
        line = [place + gap_s for gap_s in own]
        missing = draw(st.booleans())
        car = a_car(place, place, line, now=now, stints=() if missing else (stint,))
        cars[car.number] = car
    race = RaceState(
        as_of=now,
        phase=Phase.STARTED,
        lap=laps + 1,
        info=RaceInfo(circuit="Silverstone"),
        cars=cars,
    )
    battles = [
        a_battle(race, draw(st.floats(0, 2.5)), attacker=place + 1, defender=place)
        for place in range(1, len(offsets))
    ]
    return race, battles
