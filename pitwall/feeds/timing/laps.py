"""Rewrite the rows of `laps` as `TimingData`: sectors, line crossings, speeds and pit lane."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pitwall.domain.gaps import LeaderLap
from pitwall.feeds.timed_lines import TimedLine
from pitwall.feeds.timing.order import car_line
from pitwall.feeds.timing.tables import Row
from pitwall.wire.encode import gap_text, lap_time_text

COLUMNS = [
    *("car", "lap", "t_ms", "lap_ms", "s1_ms", "s2_ms", "s3_ms", "s1_t_ms", "s2_t_ms", "s3_t_ms"),
    *("pit_in_ms", "pit_out_ms", "v_i1", "v_i2", "v_fl", "v_st"),
]
_TRAPS = {"I1": "v_i1", "I2": "v_i2", "FL": "v_fl", "ST": "v_st"}
# The feed reports a third sector up to 2 s after the crossing in 99.9 % of laps; the rest,
# up to an hour and a half, are faults of the record.
_LATEST_REPORT_MS = 3000


def known_at(lap: Row) -> int:
    """Return when the feed reported that a lap was complete, `t_ms`.

    The crossing itself was computed afterwards and lies slightly earlier; nothing may be
    emitted before it was reported.
    """
    crossed: int = lap["t_ms"]
    third = lap["s3_t_ms"]
    if third is not None and crossed < third <= crossed + _LATEST_REPORT_MS:
        return int(third)
    return crossed


def lap_lines(car: int, laps: list[Row], leading: list[int | None]) -> Iterator[TimedLine]:
    """Yield sectors and crossings of one car's laps, which come in order.

    `leading` has for each lap the number of the next one, if the car led at the crossing:
    the feed then advances its `LAP 12`.
    """
    before = -1
    best: int | None = None
    for lap, begins in zip(laps, leading, strict=True):
        known_ms = known_at(lap)
        sectors: dict[str, Any] = {}
        first = _is_known(lap, "s1", before, known_ms)
        second = _is_known(lap, "s2", before, known_ms)
        if first:
            # As in the feed, the first sector of a lap clears what the last lap left.
            times = {"0": _time(lap["s1_ms"]), "1": _time(None), "2": _time(None)}
            yield car_line(lap["s1_t_ms"], car, {"Sectors": times})
        else:
            sectors["0"] = _time(lap["s1_ms"])
        if second:
            late = {} if first else {"0": _time(None), "2": _time(None)}
            yield car_line(lap["s2_t_ms"], car, {"Sectors": {"1": _time(lap["s2_ms"]), **late}})
        else:
            sectors["1"] = _time(lap["s2_ms"])
        sectors["2"] = _time(lap["s3_ms"])
        crossing: dict[str, Any] = {"Sectors": sectors, **_crossing(lap)}
        if lap["lap_ms"] is not None and (best is None or lap["lap_ms"] < best):
            # Not the archive's own mark, which already excludes laps deleted afterwards.
            best = lap["lap_ms"]
            crossing["BestLapTime"] = {**_time(best), "Lap": lap["lap"]}
        if begins is not None:
            text = gap_text(LeaderLap(begins))
            crossing |= {"GapToLeader": text, "IntervalToPositionAhead": {"Value": text}}
        yield car_line(known_ms, car, crossing)
        before = known_ms


def _is_known(lap: Row, sector: str, after: int, until: int) -> bool:
    """Return whether a sector time has a moment of its own within the lap."""
    at = lap[f"{sector}_t_ms"]
    return at is not None and lap[f"{sector}_ms"] is not None and after < at < until


def _time(ms: int | None) -> dict[str, str]:
    return {"Value": "" if ms is None else lap_time_text(ms / 1000)}


def _crossing(lap: Row) -> dict[str, Any]:
    line: dict[str, Any] = {"NumberOfLaps": lap["lap"]}
    if lap["lap_ms"] is not None:
        line["LastLapTime"] = _time(lap["lap_ms"])
    speeds = {
        trap: {"Value": f"{lap[column]:.0f}"}
        for trap, column in _TRAPS.items()
        if lap[column] is not None
    }
    if speeds:
        line["Speeds"] = speeds
    return line


def pit_lines(car: int, laps: list[Row]) -> Iterator[TimedLine]:
    """Yield when a car entered and left the pit lane, and when its out-lap ended.

    The feed counts a stop at the entry. Leaving the lane for the grid, before any entry, is
    no out-lap.
    """
    stops = 0
    for lap in laps:
        # Both may fall in one lap, in either order: the line crosses some pit lanes.
        if lap["pit_out_ms"] is not None:
            is_out_lap = stops > 0
            out = {"InPit": False, **({"PitOut": True} if is_out_lap else {})}
            yield car_line(lap["pit_out_ms"], car, out)
            if is_out_lap:
                yield car_line(max(known_at(lap), lap["pit_out_ms"]), car, {"PitOut": False})
        if lap["pit_in_ms"] is not None:
            stops += 1
            yield car_line(lap["pit_in_ms"], car, {"InPit": True, "NumberOfPitStops": stops})
