"""Test what is read from race control's messages about each car, on real ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pitwall.domain.race import ControlMessage, DriverNumber, TrackStatus
from pitwall.domain.rulings import (
    NO_RULINGS,
    NOTED_FOR,
    CarRulings,
    ControlKind,
    Penalty,
    RulingStep,
    flag_cause,
    message_kind,
    open_matters,
    ruling_of,
    rulings_of,
)

START = datetime(2025, 8, 31, 13, 0, tzinfo=UTC)
BY_COLLISION = "causing a collision"


def said(
    text: str, seconds: float = 0, category: str = "Other", flag: str | None = None
) -> ControlMessage:
    return ControlMessage(START + timedelta(seconds=seconds), category, text, flag)


def hangs_over(car: int, *texts: str) -> CarRulings:
    messages = [said(text, 30 * index) for index, text in enumerate(texts)]
    return rulings_of(messages).get(DriverNumber(car), NO_RULINGS)


@pytest.mark.parametrize(
    ("text", "step", "cars", "place", "reason", "penalty"),
    [
        (
            "TURN 4 INCIDENT INVOLVING CARS 18 (STR) AND 14 (GAS) NOTED - CAUSING A COLLISION",
            RulingStep.NOTED, (18, 14), "TURN 4", BY_COLLISION, "",
        ),
        (
            "FIA STEWARDS: LAP 1 TURN 1 INCIDENT INVOLVING CARS 23 (ALB), 20 (MAG) AND 2 (SAR) "
            "UNDER INVESTIGATION",
            RulingStep.INVESTIGATED, (23, 20, 2), "TURN 1", "", "",
        ),
        (
            "FIA STEWARDS: INCIDENT INVOLVING CAR 12 (ANT) WILL BE INVESTIGATED AFTER THE SPRINT - "
            "YELLOW FLAG INFRINGEMENT (14:05:11)",
            RulingStep.AFTER_RACE, (12,), "", "yellow flag infringement", "",
        ),
        (
            "TURN 1 INCIDENT INVOLVING CARS 3 (RIC) AND 33 (VER) NOTED - NO INVESTIGATION "
            "NECESSARY",
            RulingStep.CLOSED, (3, 33), "TURN 1", "", "",
        ),
        (
            "FIA STEWARDS: 10 SECOND TIME PENALTY FOR CAR 7 (RAI) - OVERTAKING CAR 44 (HAM) AT "
            "THE CONTROL LINE ON THE RE-START",
            RulingStep.PENALISED, (7,), "",
            "overtaking car 44 (ham) at the control line on the re-start", "+10 s",
        ),
        (
            "FIA STEWARDS: 10 SECOND TIME PENALTY FOR CAR 14 (GAS) - SERVING PENALTY INCORRECTLY",
            RulingStep.PENALISED, (14,), "", "serving penalty incorrectly", "+10 s",
        ),
        (
            "FIA STEWARDS: DRIVE THROUGH PENALTY FOR CAR 55 (SAI) - SPEEDING IN THE PIT LANE",
            RulingStep.PENALISED, (55,), "PIT LANE", "speeding in the pit lane", "Drive-through",
        ),
        (
            "FIA STEWARDS: 10 SECOND STOP/GO PENALTY FOR CAR 4 (NOR) - FAILING TO SLOW",
            RulingStep.PENALISED, (4,), "", "failing to slow", "Stop-go 10 s",
        ),
        (
            "FIA STEWARDS: PENALTY SERVED - 5 SECOND TIME PENALTY FOR CAR 14 (GAS) - FALSE START",
            RulingStep.SERVED, (14,), "", "false start", "+5 s",
        ),
        (
            "CAR 16 (LEC) LAP DELETED - TRACK LIMITS AT TURN 9 LAP 31 14:52:46 (PIT)",
            RulingStep.DELETED, (16,), "TURN 9", "track limits at turn 9 lap 31 (pit)", "",
        ),
        (
            "CAR 44 (HAM) TIME 1:20.755 WILL BE REINSTATED",
            RulingStep.REINSTATED, (44,), "", "", "",
        ),
        (
            "BLACK AND WHITE FLAG CAR 5 (BOR) - TRACK LIMITS",
            RulingStep.WARNED, (5,), "", "track limits", "",
        ),
        (
            "TURN 1 INCIDENT INVOLVING CARS 31 (OCO) AND 55 (SAI) - REPRIMAND TO CAR 55 (SAI)",
            RulingStep.PENALISED, (55,), "TURN 1", "reprimand to car 55 (sai)", "Reprimand",
        ),
        ("CAR 18 (STR) STOPPED AT TURN 23", RulingStep.STOPPED, (18,), "TURN 23", "", ""),
    ],
)  # fmt: skip
def test_a_message_about_cars_is_read(
    text: str, step: RulingStep, cars: tuple[int, ...], place: str, reason: str, penalty: str
) -> None:
    ruling = ruling_of(said(text))

    assert ruling is not None
    assert (ruling.step, ruling.cars, ruling.place, ruling.reason, ruling.penalty) == (
        step,
        cars,
        place,
        reason,
        penalty,
    )


@pytest.mark.parametrize(
    ("text", "category", "flag", "kind"),
    [
        ("WAVED BLUE FLAG FOR CAR 20 (MAG) TIMED AT 15:17:15", "Flag", "BLUE", ControlKind.BLUE),
        ("CLEAR IN TRACK SECTOR 5", "Flag", "CLEAR", ControlKind.FLAG),
        ("GREEN LIGHT - PIT EXIT OPEN", "Flag", "GREEN", ControlKind.OTHER),
        ("SAFETY CAR IN THIS LAP", "SafetyCar", None, ControlKind.SAFETY),
        ("RED FLAG", "Flag", "RED", ControlKind.SAFETY),
        ("LAPPED CARS MAY NOW OVERTAKE - 2,9,10", "Other", None, ControlKind.SAFETY),
        ("CAR 20 (MAG) SPUN AND CONTINUED AT TURN 7", "CarEvent", None, ControlKind.INCIDENT),
        ("LAP 4 TURN 2 NOTED", "Other", None, ControlKind.INCIDENT),
        ("RISK OF RAIN FOR THIS SESSION IS 20%", "Other", None, ControlKind.OTHER),
        ("DRS ENABLED", "Drs", None, ControlKind.OTHER),
    ],
)
def test_a_message_has_a_kind(
    text: str, category: str, flag: str | None, kind: ControlKind
) -> None:
    assert message_kind(said(text, category=category, flag=flag)) is kind


INCIDENT = "TURN 1 INCIDENT INVOLVING CARS 55 (SAI) AND 30 (LAW)"


def test_a_matter_goes_on_until_it_is_decided_and_is_then_gone() -> None:
    noted = hangs_over(30, f"{INCIDENT} NOTED")
    under = hangs_over(30, f"{INCIDENT} NOTED", f"FIA STEWARDS: {INCIDENT} UNDER INVESTIGATION")
    closed = hangs_over(
        30, f"{INCIDENT} NOTED", f"FIA STEWARDS: {INCIDENT} REVIEWED NO FURTHER INVESTIGATION"
    )

    assert [matter.step for matter in noted.matters] == [RulingStep.NOTED]
    assert [matter.step for matter in under.matters] == [RulingStep.INVESTIGATED]
    assert closed == NO_RULINGS


def test_a_decision_about_another_matter_leaves_this_one_open() -> None:
    elsewhere = "TURN 3 INCIDENT INVOLVING CARS 55 (SAI) AND 30 (LAW) - NO FURTHER ACTION"

    assert len(hangs_over(55, f"{INCIDENT} NOTED", elsewhere).matters) == 1


def test_a_penalty_of_one_car_decides_the_matter_for_all_who_took_part() -> None:
    texts = (
        f"{INCIDENT} UNDER INVESTIGATION - CAUSING A COLLISION",
        "FIA STEWARDS: 10 SECOND TIME PENALTY FOR CAR 55 (SAI) - CAUSING A COLLISION",
    )

    assert hangs_over(55, *texts) == CarRulings((Penalty("+10 s", 10, BY_COLLISION),))
    assert hangs_over(30, *texts) == NO_RULINGS


def test_a_served_penalty_is_marked_and_a_second_one_is_not() -> None:
    given = "FIA STEWARDS: 5 SECOND TIME PENALTY FOR CAR 4 (NOR) - FALSE START"
    served = "FIA STEWARDS: PENALTY SERVED - 5 SECOND TIME PENALTY FOR CAR 4 (NOR)"

    assert [each.is_served for each in hangs_over(4, given, given, served).penalties] == [
        True,
        False,
    ]
    assert [each.is_served for each in hangs_over(4, served).penalties] == [True]


def test_deleted_laps_are_counted_and_given_back() -> None:
    deleted = "CAR 4 (NOR) TIME 1:11.303 DELETED - TRACK LIMITS AT TURN 9 LAP 19 15:27:53"
    back = "CAR 4 (NOR) TIME 1:11.303 WILL BE REINSTATED"

    assert hangs_over(4, deleted, deleted).deleted_laps == 2
    assert hangs_over(4, deleted, back).deleted_laps == 0


def test_what_was_only_noted_is_forgotten_and_an_investigation_is_not() -> None:
    noted = hangs_over(30, f"{INCIDENT} NOTED")
    under = hangs_over(30, f"{INCIDENT} UNDER INVESTIGATION")
    late = START + NOTED_FOR + timedelta(seconds=1)

    assert len(open_matters(noted, START)) == 1
    assert open_matters(noted, late) == ()
    assert len(open_matters(under, late)) == 1


def test_the_cause_of_a_flag_is_the_car_that_stopped_and_never_a_blue_flag() -> None:
    control = (
        said("CAR 16 (LEC) SPUN AND CONTINUED AT TURN 2", -60),
        said("CAR 18 (STR) STOPPED AT TURN 4", 5, "CarEvent"),
        said("CAR 20 (MAG) OFF TRACK AND CONTINUED AT TURN 7", 30, "CarEvent"),
        said("WAVED BLUE FLAG FOR CAR 20 (MAG) TIMED AT 15:17:15", 40, "Flag", "BLUE"),
    )

    def cause(status: TrackStatus, since_s: float) -> str:
        found = flag_cause(control, status, START + timedelta(seconds=since_s))
        return found.message if found else ""

    assert cause(TrackStatus.SAFETY_CAR, 10) == "CAR 18 (STR) STOPPED AT TURN 4"
    assert cause(TrackStatus.YELLOW, -100) == "CAR 16 (LEC) SPUN AND CONTINUED AT TURN 2"
    assert cause(TrackStatus.CLEAR, 10) == ""
    assert cause(TrackStatus.SAFETY_CAR, 900) == ""


def test_without_a_word_on_the_cause_a_safety_car_comes_out_for_the_yellow_before_it() -> None:
    yellow = said("DOUBLE YELLOW IN TRACK SECTOR 5", 0, "Flag", "DOUBLE YELLOW")
    since = START + timedelta(seconds=20)

    assert flag_cause((yellow,), TrackStatus.SAFETY_CAR, since) == yellow
    assert flag_cause((yellow,), TrackStatus.YELLOW, since) is None
