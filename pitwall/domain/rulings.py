"""Read from race control's messages what hangs over each car: investigations, penalties, laps.

The functions are pure. Race control writes for people, and not always alike: a message that none of
the patterns fits changes nothing here, and stands in the log all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from pitwall.domain.race import ControlMessage, DriverNumber, TrackStatus


class ControlKind(StrEnum):
    """What a message of race control is about."""

    SAFETY = "safety"  # safety car, virtual safety car, red flag, start and restart
    FLAG = "flag"  # flags of a sector or of the track
    INCIDENT = "incident"  # noted, under investigation, closed; a car that stopped or spun
    PENALTY = "penalty"  # penalties, served or not, and black-and-white flags
    LIMITS = "limits"  # laps deleted and given back
    BLUE = "blue"
    OTHER = "other"  # DRS, weather, pit exit


class RulingStep(StrEnum):
    """How far a matter about cars has got."""

    NOTED = "noted"
    INVESTIGATED = "investigated"
    AFTER_RACE = "after_race"  # it will be investigated after the session
    CLOSED = "closed"  # no further action
    PENALISED = "penalised"
    SERVED = "served"
    DELETED = "deleted"  # a lap time
    REINSTATED = "reinstated"
    WARNED = "warned"  # black-and-white flag
    ORDERED_IN = "ordered_in"  # black-and-orange flag: the car must be repaired
    STOPPED = "stopped"  # on the track


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one message says about cars.

    Attributes:
        cars: Whom it is about; of a penalty, who got it.
        place: Where it happened, such as `TURN 4`; "" where not told.
        reason: Why, such as `causing a collision`; "" where not told.
        penalty: Such as `+5 s` or `Drive-through`; "" unless a penalty was given or served.
        seconds: Of a time penalty; None of any other.
    """

    step: RulingStep
    cars: tuple[DriverNumber, ...]
    place: str = ""
    reason: str = ""
    penalty: str = ""
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Penalty:
    """A penalty of one car. Source: `RaceControlMessages`.

    Attributes:
        words: Such as `+5 s` or `Drive-through`.
        seconds: Of a time penalty. None of any other.
        reason: Such as `causing a collision`; "" where not told.
        is_served: Whether race control has said that it was served; before 2023 it seldom did.
    """

    words: str
    seconds: int | None
    reason: str
    is_served: bool = False


@dataclass(frozen=True, slots=True)
class Matter:
    """An incident that a car takes part in and that is not decided. Source: `RaceControlMessages`.

    Attributes:
        step: How far it has got. Range: `noted`, `investigated` or `after_race`.
        cars: Everybody who takes part.
        place: Such as `TURN 4`; "" where not told.
        reason: Such as `causing a collision`; "" where not told.
        told_at: When race control last spoke of it.
    """

    step: RulingStep
    cars: tuple[DriverNumber, ...]
    place: str
    reason: str
    told_at: datetime


@dataclass(frozen=True, slots=True)
class CarRulings:
    """What hangs over one car. Source: `RaceControlMessages`.

    Attributes:
        penalties: In the order in which they were given.
        matters: Undecided incidents, oldest first.
        deleted_laps: Laps whose time was deleted. Range: from 0.
        warning: Why it was shown the black-and-white flag last; "" without one.
        is_ordered_in: Whether it was shown the black-and-orange flag.
        stopped_at: When race control last said that it stopped on the track. None if it did not.
    """

    penalties: tuple[Penalty, ...] = ()
    matters: tuple[Matter, ...] = ()
    deleted_laps: int = 0
    warning: str = ""
    is_ordered_in: bool = False
    stopped_at: datetime | None = None


NO_RULINGS: Final = CarRulings()

NOTED_FOR: Final = timedelta(minutes=15)
"""An incident that is only noted and of which no more is said is nothing after so long."""

