"""Format the timing tower: one row for each car, front of the field first.

What changes with every frame is kept apart from what does not, and short: the gaps of all cars are
half a kilobyte. Cars are looked up by their number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pitwall.domain.frames import FrameHeader, LiveFrame, TowerLine
from pitwall.domain.race import Phase
from pitwall.wire.encode import lap_time_text

ATTACK_RANGE_S = 1.0
OLD_GAP_S: Final = 10
"""Nine in ten cars send their gap again within six seconds."""
NO_SIGNAL_S: Final = 30

BEST, OWN, USUAL = "best", "own", "usual"
"""A time: the best of the session, the car's own best, any other."""

_SEGMENTS: Final = {2048: "u", 2049: "o", 2051: "b", 2052: "u", 2064: "p"}


@dataclass
class TowerRow:
    """One car's line; `tone` and `fight` are CSS classes.

    `key` is the car number. `fight` says whether the car hunts the one above, is hunted by
    the one below, or both.
    """

    key: str
    position: str
    status: str
    tone: str
    fight: str


def tower_rows(frame: LiveFrame) -> list[TowerRow]:
    """Format every car that has a position."""
    hunters = {battle.attacker for battle in frame.battles}
    hunted = {battle.defender for battle in frame.battles}
    rows = []
    for car in frame.tower:
        status, tone = status_of(car, frame.header)
        rows.append(
            TowerRow(
                key=str(car.number),
                position=str(car.position),
                status=status,
                tone=tone,
                fight=_fight(car.number in hunters, car.number in hunted),
            )
        )
    return rows


def gap_rows(frame: LiveFrame) -> dict[str, str]:
    """Format each car's gap to the leader, interval, and the interval's CSS class, with bars."""
    return {str(car.number): "|".join(_gaps(car, frame.header)) for car in frame.tower}


def lap_rows(frame: LiveFrame) -> dict[str, str]:
    """Format each car's last lap, best lap and sectors, each before its CSS class, with bars."""
    best_lap_s = _least(car.best_lap_s for car in frame.tower)
    best_sectors_s = [
        _least(car.best_sectors_s[index] for car in frame.tower) for index in range(3)
    ]
    rows = {}
    for car in frame.tower:
        row = [
            *_timed(car.last_lap_s, car.best_lap_s, best_lap_s, digits=3),
            *_timed(car.best_lap_s, None, best_lap_s, digits=3),
        ]
        for sector_s, own_s, best_s in zip(
            car.sectors_s, car.best_sectors_s, best_sectors_s, strict=True
        ):
            row += _timed(sector_s, own_s, best_s, digits=1)
        rows[str(car.number)] = "|".join(row)
    return rows


def mini_rows(frame: LiveFrame) -> dict[str, str]:
    """Return each car's mini-sectors as one letter each; none where the feed shows none.

    `b` is the best of the session, `o` the car's own best, `u` slower, `p` the pit lane, `-` not
    driven yet; `_` parts the three sectors.
    """
    return {
        str(car.number): "_".join(
            "".join(_SEGMENTS.get(status, "-") for status in sector) for sector in car.segments
        )
        for car in frame.tower
        if car.segments and not car.retired
    }


def fastest_lap(tower: Iterable[TowerLine]) -> TowerLine | None:
    """Return the car with the fastest lap of the race; None before there is one."""
    timed = [car for car in tower if car.best_lap_s is not None]
    return min(timed, key=lambda car: car.best_lap_s or 0.0, default=None)


def status_of(car: TowerLine, header: FrameHeader) -> tuple[str, str]:
    """Return what a car is doing in two words, "" while it races, and the CSS class for it."""
    if car.retired:
        return "DNF" if header.phase.is_over else "Out", "out"
    if car.stopped or car.stopped_on_track:
        return "Stopped", "out"
    if car.in_pit:
        return "In pit", "pit"
    if is_silent(car, header):
        return "No signal", "out"
    if car.pit_out:
        return "Out lap", "pit"
    return "", "racing"


def is_silent(car: TowerLine, header: FrameHeader) -> bool:
    """Whether a car has sent no gap for half a minute while others did, as after a crash.

    The leader and lapped cars send none, and nobody does before the start and after the flag.
    """
    sends_none = car.position == 1 or bool(car.gap_to_leader_laps)
    if sends_none or car.gap_age_s is None or header.phase is not Phase.STARTED:
        return False
    return car.gap_age_s > NO_SIGNAL_S


def distance(seconds: float | None, laps: int | None) -> str:
    """Return a gap as timing screens show it; "" where it is not known."""
    if laps:
        return f"+{laps} lap{'' if laps == 1 else 's'}"
    return "" if seconds is None else f"+{seconds:.3f}"


def _gaps(car: TowerLine, header: FrameHeader) -> list[str]:
    tone = status_of(car, header)[1]
    if tone == "out":
        return ["", "", ""]
    if car.position == 1:
        return ["Leader", "", ""]
    gap = distance(car.gap_to_leader_s, car.gap_to_leader_laps)
    interval = distance(car.interval_s, car.interval_laps)
    is_old = (car.gap_age_s or 0) > OLD_GAP_S and tone == "racing"
    if is_old and header.phase is Phase.STARTED and not car.gap_to_leader_laps:
        return [gap, interval, "aged"]
    close = tone == "racing" and car.interval_s is not None and car.interval_s < ATTACK_RANGE_S
    return [gap, interval, "close" if close else ""]


def _timed(
    time_s: float | None, own_s: float | None, best_s: float | None, *, digits: int
) -> list[str]:
    """Return a time and its CSS class, by the car's own best and the best of the session."""
    if not time_s:
        return ["", USUAL]
    tone = USUAL
    if best_s is not None and time_s <= best_s:
        tone = BEST
    elif own_s is not None and time_s <= own_s:
        tone = OWN
    return [lap_time_text(time_s) if digits > 1 else f"{time_s:.1f}", tone]


def _least(times_s: Iterable[float | None]) -> float | None:
    return min((time_s for time_s in times_s if time_s), default=None)


def _fight(hunts: bool, is_hunted: bool) -> str:
    return " ".join(word for word, holds in (("hunts", hunts), ("hunted", is_hunted)) if holds)
