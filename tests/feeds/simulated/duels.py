"""Simulate two cars alone on a track: the smallest race in which one may pass the other."""

from __future__ import annotations

from dataclasses import replace

from pitwall.domain.race import Compound
from pitwall.feeds.simulated.events import How, LapDone, PlaceTaken
from pitwall.feeds.simulated.race import RaceSimulation
from pitwall.feeds.simulated.setup import prepare
from pitwall.feeds.simulated.tyres import TyreSet


def duel(
    seed: int,
    *,
    laps: int = 16,
    advantage_s: float = 0.0,
    tyre_ages: tuple[int, int] = (5, 5),
    stops: tuple[int, int] = (99, 99),
    overtake_mode: bool = True,
) -> RaceSimulation:
    """Return a race of two equal cars, the second `advantage_s` a lap faster; not yet run."""
    usual = prepare(seed, overtake_mode=overtake_mode)
    cars = tuple(
        replace(entrant, slowness_s=slowness_s, craft=0.0, error_rate=0.0)
        for entrant, slowness_s in zip(usual.entrants, (advantage_s, 0.0), strict=False)
    )
    race = RaceSimulation(replace(usual, laps=laps, entrants=cars))
    for car, age, stop in zip(race.cars, tyre_ages, stops, strict=True):
        car.tyres = TyreSet(Compound.MEDIUM, age)
        car.plan = [(stop, Compound.MEDIUM)]
        car.fail_at = None
    return race


def passed_on_track(race: RaceSimulation, before_lap: int) -> bool:
    """Run the race; return whether the second car took the lead on the track in time."""
    second = race.cars[1].entrant.number
    return any(
        isinstance(h, PlaceTaken)
        and h.how is How.TRACK
        and h.attacker == second
        and h.lap < before_lap
        for h in race.run()
    )


def lead_of_second_s(race: RaceSimulation, lap: int) -> float | None:
    """Run the race; return by how much the second car crosses the line first, None if out."""
    first, second = (car.entrant.number for car in race.cars)
    at = {h.number: h.at_s for h in race.run() if isinstance(h, LapDone) and h.lap == lap}
    return at[first] - at[second] if len(at) == 2 else None