_NUMBER: Final = r"(?<![\d:.])(\d{1,2})(?![\d:.])"
_NAMED: Final = re.compile(r"(?<![\d:.])(\d{1,2}) ?\((?!PIT\b)[A-Z]{2,4}\)")
_LISTED: Final = re.compile(rf"\bCARS? ((?:{_NUMBER}(?:, | AND | & |,)?)+)")
_PLACE: Final = re.compile(r"\bTURNS? \d+\w*|\bPIT (?:LANE|ENTRY|EXIT)\b|\bSTART STRAIGHT\b")
_PREFIX: Final = re.compile(r"\A(?:FIA STEWARDS|CORRECTION|STEWARDS)[: -]+")
_REASON: Final = re.compile(r"(?: [-\N{EN DASH}] ?| ?\N{EN DASH} )(?=[A-Z])")
_CLOCK: Final = re.compile(r" ?\(?\b\d{1,2}:\d{2}(?::\d{2})?\b\)?")

_SERVED: Final = re.compile(r"\bPENALTY SERVED\b")
_TIME_PENALTY: Final = re.compile(r"\b(\d+) SECONDS? (?:TIME )?PENALTY\b")
_STOP_AND_GO: Final = re.compile(r"\b(?:(\d+) SECONDS? )?STOP[ /-]*(?:AND[ /-]*)?GO\b")
_DRIVE_THROUGH: Final = re.compile(r"\bDRIVE[ -]THROUGH PENALTY\b")
_GRID_PENALTY: Final = re.compile(r"\b(\d+) (?:PLACE )?GRID (?:PLACE )?(?:DROP|PENALTY)\b")
_PENALISED: Final = re.compile(r"\b(?:FOR|TO) (?=CARS? \d)")
_REPRIMAND: Final = re.compile(r"\bREPRIMAND TO CAR\b")
_BLACK_WHITE: Final = re.compile(r"\ABLACK (?:AND|&) WHITE FLAG\b")
_BLACK_ORANGE: Final = re.compile(r"\ABLACK (?:AND|&) ORANGE FLAG\b")
_DISQUALIFIED: Final = re.compile(r"\ABLACK FLAG\b|\bDISQUALIFIED\b")
_DELETED: Final = re.compile(r"\ACAR \d+.* DELETED\b")
_REINSTATED: Final = re.compile(r"\ACAR \d+.* REINSTATED\b")
_STOPPED: Final = re.compile(r"\ACAR \d+ .*\bSTOPPED (?:AT|ON|IN)\b")
_CLOSED: Final = re.compile(
    r"\bNO (?:FURTHER (?:INVESTIGATION|ACTION)|INVESTIGATION)\b|\bREVIEWED\b|\bFINE\b"
)
_AFTER: Final = re.compile(r"\bWILL BE INVESTIGATED\b|\bINVESTIGATED AFTER\b")
_UNDER: Final = re.compile(r"\bUNDER INVESTIGATION\b|\bBEING INVESTIGATED\b")
_NOTED: Final = re.compile(r"\bNOTED\b")
_SAFETY: Final = re.compile(
    r"SAFETY CAR|\bVSC\b|\bRED FLAG\b|WILL (?:RESUME|RE-?START)|RESUMPTION|RESTART|LAPPED CARS"
    r"|(?:STANDING|ROLLING) START|ABORTED START|START ABORTED|FORMATION LAP|CHEQUERED|SUSPENDED"
    r"|MEDICAL CAR"
)
_ON_TRACK: Final = re.compile(
    r"\ACAR \d+.*\b(?:STOPPED|SPUN|OFF TRACK|MISSED THE APEX|SLOW|BEYOND TRACK LIMITS|HIT|CRASH)"
    r"|\bDEBRIS\b|RECOVERY VEHICLE|MARSHALS? ON TRACK|\bOIL ON TRACK|\bANIMAL"
)


