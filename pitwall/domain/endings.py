"""Judge how a battle ended with the hindsight of a few seconds.

This is the one definition of a pass for the page, the replay, the list of ended battles and the
outcomes of forecasts. At the moment of a change of order nobody can know it: a car that turns into
the pits loses its place up to four seconds before the feed says that it is in the lane, the two
rows of a swap may come seconds apart, and a place may be taken back in the next corner.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from pitwall.domain.battles import EndedBattle, EndReason, is_ahead, why_over
from pitwall.domain.race import RaceState

STANDS: Final = timedelta(seconds=4)
"""How long a change of order must stand: one that is undone sooner was none."""

PASS_HELD: Final = timedelta(seconds=5)
"""How long a pass waits for hindsight in most of the lap."""

PASS_HELD_NEAR_PITS: Final = timedelta(seconds=8)
"""How long it waits at the end of a lap: where the way into the pits is long, a car that takes it
loses its place more than seven seconds before the feed says that it is in the lane."""

PARTED_HELD: Final = timedelta(seconds=10)
"""How long a pair that is apart may find together again, or change places, in the same battle."""

PIT_NAMED_WITHIN: Final = PASS_HELD_NEAR_PITS
"""A pit entry this soon after a change of order was its cause, even where it was told as a pass."""

PIT_LEFT_WITHIN: Final = timedelta(seconds=4)
"""A change of order this soon after one of the two left the pits is part of its stop."""

STOP_NAMED_WITHIN: Final = timedelta(seconds=30)
"""A defender that stops this soon after was not overtaken but in trouble."""

WAITS: Final = frozenset({EndReason.PASSED, EndReason.SEPARATED})
"""The reasons that only hindsight can tell; the others are told at once."""

_END_OF_LAP_S: Final = 30.0

_FORBIDDEN = frozenset({EndReason.NEUTRALISED, EndReason.FINISHED})


def judged(race: RaceState, ended: EndedBattle, now: datetime) -> tuple[EndedBattle, bool]:
    """Return an ending that waits as it looks by now, and whether that is final.

    Args:
        race: The field at `now`.
        ended: The ending as it looked before; its reason is one of those that wait, or
            `DROPPED_BACK` for a pair that was separated and then seen too far apart.
        now: On the race's clock.
    """
    why = why_over(race, ended.battle)
    if why in {EndReason.RETIRED, EndReason.PITTED}:
        return replace(ended, reason=why), True
    if ended.reason is EndReason.PASSED:
        return _pass_judged(race, ended, now, why)
    if why is EndReason.PASSED:
        return replace(ended, reason=why, ended_at=race.as_of), False
    is_final = now - ended.ended_at >= PARTED_HELD or why in _FORBIDDEN
    return replace(ended, reason=why), is_final


def _pass_judged(
    race: RaceState, ended: EndedBattle, now: datetime, why: EndReason
) -> tuple[EndedBattle, bool]:
    if _left_the_pits(race, ended):
        return replace(ended, reason=EndReason.PITTED), True
    if stood(ended, now) and why is not EndReason.PASSED:
        return ended, True  # undone by now, or nobody may race: the pass was before that
    if why in _FORBIDDEN and is_ahead(race, ended.battle):
        return ended, False  # a flag does not undo the pass before it
    is_final = now - ended.ended_at >= _held_for(race, ended) or why in _FORBIDDEN
    return replace(ended, reason=why), is_final


def stood(ended: EndedBattle, now: datetime) -> bool:
    """Whether a change of order has stood long enough that its undoing is another pass."""
    return ended.reason is EndReason.PASSED and now - ended.ended_at >= STANDS


def _held_for(race: RaceState, ended: EndedBattle) -> timedelta:
    """Return how long a pass waits: longer where the defender may be on its way into the pits."""
    defender = race.cars.get(ended.battle.defender)
    if defender is None or defender.crossed_at is None or not defender.last_lap_s:
        return PASS_HELD_NEAR_PITS
    driven_s = (ended.ended_at - defender.crossed_at).total_seconds()
    if driven_s < 0:  # it has crossed the line since, which ended the lap
        return PASS_HELD_NEAR_PITS
    near = driven_s > defender.last_lap_s - _END_OF_LAP_S
    return PASS_HELD_NEAR_PITS if near else PASS_HELD


def _left_the_pits(race: RaceState, ended: EndedBattle) -> bool:
    for number in (ended.battle.attacker, ended.battle.defender):
        car = race.cars.get(number)
        left_at = None if car is None else car.left_pits_at
        if left_at is not None and ended.ended_at - left_at < PIT_LEFT_WITHIN:
            return True
    return False


def why_taken_back(race: RaceState, ended: EndedBattle, now: datetime) -> EndReason | None:
    """Return why a pass that was told was none; None while it stands.

    Args:
        race: The field at `now`.
        ended: A battle that was told as ended by a pass.
        now: On the race's clock.
    """
    since = now - ended.ended_at
    cars = [race.cars.get(ended.battle.attacker), race.cars.get(ended.battle.defender)]
    if since <= PIT_NAMED_WITHIN and any(car is not None and car.in_pit for car in cars):
        return EndReason.PITTED
    defender = cars[1]
    if since <= STOP_NAMED_WITHIN and defender is not None and not defender.is_running:
        return EndReason.RETIRED
    return None
