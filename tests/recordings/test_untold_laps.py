"""Test laps that a feed tells late, in part, or not at all: siblings of the small recording 05."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from pitwall.domain.race import DriverNumber
from pitwall.wire.message import RawMessage
from tests.recordings.test_cases import ZERO, Played, messages_of

Line = dict[str, Any]
CAR = 81  # second throughout, in two battles


def edited(
    messages: list[RawMessage], car: int, edit: Callable[[Line], Line | None]
) -> list[RawMessage]:
    """Return the messages with each timing line of a car as `edit` makes it; None leaves it out."""
    told = []
    for message in messages:
        body = orjson.loads(message.body)
        line = body["Lines"].pop(str(car), None) if message.topic == "TimingData" else None
        if line is not None:
            made = edit(line)
            body["Lines"] |= {} if made is None else {str(car): made}
            message = replace(message, body=orjson.dumps(body))  # noqa: PLW2901
        told.append(message)
    return told


def without_lap(messages: list[RawMessage], car: int, lap: int) -> list[RawMessage]:
    def edit(line: Line) -> Line:
        of_lap = {"NumberOfLaps", "LastLapTime"} if line.get("NumberOfLaps") == lap else set()
        return {name: value for name, value in line.items() if name not in of_lap}

    return edited(messages, car, edit)


def told_late(messages: list[RawMessage], car: int, lap: int, late_s: float) -> list[RawMessage]:
    """Return the messages with a lap of a car told so many seconds late."""
    at = next(m.sent_at for m in messages if f'"{car}":{{"NumberOfLaps":{lap},'.encode() in m.body)
    line = {str(car): {"NumberOfLaps": lap, "LastLapTime": {"Value": "1:20.000"}}}
    late = RawMessage(at + timedelta(seconds=late_s), "TimingData", orjson.dumps({"Lines": line}))
    return sorted([*without_lap(messages, car, lap), late], key=lambda message: message.sent_at)


def laps_of(played: Played, car: int = CAR) -> dict[int, float | None]:
    return {lap.lap_number: lap.lap_time_s for lap in played.end.race.cars[DriverNumber(car)].laps}


@cache
def the_control(shared: Path) -> Played:
    return Played(messages_of(shared, "00-control"))


def same_battles(played: Played, shared: Path) -> bool:
    control = the_control(shared)
    return all(
        played.battles_at(second) == control.battles_at(second) for second in range(85, 480, 10)
    )


@pytest.mark.parametrize("lap", [1, 4, 6])
def test_a_lap_never_told_of_one_car_leaves_its_battles_and_its_other_laps(
    shared: Path, lap: int
) -> None:
    played = Played(without_lap(messages_of(shared, "00-control"), CAR, lap))

    expected = [each for each in range(1, 7) if each != lap]
    assert laps_of(played) == dict.fromkeys(expected, 80.0)
    assert laps_of(played, 3) == dict.fromkeys(range(1, 7), 80.0)
    assert same_battles(played, shared)
    assert played.end.race.lap == 7
    assert not played.end.race.inferred
    assert not played.end.faults


def test_two_laps_never_told_of_the_leader_leave_the_lap_of_the_race(shared: Path) -> None:
    messages = without_lap(without_lap(messages_of(shared, "00-control"), 1, 3), 1, 4)
    played = Played(messages)

    assert list(laps_of(played, 1)) == [1, 2, 5, 6]
    assert same_battles(played, shared)
    without_count = Played([m for m in messages if m.topic != "LapCount"])
    assert without_count.end.race.lap == 7


@pytest.mark.parametrize("late_s", [1.0, 57.0])
def test_a_lap_told_late_keeps_its_time_and_gives_no_gap_at_the_line(
    shared: Path, late_s: float
) -> None:
    """Baku 2018 has five that came 19 to 57 seconds late."""
    played = Played(told_late(messages_of(shared, "00-control"), CAR, 3, late_s))

    assert laps_of(played) == dict.fromkeys(range(1, 7), 80.0)
    assert same_battles(played, shared)


@pytest.mark.parametrize("last", [None, {"Value": "1:31.000"}])
def test_a_lap_told_after_the_next_one_changes_no_other(shared: Path, last: Line | None) -> None:
    messages = told_late(messages_of(shared, "00-control"), CAR, 3, 85)
    if last is not None:  # nor does it fill in a time that is still missing
        messages = [
            replace(m, body=m.body.replace(b"1:20.000", b"1:31.000"))
            if b'{"81":{"NumberOfLaps":3,' in m.body
            else m
            for m in messages
        ]
        messages = edited(
            messages,
            CAR,
            lambda line: (
                {name: each for name, each in line.items() if name != "LastLapTime"}
                if line.get("NumberOfLaps") == 4
                else line
            ),
        )
    played = Played(messages)

    times = dict.fromkeys((1, 2, 4, 5, 6), 80.0)
    assert laps_of(played) == (times if last is None else {**times, 4: None})
    assert played.end.race.cars[DriverNumber(CAR)].last_lap_s == 80.0
    assert same_battles(played, shared)


def test_a_lap_whose_sectors_are_not_told_has_none_of_the_lap_before(shared: Path) -> None:
    sectors = {"Sectors": {"0": {"Value": "26.1"}, "1": {"Value": "27.2"}, "2": {"Value": "26.7"}}}
    played = Played(
        edited(
            messages_of(shared, "00-control"),
            CAR,
            lambda line: line | sectors if line.get("NumberOfLaps") in {1, 2, 4} else line,
        )
    )

    told = {lap.lap_number: lap.sectors_s for lap in played.end.race.cars[DriverNumber(CAR)].laps}
    known, unknown = (26.1, 27.2, 26.7), (None, None, None)
    assert told == {1: known, 2: known, 3: unknown, 4: known, 5: unknown, 6: unknown}


def stopping(messages: list[RawMessage], enters_s: float, leaves_s: float) -> list[RawMessage]:
    """Return the messages with a stop of the car, for a set of hard tyres."""

    def said(second: float, topic: str, line: Line) -> RawMessage:
        at = ZERO + timedelta(seconds=second)
        return RawMessage(at, topic, orjson.dumps({"Lines": {str(CAR): line}}))

    stint = {"Stints": {"1": {"Compound": "HARD", "New": "true", "StartLaps": 0, "TotalLaps": 0}}}
    stop = [
        said(enters_s, "TimingData", {"InPit": True, "NumberOfPitStops": 1}),
        said((enters_s + leaves_s) / 2, "TimingAppData", stint),
        said(leaves_s, "TimingData", {"InPit": False, "PitOut": True}),
        said(leaves_s + 8, "TimingData", {"PitOut": False}),
    ]
    return sorted([*messages, *stop], key=lambda message: message.sent_at)


@pytest.mark.parametrize("untold", [None, 3, 4, 5])
def test_a_stint_begins_on_its_lap_though_the_crossing_in_the_pits_is_never_told(
    shared: Path, untold: int | None
) -> None:
    """The car comes in at the end of lap 4 and leaves on lap 5; it crosses the line in the lane."""
    messages = stopping(messages_of(shared, "00-control"), 305.0, 330.0)
    played = Played(messages if untold is None else without_lap(messages, CAR, untold))

    car = played.end.race.cars[DriverNumber(CAR)]
    assert [stint.from_lap for stint in car.stints] == [1, 5]
    assert car.out_lap == 5
    pitted = {lap.lap_number for lap in car.laps if lap.pitted}
    assert pitted == {4: {5}, 5: {4, 6}}.get(untold or 0, {4, 5})