def ruling_of(message: ControlMessage) -> Ruling | None:
    """Return what a message says about cars; None where it says nothing that counts.

    >>> from datetime import UTC
    >>> said = "FIA STEWARDS: 5 SECOND TIME PENALTY FOR CAR 18 (STR) - CAUSING A COLLISION"
    >>> found = ruling_of(ControlMessage(datetime(2025, 8, 31, tzinfo=UTC), "Other", said))
    >>> found.cars, found.penalty, found.reason
    ((18,), '+5 s', 'causing a collision')
    """
    return None if message.flag == "BLUE" else _ruling(_plain(message.message))


def message_kind(message: ControlMessage) -> ControlKind:
    """Return what a message is about, for those who want to read only some of them."""
    if message.flag == "BLUE":
        return ControlKind.BLUE
    return _kind(_plain(message.message), message.category, message.flag)


def rulings_of(control: Iterable[ControlMessage]) -> Mapping[DriverNumber, CarRulings]:
    """Return what hangs over each car after these messages, oldest first.

    Cars that race control has said nothing of are left out.
    """
    found: dict[DriverNumber, CarRulings] = {}
    for message in control:
        ruling = ruling_of(message)
        if ruling is None:
            continue
        for car in ruling.cars:
            before = found.get(car, NO_RULINGS)
            found[car] = _after(before, ruling, message.at)
            if ruling.step is RulingStep.PENALISED:
                _close_for_others(found, before, found[car])
    return found


def _close_for_others(
    found: dict[DriverNumber, CarRulings], before: CarRulings, after: CarRulings
) -> None:
    """Take the matters that a penalty of one car decided from the others who took part."""
    for decided in (matter for matter in before.matters if matter not in after.matters):
        for car in decided.cars:
            if car in found:
                left = tuple(matter for matter in found[car].matters if matter != decided)
                found[car] = replace(found[car], matters=left)


def open_matters(rulings: CarRulings, now: datetime | None) -> tuple[Matter, ...]:
    """Return the undecided incidents of a car without those long forgotten."""
    if now is None:
        return rulings.matters
    return tuple(
        matter
        for matter in rulings.matters
        if matter.step is not RulingStep.NOTED or now - matter.told_at <= NOTED_FOR
    )


_CAUSE_BEFORE: Final = timedelta(seconds=120)
_CAUSE_AFTER: Final = timedelta(seconds=90)


def flag_cause(
    control: Iterable[ControlMessage], status: TrackStatus, since: datetime
) -> ControlMessage | None:
    """Return the message that best explains why the track is not clear; None without one.

    Race control names no cause of a flag. This is the last car said to have stopped, spun or left
    the track, or debris, from two minutes before the flag to a minute and a half after it; else an
    incident that was noted, or the sector that was yellow before.
    """
    if status is TrackStatus.CLEAR:
        return None
    nearby = [
        message
        for message in control
        if since - _CAUSE_BEFORE <= message.at <= since + _CAUSE_AFTER and message.flag != "BLUE"
    ]
    seen = [each for each in nearby if _ON_TRACK.search(_plain(each.message))]
    stopped = [each for each in seen if "STOPPED" in each.message.upper()]
    noted = [each for each in nearby if _NOTED.search(each.message.upper())]
    for some in (stopped, seen, noted):
        if some:
            return some[-1]
    # A safety car comes out for what a yellow flag was shown for.
    yellows = [each for each in nearby if "YELLOW" in (each.flag or "") and each.at <= since]
    return yellows[-1] if yellows and status is not TrackStatus.YELLOW else None


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    return " ".join(text.upper().split())


@lru_cache(maxsize=4096)
def _kind(text: str, category: str, flag: str | None) -> ControlKind:
    ruling = _ruling(text)
    kind = ControlKind.OTHER
    if ruling is not None:
        kind = _KIND_OF_STEP[ruling.step]
    elif category == "SafetyCar" or flag in {"RED", "CHEQUERED"} or _SAFETY.search(text):
        kind = ControlKind.SAFETY
    elif category == "CarEvent" or _ON_TRACK.search(text) or _about_incident(text):
        kind = ControlKind.INCIDENT
    elif category == "Flag" and "PIT EXIT" not in text:
        kind = ControlKind.FLAG
    return kind


