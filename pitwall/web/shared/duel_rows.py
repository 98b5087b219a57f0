"""Format how the two cars of a battle compare: gap over five laps, last lap, reach, stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from pitwall.domain.battles import DEFAULT_RULES
from pitwall.domain.duels import LAPS_BACK, Duel, DuelLap, LineGap, Rejoin
from pitwall.domain.frames import BattleLine, LiveFrame
from pitwall.domain.race import START_OF_TIME
from pitwall.web.shared.battle_rows import STEADY_S_PER_LAP, Packed, battle_key

WIDTH: Final = 150  # viewBox units: five laps
HEIGHT: Final = 60

REACH_S: Final = 1.0  # within it the attacker may use DRS or Overtake Mode

_EVERY: Final = timedelta(seconds=2)  # between two points of a history
_STRIDE: Final = 4  # one in so many is drawn, and the drawing changes as seldom
_USUAL_LAP: Final = timedelta(seconds=90)
_LEAST_SCALE_S: Final = DEFAULT_RULES.closes_beyond_s
_MOST_SCALE_S: Final = 6.0
_FARTHEST_LAPS: Final = 15


@dataclass
class TraceRow:
    """The last five laps of a battle as polyline points; "" where there are fewer than two.

    `lines` is the gap at the line before the battle opened, `gap` the gap since, `chance` the
    forecast. `laps` has the place and number of each line crossing, `top_s` the scale of the gap.
    """

    lines: str = ""
    gap: str = ""
    chance: str = ""
    top_s: float = _LEAST_SCALE_S
    laps: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class DuelRow:
    """The last lap of both cars: lap time and sectors in seconds, then the speeds at the traps.

    None is not known; both are empty before a lap of both.
    """

    lap: int = 0
    attacker: list[float | None] = field(default_factory=list)
    defender: list[float | None] = field(default_factory=list)


@dataclass
class OutlookRow:
    """What comes next in a battle; "" and 0 are not known.

    `reach` says when the attacker will be within a second. A stop is the place in which a car
    would come out, and the number of the car ahead of it.
    """

    reach: str = ""
    attacker_stop: tuple[int, str] = (0, "")
    defender_stop: tuple[int, str] = (0, "")


def duel_rows(frame: LiveFrame) -> dict[str, Packed]:
    """Format the last lap of both cars of each battle, by the key of its card."""
    return {
        battle_key(battle.attacker, battle.defender): astuple(_duel_row(battle.duel or Duel()))
        for battle in frame.battles
    }


def outlook_rows(frame: LiveFrame) -> dict[str, Packed]:
    """Format what comes next in each battle, by the key of its card."""
    header = frame.header
    left = None if header.lap is None or not header.total_laps else header.total_laps - header.lap
    return {
        battle_key(battle.attacker, battle.defender): astuple(
            OutlookRow(
                reach_words(battle.interval_s, battle.trend_s_per_lap, left),
                _stop(battle.duel.attacker_stop if battle.duel else None),
                _stop(battle.duel.defender_stop if battle.duel else None),
            )
        )
        for battle in frame.battles
    }


def stop_note(frame: LiveFrame) -> str:
    """Say what a stop is taken to cost, and from what; the same for all battles."""
    duel = next((battle.duel for battle in frame.battles if battle.duel is not None), None)
    if duel is None:
        return ""
    if not duel.stops_seen:
        return f"estimated: {duel.stop_s:.0f} s for a stop, as is usual; none here yet"
    times = f"{duel.stops_seen} stop{'' if duel.stops_seen == 1 else 's'}"
    return f"estimated: {duel.stop_s:.0f} s for a stop, from {times} of this race"


def trace_rows(frame: LiveFrame) -> dict[str, Packed]:
    """Format the drawing of each battle, by the key of its card."""
    return {
        battle_key(battle.attacker, battle.defender): astuple(trace_row(battle))
        for battle in frame.battles
    }


def _duel_row(duel: Duel) -> DuelRow:
    if duel.attacker is None or duel.defender is None:
        return DuelRow()
    return DuelRow(duel.lap, _values(duel.attacker), _values(duel.defender))


def _values(lap: DuelLap) -> list[float | None]:
    speeds = [None if speed is None else round(speed) for speed in lap.speeds_kmh]
    return [lap.lap_s, *lap.sectors_s, *speeds]


def _stop(stop: Rejoin | None) -> tuple[int, str]:
    return (0, "") if stop is None else (stop.position, str(stop.ahead or ""))


def reach_words(interval_s: float, trend: float | None, laps_left: int | None) -> str:
    """Return when the attacker will be within a second, if the gap goes on closing as it does.

    >>> reach_words(1.8, -0.3, 20), reach_words(1.8, -0.3, 2), reach_words(0.8, 0.1, 9)
    ('in range in 3 laps', 'not in range before the flag', 'in range now')
    >>> reach_words(1.8, 0.1, 20), reach_words(1.8, None, 20)
    ('not closing in', '')
    """
    if interval_s < REACH_S:
        return "in range now"
    if trend is None:
        return ""
    if trend > -STEADY_S_PER_LAP:
        return "not closing in"
    laps = ceil((interval_s - REACH_S) / -trend)
    if laps_left is not None and laps > laps_left:
        return "not in range before the flag"
    if laps > _FARTHEST_LAPS:
        return f"in range in more than {_FARTHEST_LAPS} laps"
    return f"in range in {laps} lap{'' if laps == 1 else 's'}"


def trace_row(battle: BattleLine) -> TraceRow:
    """Format the drawing of one battle; it changes every eight seconds of the race."""
    duel = battle.duel
    if duel is None or duel.trace_at is None:
        return TraceRow()
    late = round((duel.trace_at - START_OF_TIME) / _EVERY) % _STRIDE
    end = duel.trace_at - late * _EVERY
    line_gaps = [each for each in duel.line_gaps if each.at <= end]
    lap = _lap_length(line_gaps)
    gaps = _timed(battle.interval_history, duel.trace_at, late)
    chances = _timed(battle.p_history, duel.trace_at, late)
    since = gaps[0][0] if gaps else end
    before = [(each.at, each.gap_s) for each in line_gaps if each.at < since]
    if before and gaps:
        before.append(gaps[0])
    window = (end - LAPS_BACK * lap, end)
    visible = [gap for at, gap in [*before, *gaps] if at >= window[0]]
    top_s = min(max(_LEAST_SCALE_S, *map(_half_up, visible)), _MOST_SCALE_S) if visible else 0.0
    return TraceRow(
        lines=_polyline(before, window, top_s),
        gap=_polyline(gaps, window, top_s),
        chance=_polyline(chances, window, 1.0),
        top_s=top_s or _LEAST_SCALE_S,
        laps=[(_x(each.at, window), str(each.lap)) for each in line_gaps if window[0] <= each.at],
    )


Points = Sequence[tuple[datetime, float]]


def _timed(readings: Sequence[float], newest_at: datetime, late: int) -> Points:
    """Return every fourth reading with its time, oldest first, without the `late` newest ones."""
    last = len(readings) - 1
    return [
        (newest_at - (last - nth) * _EVERY, readings[nth])
        for nth in sorted(range(last - late, -1, -_STRIDE))
    ]


def _half_up(seconds: float) -> float:
    return ceil(2 * seconds) / 2


def _lap_length(gaps: Sequence[LineGap]) -> timedelta:
    laps = gaps[-1].lap - gaps[0].lap if gaps else 0
    return (gaps[-1].at - gaps[0].at) / laps if laps else _USUAL_LAP


def _x(at: datetime, window: tuple[datetime, datetime]) -> int:
    return round(WIDTH * ((at - window[0]) / (window[1] - window[0])))


def _polyline(points: Points, window: tuple[datetime, datetime], top: float) -> str:
    """Return `x,y` pairs in whole units; readings beyond the scale are drawn at its edge."""
    drawn = [
        f"{_x(at, window)},{round(HEIGHT * (1 - min(max(value / top, 0.0), 1.0)))}"
        for at, value in points
        if at >= window[0]
    ]
    return " ".join(drawn) if len(drawn) > 1 else ""
