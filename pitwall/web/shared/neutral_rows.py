"""Format a race behind a safety car, a virtual one or a red flag: the order in which it goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from pitwall.domain.frames import FrameHeader, LiveFrame, TowerLine
from pitwall.domain.race import Compound, DriverNumber, TrackStatus
from pitwall.domain.track_positions import CarPlace
from pitwall.web.shared.car_rows import driver_code
from pitwall.web.shared.control_rows import pinned_flag
from pitwall.web.shared.tower_rows import status_of

_SOFTNESS: Final = {
    compound: step
    for step, compound in enumerate(reversed([each for each in Compound if each.is_slick]))
}
_A_STEP_IS_WORTH_LAPS: Final = 8  # a rule of thumb, to sort pairs by; not a forecast
_WORTH_WATCHING_LAPS: Final = 5
_SHOWN: Final = 4


@dataclass
class RestartRow:
    """One car of the restart; `threat` is a CSS class, "" for a car with no advantage in tyres.

    `against` and `versus` compare compound and age of its tyres with those of the car ahead.
    """

    key: str
    position: str
    stop: str
    against: str
    versus: str
    laps_down: str
    threat: str


@dataclass
class NeutralRow:
    """The race while nobody may pass; `title` is "" while cars race.

    Attributes:
        flag: CSS class.
        rule: What the flag means for the cars, one sentence.
        stopped: Who came in under it, as a sentence; "" if nobody has.
        missing: Who is not going on, as a sentence; "" if all are.
        between: Which lapped cars stand between others, as a sentence; "" where none do.
        expected: The pairs to watch at the restart, the largest difference in tyres first.
        cars: Every car that is running, in the order of the restart.
    """

    flag: str = ""
    title: str = ""
    rule: str = ""
    stopped: str = ""
    between: str = ""
    missing: str = ""
    expected: list[str] = field(default_factory=list)
    cars: list[RestartRow] = field(default_factory=list)


_RULES: Final = {
    TrackStatus.SAFETY_CAR: "Nobody may pass until the safety car is in and the line is crossed.",
    TrackStatus.VIRTUAL_SAFETY_CAR: "All cars keep to a minimum lap time: gaps stay as they are.",
    TrackStatus.VSC_ENDING: "Racing resumes within seconds.",
    TrackStatus.RED: "The race is stopped. Tyres may be changed before the restart.",
}


def neutral_row(frame: LiveFrame) -> NeutralRow:
    """Format the pause of a race; an empty row while cars race, and in qualifying."""
    header = frame.header
    flag, title = pinned_flag(frame)
    if frame.timed is not None or flag not in {"safety", "red"}:
        return NeutralRow()
    going = {car.number: status_of(car, header)[1] != "out" for car in frame.tower}
    running = [car for car in frame.tower if going[car.number]]
    status = TrackStatus.RED if flag == "red" else header.track_status
    return NeutralRow(
        flag=flag,
        title=title,
        rule=_RULES[status],
        stopped=_stopped(running, flag),
        between=_between(running, frame.places),
        missing=_missing([car for car in frame.tower if not going[car.number]], header),
        expected=_expected(running),
        cars=[
            _row(car, ahead, flag) for car, ahead in zip(running, [None, *running], strict=False)
        ],
    )


def _row(car: TowerLine, ahead: TowerLine | None, flag: str) -> RestartRow:
    laps = car.gap_to_leader_laps or 0
    settled = ahead is not None and not (car.in_pit or ahead.in_pit)
    advantage = _advantage_laps(car, ahead) if ahead is not None and settled else 0
    return RestartRow(
        key=str(car.number),
        position=str(car.position),
        stop=_stop(car, flag),
        against="" if ahead is None else _against(car, ahead),
        versus="" if ahead is None else _versus(car, ahead),
        laps_down=f"{laps} lap{'' if laps == 1 else 's'} down" if laps else "",
        threat="threat" if advantage >= _WORTH_WATCHING_LAPS else "",
    )


def _stop(car: TowerLine, flag: str) -> str:
    if flag == "red":
        return ""
    if car.in_pit:
        return "In pit"
    return "Yes" if car.stopped_under else ""


def _stopped(running: Sequence[TowerLine], flag: str) -> str:
    if flag == "red":
        return ""
    names = [driver_code(car) for car in running if car.stopped_under]
    if not names:
        return "Nobody has come in so far."
    return f"{len(names)} came in: {', '.join(names)}."


def _missing(cars: Sequence[TowerLine], header: FrameHeader) -> str:
    if not cars:
        return ""
    told = [f"{driver_code(car)} ({status_of(car, header)[0].lower()})" for car in cars]
    return f"Not going on: {', '.join(told)}."


def _between(running: Sequence[TowerLine], places: Sequence[CarPlace]) -> str:
    """Return which lapped cars are on the track between cars of the leading lap."""
    shares = {
        place.number: place.lap_share
        for place in places
        if place.lap_share is not None and place.x_m is not None  # only where the feed locates them
    }
    lapped = [car for car in running if car.gap_to_leader_laps and car.number in shares]
    found: list[str] = []
    leaders = [car for car in running if not car.gap_to_leader_laps and car.number in shares]
    for ahead, behind in pairwise(leaders):
        gap = _behind(shares, ahead.number, behind.number)
        inside = [
            driver_code(car)
            for car in lapped
            if 0 < _behind(shares, ahead.number, car.number) < gap < 0.5
        ]
        if inside:
            found.append(
                f"{', '.join(inside)} between {driver_code(ahead)} and {driver_code(behind)}"
            )
    return f"Lapped cars: {'; '.join(found)}." if found else ""


def _behind(
    shares: Mapping[DriverNumber, float], ahead: DriverNumber, behind: DriverNumber
) -> float:
    return (shares[ahead] - shares[behind]) % 1.0


def _expected(running: Sequence[TowerLine]) -> list[str]:
    pairs = [
        (_advantage_laps(behind, ahead), behind, ahead)
        for ahead, behind in pairwise(running)
        if not any(car.gap_to_leader_laps or car.in_pit for car in (ahead, behind))
    ]
    best = sorted(
        (pair for pair in pairs if pair[0] >= _WORTH_WATCHING_LAPS),
        key=lambda pair: (-pair[0], pair[2].position),
    )
    return [
        f"{driver_code(behind)} on {driver_code(ahead)} for "
        f"{'the lead' if ahead.position == 1 else f'P{ahead.position}'}: {_compared(behind, ahead)}"
        for _, behind, ahead in best[:_SHOWN]
    ]


def _advantage_laps(behind: TowerLine, ahead: TowerLine) -> int:
    """Return how much better the tyres behind are, in laps of age; 0 where not known."""
    if behind.tyre_life_laps is None or ahead.tyre_life_laps is None:
        return 0
    age = ahead.tyre_life_laps - behind.tyre_life_laps
    return age + _A_STEP_IS_WORTH_LAPS * _softer(behind, ahead)


def _softer(behind: TowerLine, ahead: TowerLine) -> int:
    """Return by how many steps the tyres behind are softer, at most two; 0 in the wet."""
    if behind.compound not in _SOFTNESS or ahead.compound not in _SOFTNESS:
        return 0
    steps = _SOFTNESS[behind.compound] - _SOFTNESS[ahead.compound]
    return max(-2, min(2, steps))


def _compared(behind: TowerLine, ahead: TowerLine) -> str:
    return ", ".join(filter(None, (_against(behind, ahead), _versus(behind, ahead))))


def _against(behind: TowerLine, ahead: TowerLine) -> str:
    compounds = (behind.compound, ahead.compound)
    if behind.compound is ahead.compound or Compound.UNKNOWN in compounds:
        return ""
    return f"{behind.compound.value.lower()} against {ahead.compound.value.lower()}"


def _versus(behind: TowerLine, ahead: TowerLine) -> str:
    if behind.tyre_life_laps is None or ahead.tyre_life_laps is None:
        return ""
    age = ahead.tyre_life_laps - behind.tyre_life_laps
    laps = f"{abs(age)} lap{'' if abs(age) == 1 else 's'}"
    return f"{laps} {'fresher' if age > 0 else 'older'}" if age else "same age"
