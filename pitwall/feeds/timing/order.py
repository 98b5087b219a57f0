"""Rewrite the rows of `timing_stream` as `TimingData`: order, gaps and intervals."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pitwall.domain.gaps import LapsDown, LeaderLap, NoGap, TimeGap
from pitwall.feeds.recording.contents import TimedLine
from pitwall.feeds.timing.tables import Row, by_car
from pitwall.wire.encode import encode_body, gap_text

COLUMNS = ["t_ms", "car", "pos", "gap_ms", "gap_laps", "int_ms", "int_laps", "leader"]
TOPIC = "TimingData"


def car_line(t_ms: int, car: int, line: Mapping[str, Any]) -> TimedLine:
    """Return a `TimingData` line that says something of one car."""
    return TimedLine(t_ms, TOPIC, encode_body({"Lines": {str(car): line}}))


def order_lines(
    rows: list[Row], crossings: Mapping[int, Sequence[int]], distance: int
) -> Iterator[TimedLine]:
    """Yield what changed of a car's line whenever it changed.

    The archive repeats the whole line; the feed sent only what was new, and so do we, or
    an old interval would look like a fresh one.

    Args:
        rows: The race's rows of `timing_stream`.
        crossings: For each car when it completed each lap, rising, from which the leader's
            `LAP 12` is told.
        distance: The announced number of laps; no lap beyond it begins.
    """
    for car, lines in by_car(rows):
        done = crossings.get(car, ())
        lines.sort(key=lambda row: row["t_ms"])
        before: dict[str, Any] = {}
        for row in lines:
            leads = row["leader"]
            lap = min(bisect_right(done, row["t_ms"]) + 1, distance) if leads else 0
            now = {
                "GapToLeader": _text(row["gap_ms"], row["gap_laps"], lap),
                "IntervalToPositionAhead": {"Value": _text(row["int_ms"], row["int_laps"], lap)},
                "Line": row["pos"],
            }
            changed = {key: value for key, value in now.items() if before.get(key) != value}
            if changed:
                yield car_line(row["t_ms"], car, changed)
            before = now


def _text(ms: int | None, laps: int | None, leader_lap: int) -> str:
    if leader_lap:
        return gap_text(LeaderLap(leader_lap))
    if ms is not None:
        return gap_text(TimeGap(ms / 1000))
    return gap_text(LapsDown(laps) if laps is not None else NoGap())


def spoken_at(rows: list[Row]) -> dict[int, list[int]]:
    """Return for each car when its gaps changed, `t_ms`, rising.

    A change of place alone says nothing of a car: others move it by stopping themselves.
    """
    spoken: dict[int, list[int]] = {}
    for car, lines in by_car(rows):
        times = spoken.setdefault(car, [])
        before: tuple[Any, ...] = ()
        for row in sorted(lines, key=lambda row: row["t_ms"]):
            now = (row["gap_ms"], row["gap_laps"], row["int_ms"], row["int_laps"])
            if now != before:
                times.append(row["t_ms"])
            before = now
    return spoken


def leading_spells(rows: list[Row]) -> dict[int, tuple[list[int], list[bool]]]:
    """Return for each car when its line changed, rising, and whether it led from then on."""
    spells = {}
    for car, lines in by_car(rows):
        ordered = sorted(lines, key=lambda row: row["t_ms"])
        spells[car] = [row["t_ms"] for row in ordered], [row["leader"] for row in ordered]
    return spells


def led_at(spell: tuple[list[int], list[bool]], t_ms: int) -> bool:
    """Return whether a car led at an instant, by its spells."""
    index = bisect_right(spell[0], t_ms) - 1
    return index >= 0 and spell[1][index]
