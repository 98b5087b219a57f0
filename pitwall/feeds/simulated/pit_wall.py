"""What each team sees of the race as its car comes round to the pit lane, and its call."""

from __future__ import annotations

from random import Random

from pitwall.domain.race import Compound
from pitwall.feeds.simulated.cars import RaceCar, RunningOrder
from pitwall.feeds.simulated.setup import RaceSetup
from pitwall.feeds.simulated.strategy import Situation, choose_stop

_FAR_S = 99.0
_JUST_STOPPED_LAPS = 2
_UNDERCUT_BY_S = (-2.0, 4.0)  # window around the pit loss in which a stopped car is a threat


class PitWall:
    """Every team's view of the running order."""

    def __init__(self, rng: Random, setup: RaceSetup, order: RunningOrder) -> None:
        self._rng = rng
        self._setup = setup
        self._order = order

    def call_in(self, car: RaceCar, *, neutral: bool) -> Compound | None:
        """Return what to fit if the car should come in now, else None."""
        place = self._order.place(car)
        ahead = self._order.gap(car, self._order.cars[place - 1]).seconds if place else None
        now = Situation(
            lap=car.progress // len(self._setup.shape.minis) + 1,
            laps=self._setup.laps,
            gap_ahead_s=_FAR_S if ahead is None else ahead,
            threat_stopped=self._threatened(car, place),
            neutral=neutral,
        )
        return choose_stop(self._rng, car, self._setup.wear, now)

    def _threatened(self, car: RaceCar, place: int) -> bool:
        """Return whether a car that has just stopped would come out ahead if we stay out."""
        loss_s = self._setup.circuit.pit_loss_s
        low, high = _UNDERCUT_BY_S
        for other in self._order.cars[place + 1 :]:
            if other.progress <= car.progress - len(self._setup.shape.minis):
                break
            gap_s = other.at_s - car.passed_at_s[other.progress]
            fresh = other.stint_number > 1 and other.tyres.age_laps < _JUST_STOPPED_LAPS
            if fresh and loss_s + low < gap_s < loss_s + high:
                return True
        return False
