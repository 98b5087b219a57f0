"""Make a race event by event, with sectors, traps and gap readings, for tests of the features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from pitwall.domain.battles import Battle
from pitwall.domain.events import CarTimed, LapCounted, PhaseChanged, RaceDescribed, TimingEvent
from pitwall.domain.gaps import TimeGap
from pitwall.domain.race import DriverNumber, Phase, RaceInfo, RaceState
from pitwall.domain.reducer import apply
from pitwall.prediction.features import feature_names
from tests.makers import at
from tests.prediction.makers import a_battle

LAP_S = 90.0
COLUMN = {name: index for index, name in enumerate(feature_names())}


def events_of(gaps_s: dict[int, list[float]], seconds: float = 1e9) -> Iterator[TimingEvent]:
    """Yield the events of cars with these gaps to the leader's clock at each line.

    Car numbers come in running order. Every 5 s each car's line is sent, between the lines
    with the gap interpolated; sectors take 30, 35 and the rest of the lap.
    """
    info = RaceInfo("2025-british-grand-prix-race", circuit="Silverstone", kind="Race", year=2025)
    events: list[TimingEvent] = [
        RaceDescribed(at(0), info),
        PhaseChanged(at(0), Phase.STARTED),
        LapCounted(at(0), 1, 52),
    ]
    for place, (number, gaps) in enumerate(gaps_s.items(), start=1):
        events += _of_car(DriverNumber(number), place, gaps, list(gaps_s.values())[: place - 1])
    yield from (
        event
        for event in sorted(events, key=lambda event: event.sent_at)
        if event.sent_at <= at(seconds)
    )


def _of_car(
    number: DriverNumber, place: int, gaps: list[float], ahead: list[list[float]]
) -> Iterator[TimingEvent]:
    for lap, gap_s in enumerate(gaps, start=1):
        before = gaps[lap - 2] if lap > 1 else 0.0
        for step in range(18):
            share = step / 18
            now_s = before + (gap_s - before) * share
            front_s = 0.0
            if ahead:
                last = ahead[-1][lap - 2] if lap > 1 else 0.0
                front_s = last + (ahead[-1][lap - 1] - last) * share
            yield CarTimed(
                at(LAP_S * (lap - 1 + share) + now_s),
                number,
                position=place,
                gap_to_leader=TimeGap(now_s),
                interval=TimeGap(now_s - front_s),
            )
        lap_s = LAP_S + gap_s - before
        yield CarTimed(
            at(LAP_S * lap + gap_s),
            number,
            laps_completed=lap,
            last_lap_s=lap_s,
            sectors_s={0: 30.0, 1: 35.0, 2: lap_s - 65.0},
            speeds_kmh={"ST": 300.0 + number + lap, "FL": 280.0},
        )


def states(events: Iterator[TimingEvent]) -> Iterator[RaceState]:
    """Yield the race after each event."""
    race = RaceState()
    for event in events:
        race = apply(race, event)
        yield race


def after(gaps_s: dict[int, list[float]], seconds: float) -> RaceState:
    """Return the race at a moment, in seconds after lights out."""
    *_, race = states(events_of(gaps_s, seconds))
    return replace(race, as_of=at(seconds))


def pairs(race: RaceState) -> list[Battle]:
    """Return a battle for each pair in order."""
    order = race.in_order()
    return [
        a_battle(race, 0.5 + back.number / 10, attacker=back.number, defender=front.number)
        for front, back in pairwise(order)
    ]
