"""Settle each forecast a lap later, or when something interrupts the battle."""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta
from typing import NamedTuple

from pitwall.domain.endings import PASS_HELD_NEAR_PITS
from pitwall.domain.forecasts import Outcome
from pitwall.domain.race import CarState, DriverNumber, RaceState

_LONGEST_LAP_S = 240.0  # a lap behind the safety car, with a margin
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
    is_over: bool = False  # the lap is, but the order changed in its last seconds


class OutcomeTracker:
    """Follows open forecasts; beyond 20,000, new ones stay unsettled.

    A lap lasts as long as the attacker's last one. An interruption counts until the lap is over
    even when the pass came first, because `p_overtake` assumes that there is none. A change of
    order in the last seconds of the lap waits for hindsight, as an ended battle does
    (`domain.endings`): it may be the defender's way into the pits.
    """

    def __init__(self) -> None:
        self._open: list[_OpenForecast] = []  # a heap: the first due comes first

    def follow(self, made_at: datetime, attacker: CarState, defender: DriverNumber) -> None:
        """Follow one forecast; it cannot be settled before the attacker has a lap time."""
        if attacker.last_lap_s and len(self._open) < _MOST_OPEN:
            lap = timedelta(seconds=min(attacker.last_lap_s, _LONGEST_LAP_S))
            heapq.heappush(
                self._open, _OpenForecast(made_at + lap, made_at, attacker.number, defender)
            )

    def settle(self, race: RaceState, now: datetime) -> list[Settled]:
        """Return the forecasts that can be settled now, and stop following them.

        Args:
            race: The field at `now`.
            now: On the race's clock; call once a second, in order.
        """
        whole_field = _interrupts_all(race)
        if whole_field:
            settled = [
                (each, _order(race, each) if each.is_over else whole_field) for each in self._open
            ]
            self._open = []
        else:
            settled = self._interrupted(race)
            while self._open and self._open[0].due <= now:
                each = heapq.heappop(self._open)
                waits_until = None if each.is_over else _changed_lately(race, each)
                if waits_until is not None:
                    heapq.heappush(self._open, each._replace(due=waits_until, is_over=True))
                else:
                    settled.append((each, _order(race, each)))
        return [
            Settled(each.made_at, each.attacker, each.defender, outcome, now)
            for each, outcome in settled
        ]

    def _interrupted(self, race: RaceState) -> list[tuple[_OpenForecast, Outcome]]:
        out = {number: why for number, car in race.cars.items() if (why := _why_out(car))}
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
        return interrupted


def _interrupts_all(race: RaceState) -> Outcome | None:
    if race.phase.is_over:
        return Outcome.FINISHED
    return None if race.track_status.allows_overtaking else Outcome.NEUTRALISED


def _why_out(car: CarState) -> Outcome | None:
    if car.in_pit:
        return Outcome.PITTED
    return None if car.is_running else Outcome.RETIRED


def _changed_lately(race: RaceState, each: _OpenForecast) -> datetime | None:
    """Return until when a pass at the end of the lap waits for hindsight; None without one."""
    attacker, defender = race.cars.get(each.attacker), race.cars.get(each.defender)
    if attacker is None or defender is None or _order(race, each) is not Outcome.PASSED:
        return None
    until = max(attacker.position_at, defender.position_at) + PASS_HELD_NEAR_PITS
    return until if until > each.due else None


def _order(race: RaceState, each: _OpenForecast) -> Outcome:
    attacker, defender = race.cars.get(each.attacker), race.cars.get(each.defender)
    if attacker is None or defender is None:
        return Outcome.RETIRED  # the feed deleted the car
    if attacker.position is None or defender.position is None:
        return Outcome.RETIRED
    return Outcome.PASSED if attacker.position < defender.position else Outcome.HELD
