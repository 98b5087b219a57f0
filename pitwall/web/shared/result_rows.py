"""Format a race that is over: classification, fastest lap, passes, and how the forecasts did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pitwall.domain.frames import LiveFrame, PassLine, TowerLine
from pitwall.domain.race import DriverNumber, Phase
from pitwall.web.shared.battle_rows import stake_words
from pitwall.web.shared.car_rows import DriverCodes, driver_code, driver_codes
from pitwall.web.shared.display_text import cut
from pitwall.web.shared.tower_rows import distance, fastest_lap
from pitwall.wire.encode import lap_time_text

_SHOWN: Final = 4
_CALLED: Final = 0.5
_MISSED: Final = 0.1


@dataclass
class ClassifiedRow:
    """One car's result; `tone` is a CSS class, and `is_fastest` marks the fastest lap."""

    key: str
    position: str
    gap: str
    grid: str
    best: str
    is_fastest: bool
    passes: str
    penalty: str
    tone: str


@dataclass
class PassCallRow:
    """One pass and what was forecast before it."""

    key: str
    words: str
    percent: str


@dataclass
class ResultRow:
    """The result; `title` is "" while the race goes on.

    Attributes:
        note: What may still change it, a sentence.
        fastest: The fastest lap and who drove it.
        passed: How many passes there were, and who made most of them.
        calls, misses: Passes that were forecast at one half or more, the surest first, and those
            that had less than one in ten, the least expected first.
        score: What became of the forecasts before passes, in a sentence.
    """

    title: str = ""
    note: str = ""
    fastest: str = ""
    passed: str = ""
    score: str = ""
    calls: list[PassCallRow] = field(default_factory=list)
    misses: list[PassCallRow] = field(default_factory=list)
    cars: list[ClassifiedRow] = field(default_factory=list)


def result_row(frame: LiveFrame) -> ResultRow:
    """Format the result of a race; an empty row before the flag, and in qualifying."""
    header = frame.header
    if frame.timed is not None or not header.phase.is_over or not frame.tower:
        return ResultRow()
    codes = driver_codes(frame)
    fastest = fastest_lap(frame.tower)
    won = Counter(each.attacker for each in frame.passes)
    lost = Counter(each.defender for each in frame.passes)
    is_final = header.phase is not Phase.FINISHED
    due = any(not each.is_served for car in frame.tower for each in car.rulings.penalties)
    notes = ["Order on the track." if is_final else "The last cars are still on their way."]
    if due:
        notes.append("Time penalties not served are not added here.")
    return ResultRow(
        title="Classification" if is_final else "Classification, provisional",
        note=" ".join(notes),
        fastest=_fastest(fastest),
        passed=_passed(frame.passes, won, codes),
        score=_score(frame.passes),
        calls=_calls(frame.passes, codes, called=True),
        misses=_calls(frame.passes, codes, called=False),
        cars=[_row(car, fastest, won[car.number], lost[car.number]) for car in frame.tower],
    )


def _row(car: TowerLine, fastest: TowerLine | None, won: int, lost: int) -> ClassifiedRow:
    gap = distance(car.gap_to_leader_s, car.gap_to_leader_laps)
    out = car.retired or car.stopped
    if car.position == 1:
        gap = f"{car.laps_completed} laps"
    return ClassifiedRow(
        key=str(car.number),
        position=str(car.position),
        gap=f"DNF, lap {car.laps_completed + 1}" if out else gap,
        grid=str(car.grid_position or ""),
        best="" if car.best_lap_s is None else lap_time_text(car.best_lap_s),
        is_fastest=fastest is not None and car.number == fastest.number,
        passes=f"{won} / {lost}" if won or lost else "",
        penalty=" ".join(
            each.words if not each.is_served else f"{each.words} served"
            for each in car.rulings.penalties
        ),
        tone="out" if out else "",
    )


def _fastest(car: TowerLine | None) -> str:
    if car is None or car.best_lap_s is None:
        return ""
    return f"{lap_time_text(car.best_lap_s)} by {cut(car.name) or driver_code(car)}"


def _passed(
    passes: tuple[PassLine, ...], won: Mapping[DriverNumber, int], codes: DriverCodes
) -> str:
    if not passes:
        return ""
    most = max(won.values())
    who = [codes[car] for car, count in won.items() if count == most]
    times = (
        f"{most} by {' and '.join(sorted(who)[:3])}"
        if len(who) <= 3
        else f"{most} at most by one driver"
    )
    return f"{len(passes)} on the track, {times}"


def _score(passes: tuple[PassLine, ...]) -> str:
    known = [each.p_overtake_before for each in passes if each.p_overtake_before is not None]
    if not known:
        return ""
    called = sum(p >= _CALLED for p in known)
    missed = sum(p < _MISSED for p in known)
    return (
        f"Just before it, {called} of {len(known)} passes had a chance of one half or more, and "
        f"{missed} of less than one in ten."
    )


def _calls(passes: Iterable[PassLine], codes: DriverCodes, *, called: bool) -> list[PassCallRow]:
    known = [
        (each.p_overtake_before, each) for each in passes if each.p_overtake_before is not None
    ]
    wanted = [(p, each) for p, each in known if (p >= _CALLED if called else p < _MISSED)]
    wanted.sort(key=lambda pair: (-pair[0] if called else pair[0], pair[1].at))
    return [_call(p, each, codes) for p, each in wanted[:_SHOWN]]


def _call(p: float, each: PassLine, codes: DriverCodes) -> PassCallRow:
    attacker, defender = (codes[car] for car in (each.attacker, each.defender))
    return PassCallRow(
        key=f"{each.attacker}-{each.defender}-{each.at:%H%M%S}",
        words=f"{attacker} past {defender} for {stake_words(each.position)}, lap {each.lap}",
        percent="under 1 %" if p < 0.01 else f"{round(100 * p)} %",
    )
