"""Test how the two cars of a battle are compared on the page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from pitwall.domain.duels import Duel, DuelLap, LineGap, Rejoin
from pitwall.domain.frames import BattleLine, LiveFrame
from pitwall.domain.race import DriverNumber
from pitwall.web.shared.duel_rows import (
    HEIGHT,
    WIDTH,
    TraceRow,
    duel_rows,
    outlook_rows,
    stop_note,
    trace_row,
)
from tests.web.frames import LIGHTS_OUT, make_frame

FRAME = make_frame()
BACK = DuelLap(76.171, (25.706, 27.698, 22.767), (287.0, 275.0, None, 313.0))
FRONT = DuelLap(76.223, (25.723, 27.744, None), (285.0, 286.4, 300.0, 313.2))


def with_duel(duel: Duel, **changes: object) -> LiveFrame:
    line = replace(FRAME.battles[0], duel=duel, **changes)  # type: ignore[arg-type]
    return replace(FRAME, battles=(line,))


def test_the_last_lap_of_both_part_by_part() -> None:
    (row,) = duel_rows(with_duel(Duel(lap=19, attacker=BACK, defender=FRONT))).values()

    assert row == (
        19,
        [76.171, 25.706, 27.698, 22.767, 287, 275, None, 313],
        [76.223, 25.723, 27.744, None, 285, 286, 300, 313],
    )


def test_without_a_lap_of_both_there_is_no_table() -> None:
    (row,) = duel_rows(with_duel(Duel())).values()

    assert row == (0, [], [])


def test_what_comes_next_is_reach_and_where_each_would_come_out() -> None:
    duel = Duel(attacker_stop=Rejoin(12, DriverNumber(23), 1.4), defender_stop=Rejoin(1))
    frame = with_duel(duel, interval_s=1.8, trend_s_per_lap=-0.3)
    (row,) = outlook_rows(frame).values()
    (unknown,) = outlook_rows(with_duel(Duel())).values()

    assert row == ("in range in 3 laps", (12, "23"), (1, ""))
    assert unknown[1:] == ((0, ""), (0, ""))


def test_the_cost_of_a_stop_says_what_it_is_estimated_from() -> None:
    told = stop_note(with_duel(Duel(stop_s=21.4, stops_seen=1)))

    assert told == "estimated: 21 s for a stop, from 1 stop of this race"
    assert "none here yet" in stop_note(with_duel(Duel()))
    assert stop_note(replace(FRAME, battles=())) == ""


def line_with(gaps: int, history: int, late_s: int = 0) -> BattleLine:
    """Return a battle with a gap at the line every 80 s, and readings every two seconds."""
    now = LIGHTS_OUT + timedelta(seconds=1800)
    line_gaps = tuple(
        LineGap(20 - back, 1.0 + 0.1 * back, now - timedelta(seconds=80 * back + 20))
        for back in range(gaps - 1, -1, -1)
    )
    return replace(
        FRAME.battles[0],
        duel=Duel(line_gaps=line_gaps, trace_at=now + timedelta(seconds=late_s)),
        interval_history=tuple(1.0 for _ in range(history)),
        p_history=tuple(0.5 for _ in range(history)),
    )


def test_the_drawing_has_the_line_before_and_the_readings_since() -> None:
    row = trace_row(line_with(6, 31))

    lines = [tuple(map(int, point.split(","))) for point in row.lines.split()]
    gap = [tuple(map(int, point.split(","))) for point in row.gap.split()]
    assert lines[-1] == gap[0]  # the two hang together
    assert gap[-1][0] == WIDTH
    assert len(gap) == 8
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in [*lines, *gap])
    assert [lap for _, lap in row.laps] == ["16", "17", "18", "19", "20"]
    assert row.chance.split()[0].endswith(f",{HEIGHT // 2}")


def test_the_drawing_changes_every_eight_seconds_only() -> None:
    def drawn(second: int) -> TraceRow:
        line = line_with(6, 31 + second // 2, late_s=second)
        return trace_row(line)

    pictures = [drawn(second) for second in range(0, 18, 2)]
    changes = [one != other for one, other in pairwise(pictures)]
    assert sum(changes) == 2


def test_a_large_gap_widens_the_scale_up_to_six_seconds() -> None:
    line = line_with(6, 5)
    assert line.duel is not None
    wide = tuple(replace(each, gap_s=4.2) for each in line.duel.line_gaps)
    far = tuple(replace(each, gap_s=40.0) for each in line.duel.line_gaps)

    assert trace_row(line).top_s == 2.5
    assert trace_row(replace(line, duel=replace(line.duel, line_gaps=wide))).top_s == 4.5
    assert trace_row(replace(line, duel=replace(line.duel, line_gaps=far))).top_s == 6.0


def test_a_battle_that_has_just_begun_has_no_drawing() -> None:
    assert trace_row(replace(FRAME.battles[0], duel=None)) == TraceRow()
    assert trace_row(line_with(0, 1)).gap == ""
