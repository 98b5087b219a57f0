"""Settle each forecast a lap later, or when something interrupts the battle."""

from __future__ import annotations

import heapq
from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple

from pitwall.domain.endings import PASS_HELD_NEAR_PITS
from pitwall.domain.forecasts import Outcome
from pitwall.domain.race import CarState, DriverNumber, RaceState
from pitwall.prediction.situation import lap_duration_s

_CROSSES_WITHIN = timedelta(seconds=60)  # a lap may take longer than the one before
_LAPS_LOOKED_AT = 4
_MOST_OPEN = 20_000  # a hundred battles for two hundred seconds


class Settled(NamedTuple):
    """A forecast and its outcome."""

    made_at: datetime
    attacker: DriverNumber
    defender: DriverNumber
    outcome: Outcome
    settled_at: datetime


class _OpenForecast(NamedTuple):
    due: datetime
    made_at: datetime
    attacker: DriverNumber
    defender: DriverNumber
    laps: int  # that the attacker had completed when it was made


class _LapOver(NamedTuple):
    """A forecast whose lap is over, while its outcome is not certain yet."""

    forecast: _OpenForecast
    order: Outcome  # at the end of the lap
    may_be_pits_until: datetime | None
    crosses_by: datetime | None


class OutcomeTracker:
    """Follows open forecasts; beyond 20,000, new ones stay unsettled.

    A lap lasts as long as the attacker's last one, 90 s before there is one. An interruption counts
    until the lap is over even when the pass came first, because `p_overtake` assumes that there is
    none. A change of order in the last seconds of the lap waits for hindsight, as an ended battle
    does (`domain.endings`): it may be the defender's way into the pits. Where the feed leaves out
    the attacker's next line crossing, and that of the defender, nobody can say what became of the
    lap.
    """

    def __init__(self) -> None:
        self._open: list[_OpenForecast] = []  # a heap: the first due comes first
        self._cars: Counter[DriverNumber] = Counter()  # in how many open forecasts each car is
        self._waiting: list[_LapOver] = []

    def follow(self, made_at: datetime, attacker: CarState, defender: DriverNumber) -> None:
        """Follow one forecast, for as long as a lap of the attacker takes."""
        if len(self._open) < _MOST_OPEN:
            lap = timedelta(seconds=lap_duration_s(attacker))
            laps = attacker.laps_completed
            heapq.heappush(
                self._open, _OpenForecast(made_at + lap, made_at, attacker.number, defender, laps)
            )
            self._cars[attacker.number] += 1
            self._cars[defender] += 1

    def settle(self, race: RaceState, now: datetime) -> list[Settled]:
        """Return the forecasts that can be settled now, and stop following them.

        Args:
            race: The field at `now`.
            now: On the race's clock; call once a second, in order.
        """
        settled = self._after_hindsight(race, now)
        whole_field = _interrupts_all(race)
        if whole_field:
            settled += [(each, whole_field) for each in self._open]
            self._open = []
            self._cars.clear()
        else:
            settled += self._interrupted(race)
            while self._open and self._open[0].due <= now:
                each = heapq.heappop(self._open)
                self._cars[each.attacker] -= 1
                self._cars[each.defender] -= 1
                waits = _lap_over(race, each)
                outcome = _certain(race, waits, now)
                if outcome is None:
                    self._waiting.append(waits)
                else:
                    settled.append((each, outcome))
        return [
            Settled(each.made_at, each.attacker, each.defender, outcome, now)
            for each, outcome in settled
        ]

    def _after_hindsight(
        self, race: RaceState, now: datetime
    ) -> list[tuple[_OpenForecast, Outcome]]:
        if not self._waiting:
            return []
        settled, waiting = [], []
        for each in self._waiting:
            outcome = _certain(race, each, now)
            if outcome is None:
                waiting.append(each)
            else:
                settled.append((each.forecast, outcome))
        self._waiting = waiting
        return settled

    def _interrupted(self, race: RaceState) -> list[tuple[_OpenForecast, Outcome]]:
        out = {
            number: why
            for number, car in race.cars.items()
            if self._cars[number] and (why := _why_out(car))
        }
        if not out:
            return []
        interrupted = [
            (each, why)
            for each in self._open
            if (why := out.get(each.attacker) or out.get(each.defender))
        ]
        if interrupted:
            self._open = [
                each for each in self._open if each.attacker not in out and each.defender not in out
            ]
            heapq.heapify(self._open)
            for each, _ in interrupted:
                self._cars.subtract((each.attacker, each.defender))
        return interrupted


def _lap_over(race: RaceState, each: _OpenForecast) -> _LapOver:
    """Return a forecast whose lap is over, with what is still to be waited for."""
    order = _order(race, each)
    attacker, defender = race.cars.get(each.attacker), race.cars.get(each.defender)
    if attacker is None or defender is None:
        return _LapOver(each, order, None, None)
    until = max(attacker.position_at, defender.position_at) + PASS_HELD_NEAR_PITS
    may_be_pits = order is Outcome.PASSED and until > each.due
    return _LapOver(each, order, until if may_be_pits else None, each.due + _CROSSES_WITHIN)


def _certain(race: RaceState, waits: _LapOver, now: datetime) -> Outcome | None:
    """Return the outcome of a forecast whose lap is over; None while it is not certain."""
    each = waits.forecast
    cars = [race.cars.get(each.attacker), race.cars.get(each.defender)]
    if waits.may_be_pits_until is not None:
        if any(car is not None and car.in_pit for car in cars):
            return Outcome.PITTED
        if now < waits.may_be_pits_until and not _interrupts_all(race):
            return None
    if waits.crosses_by is None or waits.order is Outcome.RETIRED:
        return waits.order
    told = [_was_told(car, each) for car in cars if car is not None]
    if True in told:
        return waits.order
    if None not in told or now >= waits.crosses_by:
        return Outcome.UNTOLD
    return waits.order if _interrupts_all(race) else None


def _was_told(car: CarState, each: _OpenForecast) -> bool | None:
    """Whether the feed told the next line crossing after the forecast; None before any crossing."""
    if car.crossed_at is None or car.crossed_at <= each.made_at:
        return None
    return any(
        lap.lap_number == each.laps + 1 and lap.completed_at > each.made_at
        for lap in car.laps[-_LAPS_LOOKED_AT:]
    )


def _interrupts_all(race: RaceState) -> Outcome | None:
    if race.phase.is_over:
        return Outcome.FINISHED
    return None if race.track_status.allows_overtaking else Outcome.NEUTRALISED


def _why_out(car: CarState) -> Outcome | None:
    if car.in_pit:
        return Outcome.PITTED
    return None if car.is_running else Outcome.RETIRED


def _order(race: RaceState, each: _OpenForecast) -> Outcome:
    attacker, defender = race.cars.get(each.attacker), race.cars.get(each.defender)
    if attacker is None or defender is None:
        return Outcome.RETIRED  # the feed deleted the car
    if attacker.position is None or defender.position is None:
        return Outcome.RETIRED
    return Outcome.PASSED if attacker.position < defender.position else Outcome.HELD
