"""Test what takes the place of battles: the order of a restart, and the result of a race."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from pitwall.domain.frames import LiveFrame, PassLine, TowerLine
from pitwall.domain.race import Compound, DriverNumber, Phase, TrackStatus
from pitwall.domain.rulings import CarRulings, Penalty
from pitwall.domain.track_positions import CarPlace
from pitwall.web.shared.neutral_rows import neutral_row
from pitwall.web.shared.result_rows import result_row
from tests.web.frames import LIGHTS_OUT, make_frame

Changes = Mapping[str, object]


def field(*cars: Changes, scene: str = "safety_car") -> LiveFrame:
    frame = make_frame(8, scene)
    plain: dict[str, object] = {
        "compound": Compound.HARD,
        "tyre_life_laps": 10,
        "in_pit": False,
        "retired": False,
        "gap_to_leader_laps": None,
    }
    tower: list[TowerLine] = [
        replace(car, **{**plain, **changes})  # type: ignore[arg-type]
        for car, changes in zip(frame.tower, cars, strict=False)
    ]
    return replace(frame, tower=tuple(tower), places=())


def with_status(frame: LiveFrame, status: TrackStatus, phase: Phase = Phase.STARTED) -> LiveFrame:
    return replace(frame, header=replace(frame.header, track_status=status, phase=phase))


def test_there_is_no_pause_while_cars_race_and_a_local_yellow_is_none() -> None:
    assert neutral_row(make_frame(8)).title == ""
    assert neutral_row(with_status(field({}, {}), TrackStatus.YELLOW)).title == ""
    assert neutral_row(with_status(field({}, {}), TrackStatus.CLEAR)).title == ""


@pytest.mark.parametrize(
    ("status", "title", "flag"),
    [
        (TrackStatus.SAFETY_CAR, "Safety car", "safety"),
        (TrackStatus.VIRTUAL_SAFETY_CAR, "Virtual safety car", "safety"),
        (TrackStatus.RED, "Red flag", "red"),
    ],
)
def test_each_pause_has_a_title_a_rule_and_the_order(
    status: TrackStatus, title: str, flag: str
) -> None:
    row = neutral_row(with_status(field({}, {}, {"retired": True}), status))

    assert (row.title, row.flag) == (title, flag)
    assert row.rule
    assert [car.key for car in row.cars] == ["81", "4"]


def test_pairs_with_better_tyres_behind_are_to_be_watched_the_best_first() -> None:
    frame = field(
        {"tyre_life_laps": 20},
        {"tyre_life_laps": 12},
        {"tyre_life_laps": 2, "compound": Compound.SOFT},
        {"tyre_life_laps": 30},
        {"tyre_life_laps": 29},
    )

    row = neutral_row(frame)

    assert row.expected == [
        "VER on NOR for P2: soft against hard, 10 laps fresher",
        "NOR on PIA for the lead: 8 laps fresher",
    ]
    assert [car.threat for car in row.cars] == ["", "threat", "threat", "", ""]
    assert [(car.against, car.versus) for car in row.cars[3:]] == [
        ("hard against soft", "28 laps older"),
        ("", "1 lap fresher"),
    ]


def test_unknown_tyres_promise_nothing() -> None:
    unknown = {"compound": Compound.UNKNOWN, "tyre_life_laps": None}

    row = neutral_row(field({"tyre_life_laps": 40}, unknown))

    assert row.expected == []
    assert row.cars[1].versus == ""


def test_who_came_in_is_told_and_nobody_does_so_under_red() -> None:
    cars: tuple[Changes, ...] = (
        {},
        {"stopped_under": True},
        {"stopped_under": True, "in_pit": True},
    )

    row = neutral_row(field(*cars))
    red = neutral_row(with_status(field(*cars), TrackStatus.RED))

    assert row.stopped == "2 came in: NOR, VER."
    assert [car.stop for car in row.cars] == ["", "Yes", "In pit"]
    assert neutral_row(field({}, {})).stopped == "Nobody has come in so far."
    assert (red.stopped, [car.stop for car in red.cars]) == ("", ["", "", ""])


def test_a_car_that_sends_nothing_is_not_part_of_the_restart() -> None:
    row = neutral_row(field({}, {"gap_age_s": 40}, {"retired": True}))

    assert row.missing == "Not going on: NOR (no signal), VER (out)."
    assert [car.key for car in row.cars] == ["81"]


def test_a_car_in_the_pits_is_in_no_pair_to_watch() -> None:
    assert neutral_row(field({"tyre_life_laps": 30}, {})).expected != []
    assert neutral_row(field({"tyre_life_laps": 30}, {"in_pit": True})).expected == []


def test_lapped_cars_between_others_are_told_where_the_feed_locates_them() -> None:
    frame = field({}, {}, {"gap_to_leader_laps": 1, "gap_to_leader_s": None})
    shares = ((81, 0.02), (63, 0.5), (1, 0.99), (4, 0.95))
    places = tuple(CarPlace(DriverNumber(car), 1.0, 2.0, share) for car, share in shares)
    guessed = tuple(replace(place, x_m=None, y_m=None) for place in places)

    assert neutral_row(replace(frame, places=places)).between == (
        "Lapped cars: VER between PIA and NOR."
    )
    assert neutral_row(replace(frame, places=guessed)).between == ""
    assert neutral_row(frame).cars[2].laps_down == "1 lap down"


def a_pass(attacker: int, defender: int, p: float | None, lap: int = 9, place: int = 4) -> PassLine:
    at = LIGHTS_OUT + timedelta(minutes=lap)
    return PassLine(DriverNumber(attacker), DriverNumber(defender), place, at, lap, p)


def over(*cars: Changes, passes: tuple[PassLine, ...] = ()) -> LiveFrame:
    return replace(field(*cars, scene="over"), passes=passes)


def test_there_is_no_result_before_the_flag_and_none_in_qualifying() -> None:
    assert result_row(make_frame(8)).title == ""
    assert result_row(make_frame(8, "qualifying")).title == ""


def test_the_result_has_gaps_grid_best_laps_and_who_did_not_finish() -> None:
    row = result_row(
        over(
            {"laps_completed": 72, "best_lap_s": 73.0},
            {"gap_to_leader_s": 1.5, "best_lap_s": 72.5},
            {"retired": True, "laps_completed": 20, "best_lap_s": None},
        )
    )

    assert row.title == "Classification, provisional"
    assert [car.gap for car in row.cars] == ["72 laps", "+1.500", "DNF, lap 21"]
    assert [car.is_fastest for car in row.cars] == [False, True, False]
    assert [car.best for car in row.cars] == ["1:13.000", "1:12.500", ""]
    assert row.cars[0].grid == "2"
    assert row.fastest == "1:12.500 by Lando Norris"


def test_a_final_result_says_that_penalties_are_not_added() -> None:
    due = CarRulings(penalties=(Penalty("+5 s", 5, "track limits"),))
    frame = with_status(over({}, {"rulings": due}), TrackStatus.CLEAR, Phase.FINALISED)

    row = result_row(frame)

    assert row.title == "Classification"
    assert "not added" in row.note
    assert row.cars[1].penalty == "+5 s"


def test_passes_are_counted_for_both_and_the_best_calls_and_misses_are_named() -> None:
    passes = (
        a_pass(4, 81, 0.72),
        a_pass(4, 1, 0.004, lap=12, place=1),
        a_pass(1, 81, 0.3),
        a_pass(81, 1, None),
        a_pass(1, 4, 0.91),
    )
    row = result_row(over({}, {}, {}, passes=passes))

    assert [car.passes for car in row.cars] == ["1 / 2", "2 / 1", "2 / 2"]
    assert row.passed == "5 on the track, 2 by NOR and VER"
    assert [call.words for call in row.calls] == [
        "VER past NOR for P4, lap 9",
        "NOR past PIA for P4, lap 9",
    ]
    assert [(miss.words, miss.percent) for miss in row.misses] == [
        ("NOR past VER for the lead, lap 12", "under 1 %")
    ]
    assert row.score == (
        "Just before it, 2 of 4 passes had a chance of one half or more, and 1 of less than one "
        "in ten."
    )