def _about_incident(text: str) -> bool:
    return any(pattern.search(text) for pattern in (_CLOSED, _AFTER, _UNDER, _NOTED))


_KIND_OF_STEP: Final = {
    RulingStep.NOTED: ControlKind.INCIDENT,
    RulingStep.INVESTIGATED: ControlKind.INCIDENT,
    RulingStep.AFTER_RACE: ControlKind.INCIDENT,
    RulingStep.CLOSED: ControlKind.INCIDENT,
    RulingStep.STOPPED: ControlKind.INCIDENT,
    RulingStep.PENALISED: ControlKind.PENALTY,
    RulingStep.SERVED: ControlKind.PENALTY,
    RulingStep.WARNED: ControlKind.PENALTY,
    RulingStep.ORDERED_IN: ControlKind.PENALTY,
    RulingStep.DELETED: ControlKind.LIMITS,
    RulingStep.REINSTATED: ControlKind.LIMITS,
}

_STEPS: Final = (
    (_BLACK_WHITE, RulingStep.WARNED),
    (_BLACK_ORANGE, RulingStep.ORDERED_IN),
    (_REINSTATED, RulingStep.REINSTATED),
    (_DELETED, RulingStep.DELETED),
    (_STOPPED, RulingStep.STOPPED),
    # A closed matter may say that it was noted, and one for later that it is investigated.
    (_CLOSED, RulingStep.CLOSED),
    (_AFTER, RulingStep.AFTER_RACE),
    (_UNDER, RulingStep.INVESTIGATED),
    (_NOTED, RulingStep.NOTED),
)


@lru_cache(maxsize=4096)
def _ruling(text: str) -> Ruling | None:
    text = _PREFIX.sub("", _PREFIX.sub("", text))
    penalty, seconds = _penalty_in(text)
    if penalty:
        step = RulingStep.SERVED if _SERVED.search(text) else RulingStep.PENALISED
        cars = _penalised_in(text)
    else:
        found = next((step for pattern, step in _STEPS if pattern.search(text)), None)
        if found is None:
            return None
        step = found
        cars = _cars_in(text)
    if not cars:
        return None
    place = _PLACE.search(text)
    return Ruling(step, cars, place[0] if place else "", _reason_in(text), penalty, seconds)


def _penalty_in(text: str) -> tuple[str, int | None]:
    """Return a penalty in words and the seconds of a time penalty; "" where there is none."""
    if found := _STOP_AND_GO.search(text):
        return f"Stop-go {found[1]} s" if found[1] else "Stop-go", None
    if found := _TIME_PENALTY.search(text):
        return f"+{found[1]} s", int(found[1])
    if _DRIVE_THROUGH.search(text):
        return "Drive-through", None
    if found := _GRID_PENALTY.search(text):
        return f"Grid \N{MINUS SIGN}{found[1]}", None
    if _REPRIMAND.search(text):
        return "Reprimand", None
    return ("Disqualified", None) if _DISQUALIFIED.search(text) else ("", None)


def _penalised_in(text: str) -> tuple[DriverNumber, ...]:
    """Return the car that got a penalty; others may be named as well."""
    given = _PENALISED.search(text)
    cars = _cars_in(text[given.end() :] if given else text)
    return cars[:1] if given or len(cars) == 1 else ()


def _cars_in(text: str) -> tuple[DriverNumber, ...]:
    """Return the cars that a message names, each once, in its order."""
    named = [int(number) for number in _NAMED.findall(text)]
    if not named and (listed := _LISTED.search(text)):
        named = [int(number) for number in re.findall(_NUMBER, listed[1])]
    return tuple(DriverNumber(number) for number in dict.fromkeys(named))


