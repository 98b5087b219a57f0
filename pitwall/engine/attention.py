"""Decide in which order battles are shown and which chance is read out, so that an eye can follow.

Both depend on the race's own clock alone, and are part of the engine's state: live, in a replay
and after a seek a reader sees the same order and the same number at the same moment. What is
stored, entered in the ledger and served to programs is the forecast itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp
from typing import Final

from pitwall.domain.battles import Battle, heat
from pitwall.domain.forecasts import Reason
from pitwall.domain.race import START_OF_TIME, DriverNumber
from pitwall.prediction.forecast import Forecast

Pair = tuple[DriverNumber, DriverNumber]

MARGIN: Final = 0.10
"""By how much a battle must be hotter than the one above it to take its place."""

DWELL: Final = timedelta(seconds=10)
"""How long an order stays, and how long a new battle waits at its end."""

FOR_THE_LEAD: Final = 0.10
FOR_POINTS: Final = 0.04
LAST_POINTS: Final = 10  # the last place that pays points in a Grand Prix

_TICK_S: Final = 1.0  # of race time between two forecasts
_HEAT_OVER_S: Final = 8.0
_CHANCE_OVER_S: Final = 3.0
_HEAT_SHARE: Final = 1 - exp(-_TICK_S / _HEAT_OVER_S)
_CHANCE_SHARE: Final = 1 - exp(-_TICK_S / _CHANCE_OVER_S)

STEADY_POINTS: Final = 1.0
"""The chance on show stays until the smoothed one is so many percentage points away."""

READ_EVERY: Final = timedelta(seconds=5)
"""All chances on show change together, at instants of race time so far apart."""

_LEAP: Final = 0.20  # so much at once is news, and not noise
_LEAP_RESTS: Final = timedelta(seconds=2)

_OF_BEFORE: Final = frozenset(
    {"closing", "closest", "range", "following", "form", "pace", "wake", "sectors", "spending",
     "energy", "speed", "defender's tow", "swaps"}
)  # fmt: skip
"""Topics that are measured over the last laps: after a safety car those were no racing laps."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What is remembered of one battle under way.

    Attributes:
        score: Its smoothed heat, with the bonus of its place.
        since: When it was first in the order.
        level: The smoothed chance. None without a forecast.
        shown: The chance on show.
        shown_at: Since when it is on show.
    """

    score: float
    since: datetime
    level: float | None
    shown: float | None
    shown_at: datetime


@dataclass(frozen=True, slots=True)
class Attention:
    """The order of the battles under way, hottest first, and what is on show of each."""

    order: tuple[Pair, ...] = ()
    watched: Mapping[Pair, Watched] = field(default_factory=dict)
    moved_at: datetime = START_OF_TIME


NO_ATTENTION: Final = Attention()


def attend(
    before: Attention,
    battles: Sequence[Battle],
    forecasts: Mapping[Pair, Forecast],
    grid_at: datetime,
    *,
    is_tick: bool,
) -> Attention:
    """Return order and numbers to show at a grid point.

    Battles that ended leave the order, and new ones join it at its end, at once. Everything else
    changes once a second, when `is_tick`.
    """
    under_way = {(battle.attacker, battle.defender): battle for battle in battles}
    if not is_tick and under_way.keys() == before.watched.keys():
        return before
    watched = {
        pair: _watched(before.watched.get(pair), battle, forecasts[pair], grid_at, is_tick=is_tick)
        for pair, battle in under_way.items()
    }
    staying = [pair for pair in before.order if pair in watched]
    joining = sorted(watched.keys() - set(staying), key=lambda pair: (-watched[pair].score, pair))
    order, moved_at = [*staying, *joining], before.moved_at
    if is_tick and grid_at - moved_at >= DWELL:
        moved = _moved(order, watched, grid_at)
        if moved != order:
            order, moved_at = moved, grid_at
    return Attention(tuple(order), watched, moved_at)


def _moved(order: list[Pair], watched: Mapping[Pair, Watched], now: datetime) -> list[Pair]:
    """Return the order in which each battle is ahead of those that are hotter by a margin."""
    moved = list(order)
    for place in range(len(moved)):
        below = [pair for pair in moved[place + 1 :] if now - watched[pair].since >= DWELL]
        hottest = max(below, key=lambda pair: watched[pair].score, default=None)
        if hottest is None:
            continue
        if watched[hottest].score - watched[moved[place]].score >= MARGIN:
            moved.remove(hottest)
            moved.insert(place, hottest)
    return moved


def score_of(battle: Battle, p_overtake: float | None) -> float:
    """Return the heat of a battle, with a bonus for the lead and for places that pay points."""
    bonus = (
        FOR_THE_LEAD
        if battle.position == 1
        else FOR_POINTS
        if battle.position <= LAST_POINTS
        else 0.0
    )
    return heat(p_overtake, battle.interval_s) + bonus


def _watched(
    before: Watched | None,
    battle: Battle,
    forecast: Forecast,
    grid_at: datetime,
    *,
    is_tick: bool,
) -> Watched:
    p = forecast.p_overtake
    score = score_of(battle, p)
    if before is None:
        return Watched(score, grid_at, p, p, grid_at)
    if not is_tick:
        return before
    score = before.score + _HEAT_SHARE * (score - before.score)
    if p is None or before.level is None or before.shown is None:
        return Watched(score, before.since, p, p, grid_at)
    if abs(p - before.shown) >= _LEAP and grid_at - before.shown_at >= _LEAP_RESTS:
        return Watched(score, before.since, p, p, grid_at)
    level = before.level + _CHANCE_SHARE * (p - before.level)
    is_round = not (grid_at - START_OF_TIME) % READ_EVERY
    if abs(level - before.shown) < STEADY_POINTS / 100 or not is_round:
        return Watched(score, before.since, level, before.shown, before.shown_at)
    return Watched(score, before.since, level, level, grid_at)


def reasons_since(
    reasons: Collection[Reason], racing_for: timedelta, lap_s: float
) -> tuple[Reason, ...]:
    """Return the reasons that hold on the laps raced since lights out, or since a restart.

    For a lap, what was measured over the laps before is left out: behind a safety car nobody
    closes in, and nobody is within range of an attack.
    """
    if racing_for.total_seconds() >= lap_s:
        return tuple(reasons)
    return tuple(reason for reason in reasons if reason.topic not in _OF_BEFORE)
