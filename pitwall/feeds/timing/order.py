"""Rewrite `timing_stream` as `TimingData`: order, gaps, intervals, and cars that stopped."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pitwall.domain.gaps import LapsDown, LeaderLap, NoGap, TimeGap
from pitwall.feeds.timed_lines import TimedLine
from pitwall.feeds.timing.tables import Row, by_car
from pitwall.wire.encode import encode_body, gap_text

COLUMNS = ["t_ms", "car", "pos", "gap_ms", "gap_laps", "int_ms", "int_laps", "leader"]

TOPIC = "TimingData"


def car_line(t_ms: int, car: int, line: Mapping[str, Any]) -> TimedLine:
    """Return a `TimingData` line about one car."""
    return TimedLine(t_ms, TOPIC, encode_body({"Lines": {str(car): line}}))


def order_lines(
    rows: list[Row], crossings: Mapping[int, Sequence[int]], distance: int
) -> Iterator[TimedLine]:
    """Yield the changed fields of a car's line whenever it changed.

    The archive repeats the whole line; the feed sent only changes, and so does this, or
    an old interval would look like a fresh one.

    Args:
        rows: The race's rows of `timing_stream`.
        crossings: For each car when it completed each lap, rising; gives the leader's
            `LAP 12`.
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


def updated_at(rows: list[Row]) -> dict[int, list[int]]:
    """Return for each car when its gaps changed, `t_ms`, rising.

    A change of place alone is no sign of life: a car also gains places when others stop.
    """
    updated: dict[int, list[int]] = {}
    for car, lines in by_car(rows):
        times = updated.setdefault(car, [])
        before: tuple[Any, ...] = ()
        for row in sorted(lines, key=lambda row: row["t_ms"]):
            now = (row["gap_ms"], row["gap_laps"], row["int_ms"], row["int_laps"])
            if now != before:
                times.append(row["t_ms"])
            before = now
    return updated


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


# Twice the slowest sector behind a safety car; a running car's line changes every 4 s.
SILENCE_MS = 120_000

# A standing restart begins with a lap behind the safety car and a wait on the grid.
_START_MS = 60_000


def running_spells(statuses: list[Row], flags: list[Row]) -> list[tuple[int, int]]:
    """Return when cars were racing: status Started and no red flag, as `t_ms` from and to."""
    marks = sorted(
        [(row["t_ms"], "phase", row["status"] == "Started") for row in statuses]
        + [(row["t_ms"], "flag", row["status"] != "5") for row in flags]
    )
    held = {"phase": False, "flag": True}
    spells: list[tuple[int, int]] = []
    since: int | None = None
    for t_ms, what, allows in marks:
        held[what] = allows
        if all(held.values()) and since is None:
            since = t_ms
        elif not all(held.values()) and since is not None:
            spells.append((since, t_ms))
            since = None
    return spells


def stopped_lines(
    activity: Mapping[int, Sequence[int]], spells: list[tuple[int, int]]
) -> Iterator[TimedLine]:
    """Yield `Stopped` two minutes after a car's last update, and its end if updates resume.

    This is an inference that needs no knowledge of the future: racing is under way all that
    time, and at least half of the cars updated within it still are. It says Stopped, not
    Retired, as a car repaired in the garage looks the same.

    Args:
        activity: For each car the times of its updates, `t_ms`, rising.
        spells: When cars were racing, from `running_spells`.
    """
    for car, times in activity.items():
        others = [updates for number, updates in activity.items() if number != car]
        for since, until in spells:
            for last, following in _silences(times, since, until):
                noticed = last + SILENCE_MS
                if noticed < until and _others_go_on(others, noticed):
                    yield car_line(noticed, car, {"Stopped": True})
                    # What comes after the flag clears the lines of the next session.
                    if following is not None and following <= until:
                        yield car_line(following, car, {"Stopped": False})


def _silences(times: Sequence[int], since: int, until: int) -> Iterator[tuple[int, int | None]]:
    """Yield each long silence that ends or lasts within a spell: its start and its end if any."""
    begin = bisect_right(times, since)
    before = since + _START_MS if begin else None
    for t_ms in times[begin:]:
        if before is not None and t_ms - before > SILENCE_MS:
            yield before, t_ms
        if t_ms > until:
            return
        before = t_ms
    if before is not None:
        yield before, None


def _others_go_on(others: list[Sequence[int]], t_ms: int) -> bool:
    earlier_count = sum(_was_updated(updates, t_ms - SILENCE_MS, t_ms) for updates in others)
    recent_count = sum(_was_updated(updates, t_ms - SILENCE_MS // 4, t_ms) for updates in others)
    return earlier_count > 0 and 2 * recent_count >= earlier_count


def _was_updated(updates: Sequence[int], since: int, until: int) -> bool:
    return bisect_right(updates, until) > bisect_right(updates, since)