def _reason_in(text: str) -> str:
    """Return what stands after the last dash that is not about an investigation."""
    parts = [_CLOCK.sub("", part).strip(" .") for part in _REASON.split(text)[1:]]
    said = [
        part
        for part in parts
        if part and not _about_incident(part) and not _TIME_PENALTY.search(part)
        and not _DRIVE_THROUGH.search(part)
    ]  # fmt: skip
    reason = ", ".join(said).lower()
    return re.sub(r"\bdrs\b|\bvsc\b|\bfia\b", lambda word: word[0].upper(), reason)


def _after(car: CarRulings, ruling: Ruling, at: datetime) -> CarRulings:
    """Return what hangs over a car after a ruling about it."""
    decides = ruling.step in {RulingStep.PENALISED, RulingStep.CLOSED}
    if decides or ruling.step in _UNDECIDED:
        matters = _without(car.matters, ruling)
        if ruling.step in _UNDECIDED:
            open_now = Matter(ruling.step, ruling.cars, ruling.place, ruling.reason, at)
            matters = (*matters, open_now)
        car = replace(car, matters=matters)
    change = _CHANGES.get(ruling.step)
    return car if change is None else replace(car, **change(car, ruling, at))


_UNDECIDED: Final = {RulingStep.NOTED, RulingStep.INVESTIGATED, RulingStep.AFTER_RACE}

_CHANGES: Final[Mapping[RulingStep, Callable[[CarRulings, Ruling, datetime], dict[str, Any]]]] = {
    RulingStep.PENALISED: lambda car, ruling, _: {
        "penalties": (*car.penalties, Penalty(ruling.penalty, ruling.seconds, ruling.reason))
    },
    RulingStep.SERVED: lambda car, ruling, _: {"penalties": _served(car.penalties, ruling)},
    RulingStep.DELETED: lambda car, _, __: {"deleted_laps": car.deleted_laps + 1},
    RulingStep.REINSTATED: lambda car, _, __: {"deleted_laps": max(0, car.deleted_laps - 1)},
    RulingStep.WARNED: lambda _, ruling, __: {"warning": ruling.reason or "driving standards"},
    RulingStep.ORDERED_IN: lambda *_: {"is_ordered_in": True},
    RulingStep.STOPPED: lambda _, __, at: {"stopped_at": at},
}


def _served(penalties: tuple[Penalty, ...], ruling: Ruling) -> tuple[Penalty, ...]:
    """Return the penalties with the one that was served marked: the first open one of its kind."""
    for index, penalty in enumerate(penalties):
        if not penalty.is_served and penalty.words == ruling.penalty:
            done = replace(penalty, is_served=True)
            return (*penalties[:index], done, *penalties[index + 1 :])
    # It was given before this recording began.
    return (*penalties, Penalty(ruling.penalty, ruling.seconds, ruling.reason, is_served=True))


def _without(matters: tuple[Matter, ...], ruling: Ruling) -> tuple[Matter, ...]:
    """Return the matters without the one that a ruling decides or carries on.

    It is the newest with the same cars, place and reason, as far as both tell them. A penalty takes
    a car's only matter whatever it is called.
    """
    best, most = None, 0
    for index, matter in enumerate(matters):
        likeness = _likeness(matter, ruling)
        if likeness and likeness >= most:
            best, most = index, likeness
    if best is None and ruling.step is RulingStep.PENALISED and len(matters) == 1:
        best = 0
    return matters if best is None else (*matters[:best], *matters[best + 1 :])


def _likeness(matter: Matter, ruling: Ruling) -> int:
    """Return how well a matter fits a ruling; 0 if it is another one."""
    if matter.reason and ruling.reason and matter.reason != ruling.reason:
        return 0
    if matter.place and ruling.place and matter.place != ruling.place:
        return 0
    same_cars = set(matter.cars) == set(ruling.cars)
    if not same_cars and ruling.step is not RulingStep.PENALISED:
        return 0
    return 1 + 2 * same_cars + bool(matter.reason and matter.reason == ruling.reason)
