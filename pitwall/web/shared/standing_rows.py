"""Format the standings of qualifying and practice, and the line that explains them."""

from __future__ import annotations

from dataclasses import dataclass

from pitwall.domain.frames import LiveFrame, StandingLine, TimedLines
from pitwall.domain.timed_state import CarRun
from pitwall.web.shared.car_rows import MINUS
from pitwall.web.shared.display_text import cut
from pitwall.wire.encode import lap_time_text

_RUNS = {
    CarRun.IN_PIT: ("In pit", "pit"),
    CarRun.OUT_LAP: ("Out lap", "pit"),
    CarRun.PUSH_LAP: ("Push lap", "push"),
    CarRun.IN_LAP: ("Slow lap", "slow"),  # on its way in, or cooling down
    CarRun.STOPPED: ("Stopped", "out"),
    CarRun.RETIRED: ("Retired", "out"),
    CarRun.KNOCKED_OUT: ("Out", "out"),
}


@dataclass
class StandingTableRow:
    """One car's line; `tone` and `zone` are CSS classes, the rest is text.

    `push` compares the sectors of a push lap with those of the car's best lap.
    """

    key: str
    position: str
    best: str
    gap: str
    parts: str
    margin: str
    laps: str
    status: str
    tone: str
    zone: str
    push: str


@dataclass
class SessionRow:
    """What heads the standings; `is_timed` says whether the page shows them at all."""

    is_timed: bool = False
    title: str = ""
    detail: str = ""
    part: str = ""
    clock: str = "--:--"


def lap_time(seconds: float | None) -> str:
    """Return a lap time as timing screens show it, or "" without one."""
    return "" if seconds is None else lap_time_text(seconds)


def session_row(frame: LiveFrame) -> SessionRow:
    """Format the part, its cut-off and its clock; an empty row in a race."""
    timed = frame.timed
    if timed is None:
        return SessionRow()
    kind = frame.header.kind or "Qualifying"
    return SessionRow(
        is_timed=True,
        title="Standings" if not timed.part_name else f"Standings, {timed.part_name}",
        detail=_detail(timed),
        part=timed.part_name or cut(_short(kind)),
        clock=_clock(timed.remaining_s),
    )


def standing_rows(frame: LiveFrame) -> list[StandingTableRow]:
    """Format every placed car's standing, first place first; none in a race."""
    timed = frame.timed
    if timed is None:
        return []
    return [_row(line, timed) for line in timed.standings]


def _row(line: StandingLine, timed: TimedLines) -> StandingTableRow:
    status, tone = _RUNS[line.run]
    if line.out_in is not None and timed.part_name:
        status = f"Out in {timed.part_name[:-1]}{line.out_in}"
    leads = line.gap_to_best_s == 0
    return StandingTableRow(
        key=str(line.number),
        position=str(line.position),
        best=lap_time(line.best_lap_s),
        gap="" if leads or line.gap_to_best_s is None else f"+{line.gap_to_best_s:.3f}",
        parts=" · ".join(lap_time(best) or "no time" for best in line.part_bests_s[:-1]),
        margin="" if line.margin_s is None else f"{line.margin_s:+.3f}".replace("-", MINUS),
        laps=str(line.laps),
        status=status,
        tone="push better" if (line.push_delta_s or 0) < 0 else tone,
        zone="drop" if line.is_in_drop_zone else "",
        push=_push(line),
    )


def _push(line: StandingLine) -> str:
    """Return how a push lap compares with the car's best lap so far; "" before its first sector."""
    if line.push_delta_s is None:
        return ""
    sign = MINUS if line.push_delta_s < 0 else "+"
    return f"{sign}{abs(line.push_delta_s):.3f} after S{line.push_sectors}"


def _detail(timed: TimedLines) -> str:
    said = []
    if timed.goes_on is not None:
        cut_off = f"; the last of them has {lap_time(timed.cut_off_s)}" if timed.cut_off_s else ""
        said.append(f"{timed.goes_on} cars go on to the next part{cut_off}.")
    if timed.limit_s is not None and timed.part == 1:
        said.append(f"107 % of the best is {lap_time(timed.limit_s)}.")
    if not timed.clock_runs and timed.remaining_s:
        said.append("The clock stands.")
    return " ".join(said) or "Ordered by best lap. Nobody races for position here."


def _clock(remaining_s: float | None) -> str:
    if remaining_s is None:
        return "--:--"
    hours, rest_s = divmod(int(remaining_s), 3600)
    clock = f"{rest_s // 60:02d}:{rest_s % 60:02d}"
    return f"{hours}:{clock}" if hours else clock


def _short(kind: str) -> str:
    """Return a kind as the header's dial can show it: `Practice 2` as `P2`."""
    word, _, number = kind.partition(" ")
    return f"{word[:1].upper()}{number}"[:4]
