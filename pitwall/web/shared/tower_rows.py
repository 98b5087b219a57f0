"""Format the timing tower: one row for each car, front of the field first."""

from __future__ import annotations

from dataclasses import dataclass

from pitwall.domain.frames import LiveFrame, TowerLine

ATTACK_RANGE_S = 1.0


@dataclass
class TowerRow:
    """One car's line; `reach`, `tone` and `fight` are CSS classes.

    `key` is the car number. `fight` says whether the car hunts the one above, is hunted by
    the one below, or both.
    """

    key: str
    position: str
    gap: str
    interval: str
    status: str
    reach: str
    tone: str
    fight: str


def tower_rows(frame: LiveFrame) -> list[TowerRow]:
    """Format every car that has a position."""
    hunters = {battle.attacker for battle in frame.battles}
    hunted = {battle.defender for battle in frame.battles}
    return [
        _tower_row(car, _fight(car.number in hunters, car.number in hunted)) for car in frame.tower
    ]


def _tower_row(car: TowerLine, fight: str) -> TowerRow:
    status, tone = _status(car)
    leads = car.position == 1
    close = tone == "racing" and car.interval_s is not None and car.interval_s < ATTACK_RANGE_S
    out = tone == "out"
    gap = "Leader" if leads else _distance(car.gap_to_leader_s, car.gap_to_leader_laps)
    interval = "" if leads else _distance(car.interval_s, car.interval_laps)
    return TowerRow(
        key=str(car.number),
        position=str(car.position),
        gap="" if out else gap,
        interval="" if out else interval,
        status=status,
        reach="close" if close else "",
        tone=tone,
        fight=fight,
    )


def _status(car: TowerLine) -> tuple[str, str]:
    if car.retired:
        return "Retired", "out"
    if car.stopped:
        return "Stopped", "out"
    if car.in_pit:
        return "In pit", "pit"
    if car.pit_out:
        return "Out lap", "pit"
    return "", "racing"


def _distance(seconds: float | None, laps: int | None) -> str:
    if laps:
        return f"+{laps} lap{'' if laps == 1 else 's'}"
    return "" if seconds is None else f"+{seconds:.3f}"


def _fight(hunts: bool, is_hunted: bool) -> str:
    return " ".join(word for word, holds in (("hunts", hunts), ("hunted", is_hunted)) if holds)
