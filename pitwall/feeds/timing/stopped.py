"""Infer which cars have stopped: the archive tells only that their lines ceased."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from pitwall.feeds.recording.contents import TimedLine
from pitwall.feeds.timing.order import car_line
from pitwall.feeds.timing.tables import Row

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
    """Yield `Stopped` two minutes after a car's last word, and its end if the car speaks again.

    This is an inference, and needs no knowledge of the future: racing is under way all that
    time, and at least half of the cars that spoke within it still do. It says Stopped, not
    Retired, as a car repaired in the garage looks the same.

    Args:
        activity: For each car when anything was told of it, `t_ms`, rising.
        spells: When cars were racing, from `running_spells`.
    """
    for car, times in activity.items():
        others = [told for number, told in activity.items() if number != car]
        for since, until in spells:
            for last, following in _silences(times, since, until):
                noticed = last + SILENCE_MS
                if noticed < until and _goes_on(others, noticed):
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


def _goes_on(others: list[Sequence[int]], t_ms: int) -> bool:
    spoke = sum(_spoke(told, t_ms - SILENCE_MS, t_ms) for told in others)
    speak = sum(_spoke(told, t_ms - SILENCE_MS // 4, t_ms) for told in others)
    return spoke > 0 and 2 * speak >= spoke


def _spoke(told: Sequence[int], since: int, until: int) -> bool:
    return bisect_right(told, until) > bisect_right(told, since)
