"""Format how the two cars of a battle compare: gap over five laps, last lap, stops, reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from pitwall.domain.battles import DEFAULT_RULES
from pitwall.domain.duels import LAPS_BACK, TRAPS, Duel, Rejoin
from pitwall.domain.frames import BattleLine, LiveFrame
from pitwall.domain.race import START_OF_TIME, DriverNumber
from pitwall.web.shared.battle_rows import STEADY_S_PER_LAP, Packed, battle_key
from pitwall.web.shared.car_rows import MINUS, driver_code

WIDTH: Final = 150  # viewBox units: five laps
HEIGHT: Final = 60

REACH_S: Final = 1.0  # within it the attacker may use DRS or Overtake Mode

_EVERY: Final = timedelta(seconds=2)  # between two points of a history
_STRIDE: Final = 3  # one in so many is drawn, and the drawing changes as seldom
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
    """The two cars compared; "" is not known.

    `parts` has of the last lap of both, part by part: its name, the attacker's value, the
    defender's, the difference, and a CSS class for it. `reach` says when the attacker will be
    within reach. The stops are estimated, and `stop_note` says from what.
    """

    lap: str = ""
    parts: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    reach: str = ""
    attacker_stop: str = ""
    defender_stop: str = ""
    stop_note: str = ""


def duel_rows(frame: LiveFrame) -> dict[str, Packed]:
    """Format the comparison of each battle, by the key of its card."""
    codes = {car.number: driver_code(car) for car in frame.tower}
    header = frame.header
    left = None if header.lap is None or not header.total_laps else header.total_laps - header.lap
    return {
        battle_key(battle.attacker, battle.defender): astuple(
            _duel_row(battle, battle.duel or Duel(), codes, left)
        )
        for battle in frame.battles
    }


def trace_rows(frame: LiveFrame) -> dict[str, Packed]:
    """Format the drawing of each battle, by the key of its card."""
    return {
        battle_key(battle.attacker, battle.defender): astuple(trace_row(battle))
        for battle in frame.battles
    }


def _duel_row(
    battle: BattleLine, duel: Duel, codes: dict[DriverNumber, str], left: int | None
) -> DuelRow:
    return DuelRow(
        lap=str(duel.lap) if duel.lap else "",
        parts=_parts(duel),
        reach=reach_words(battle.interval_s, battle.trend_s_per_lap, left),
        attacker_stop=_stop_words(duel.attacker_stop, codes),
        defender_stop=_stop_words(duel.defender_stop, codes),
        stop_note=_stop_note(duel),
    )


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


def _parts(duel: Duel) -> list[tuple[str, str, str, str, str]]:
    if duel.attacker is None or duel.defender is None:
        return []
    back, front = duel.attacker, duel.defender
    times = [("Lap", back.lap_s, front.lap_s)]
    times += [
        (f"S{nth}", one, other)
        for nth, (one, other) in enumerate(zip(back.sectors_s, front.sectors_s, strict=True), 1)
    ]
    speeds = zip(TRAPS, back.speeds_kmh, front.speeds_kmh, strict=True)
    return [_time(*each) for each in times] + [_speed(*each) for each in speeds]


def _time(name: str, back: float | None, front: float | None) -> tuple[str, str, str, str, str]:
    known = back is not None and front is not None
    apart = (back or 0.0) - (front or 0.0)
    return (
        name,
        _clock(back),
        _clock(front),
        f"{apart:+.3f}".replace("-", MINUS) if known else "",
        ("for" if apart < 0 else "against") if known and round(apart, 3) else "",
    )


def _speed(name: str, back: float | None, front: float | None) -> tuple[str, str, str, str, str]:
    known = back is not None and front is not None
    apart = (back or 0.0) - (front or 0.0)
    return (
        name,
        "" if back is None else f"{back:.0f}",
        "" if front is None else f"{front:.0f}",
        f"{apart:+.0f}".replace("-", MINUS) if known else "",
        ("for" if apart > 0 else "against") if known and round(apart) else "",
    )


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds, 3), 60)
    return f"{minutes:.0f}:{rest:06.3f}" if minutes else f"{rest:.3f}"


def _stop_words(stop: Rejoin | None, codes: dict[DriverNumber, str]) -> str:
    if stop is None:
        return ""
    if stop.ahead is None:
        return "P1, still in the lead"
    return f"P{stop.position}, behind {codes.get(stop.ahead, str(stop.ahead))}"


def _stop_note(duel: Duel) -> str:
    if not duel.stops_seen:
        return f"estimated: {duel.stop_s:.0f} s for a stop, as is usual; none here yet"
    times = f"{duel.stops_seen} stop{'' if duel.stops_seen == 1 else 's'}"
    return f"estimated: {duel.stop_s:.0f} s for a stop, from {times} of this race"


def trace_row(battle: BattleLine) -> TraceRow:
    """Format the drawing of one battle; it changes every six seconds of the race."""
    duel = battle.duel
    if duel is None or duel.trace_at is None:
        return TraceRow()
    late = round((duel.trace_at - START_OF_TIME) / _EVERY) % _STRIDE
    end = duel.trace_at - late * _EVERY
    lap = _lap_length(duel)
    gaps = _timed(battle.interval_history, duel.trace_at, late)
    chances = _timed(battle.p_history, duel.trace_at, late)
    since = gaps[0][0] if gaps else end
    before = [(each.at, each.gap_s) for each in duel.line_gaps if each.at < since]
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
        laps=[
            (_x(each.at, window), str(each.lap))
            for each in duel.line_gaps
            if window[0] <= each.at <= end
        ],
    )


Points = Sequence[tuple[datetime, float]]


def _timed(readings: Sequence[float], newest_at: datetime, late: int) -> Points:
    """Return every third reading with its time, oldest first, without the `late` newest ones."""
    last = len(readings) - 1
    return [
        (newest_at - (last - nth) * _EVERY, readings[nth])
        for nth in sorted(range(last - late, -1, -_STRIDE))
    ]


def _half_up(seconds: float) -> float:
    return ceil(2 * seconds) / 2


def _lap_length(duel: Duel) -> timedelta:
    gaps = duel.line_gaps
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
