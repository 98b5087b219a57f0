"""Test the rows of the timing tower: places, gaps, lap times, mini-sectors and tyres."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pitwall.domain.frames import LiveFrame, TowerLine
from pitwall.domain.race import Compound, Phase, Stint
from pitwall.web.shared.car_rows import stint_rows
from pitwall.web.shared.page_rows import page_rows
from pitwall.web.shared.tower_rows import TowerRow, gap_rows, lap_rows, mini_rows, tower_rows
from tests.web.frames import make_frame


def with_car(frame: LiveFrame, place: int, **changes: object) -> LiveFrame:
    cars: list[TowerLine] = list(frame.tower)
    cars[place - 1] = replace(cars[place - 1], **changes)  # type: ignore[arg-type]
    return replace(frame, tower=tuple(cars))


def third(frame: LiveFrame) -> tuple[TowerRow, list[str]]:
    row = tower_rows(frame)[2]
    return row, gap_rows(frame)[row.key].split("|")


def test_the_leader_has_no_gap_and_fighters_are_marked() -> None:
    frame = make_frame()
    second_on_first = replace(frame.battles[0], attacker=frame.tower[1].number)
    second_on_first = replace(second_on_first, defender=frame.tower[0].number)
    third_on_second = replace(second_on_first, attacker=frame.tower[2].number)
    third_on_second = replace(third_on_second, defender=frame.tower[1].number)
    frame = replace(frame, battles=(second_on_first, third_on_second))
    rows = tower_rows(frame)

    assert rows[0] == TowerRow("81", "1", "", "racing", "hunted")
    assert gap_rows(frame)["81"] == "Leader||"
    assert [row.fight for row in rows[:4]] == ["hunted", "hunts hunted", "hunts", ""]


def test_an_interval_within_attack_range_stands_out() -> None:
    frame = with_car(with_car(make_frame(), 2, interval_s=0.999), 3, interval_s=1.0)

    assert [row.split("|")[2] for row in list(gap_rows(frame).values())[:3]] == ["", "close", ""]


@pytest.mark.parametrize(
    ("changes", "status", "tone", "gap"),
    [
        ({"in_pit": True}, "In pit", "pit", "+3.000"),
        ({"pit_out": True}, "Out lap", "pit", "+3.000"),
        ({"stopped": True}, "Stopped", "out", ""),
        ({"stopped_on_track": True}, "Stopped", "out", ""),
        ({"retired": True, "in_pit": True}, "Out", "out", ""),
        ({"gap_age_s": 31}, "No signal", "out", ""),
        ({"gap_age_s": 31, "in_pit": True}, "In pit", "pit", "+3.000"),
        ({"gap_age_s": 30}, "", "racing", "+3.000"),
        ({}, "", "racing", "+3.000"),
    ],
)
def test_a_car_that_does_not_race_says_so(
    changes: dict[str, object], status: str, tone: str, gap: str
) -> None:
    row, gaps = third(with_car(make_frame(), 3, gap_to_leader_s=3.0, **changes))

    assert (row.status, row.tone, gaps[0]) == (status, tone, gap)


def test_a_retirement_is_a_dnf_after_the_flag() -> None:
    frame = with_car(make_frame(8, "over"), 3, retired=True)

    assert tower_rows(frame)[2].status == "DNF"


@pytest.mark.parametrize(
    ("age_s", "tone"), [(None, "close"), (0, "close"), (10, "close"), (11, "aged"), (30, "aged")]
)
def test_a_gap_that_no_longer_changes_turns_grey(age_s: int | None, tone: str) -> None:
    frame = with_car(make_frame(), 3, interval_s=0.4, gap_age_s=age_s)

    assert third(frame)[1][2] == tone


def test_nobody_is_missed_before_the_start_or_a_lap_down() -> None:
    grid = with_car(make_frame(8, "grid"), 3, gap_age_s=90)
    lapped = with_car(
        make_frame(), 3, gap_age_s=90, gap_to_leader_laps=2, gap_to_leader_s=None, interval_s=None
    )

    assert third(grid)[0].status == ""
    assert (third(lapped)[0].status, third(lapped)[1]) == ("", ["+2 laps", "", ""])


def test_times_are_told_apart_by_session_best_and_own_best() -> None:
    frame = make_frame()
    tower = tuple(
        replace(
            car,
            last_lap_s=73.0 + car.position,
            best_lap_s=72.0 + car.position,
            sectors_s=(25.0, None, None),
            best_sectors_s=(24.0 + car.position, 20.0, None),
        )
        for car in frame.tower
    )
    first = replace(tower[0], last_lap_s=73.0)
    second = replace(tower[1], last_lap_s=74.0, sectors_s=(25.5, None, None))
    rows = lap_rows(replace(frame, tower=(first, second, *tower[2:])))

    assert rows["81"].split("|") == [
        "1:13.000", "best", "1:13.000", "best", "25.0", "best", "", "usual", "", "usual",
    ]  # fmt: skip
    assert rows["4"].split("|")[:6] == ["1:14.000", "own", "1:14.000", "usual", "25.5", "own"]
    assert rows["1"].split("|")[:2] == ["1:16.000", "usual"]


def test_mini_sectors_are_a_letter_each_and_gone_with_the_car() -> None:
    segments = ((2049, 2051), (2048, 2064, 0), (0, 9999))
    shown = with_car(make_frame(), 2, segments=segments)

    assert mini_rows(shown) == {"4": "ob_up-_--"}
    assert mini_rows(with_car(shown, 2, retired=True)) == {}


def test_earlier_tyres_have_the_laps_driven_on_them() -> None:
    stints = (
        Stint(1, Compound.SOFT, fresh_tyre=False, tyre_life_laps=14, start_laps=3),
        Stint(2, Compound.HARD),
        Stint(3, Compound.MEDIUM, tyre_life_laps=5),
    )

    rows = stint_rows(with_car(make_frame(), 1, stints=stints))

    assert rows == {"81": [["S", "soft", "11"], ["H", "hard", ""]]}


def test_what_changes_with_every_frame_stays_short() -> None:
    now, later = page_rows(make_frame(100)), page_rows(make_frame(101))
    changed = {name for name in now if now[name] != later[name]}
    sizes = {
        name: len(json.dumps(now[name], separators=(",", ":")))
        for name in ("tower", "gaps", "laps", "hangs", "stints")
    }

    assert {"tower", "hangs", "stints", "laps", "log_new", "log_old"}.isdisjoint(changed)
    assert sizes["gaps"] < 700
    assert sizes["laps"] < 1_700
    assert sizes["tower"] < 2_000


def test_the_phase_is_needed_to_miss_a_car() -> None:
    frame = with_car(make_frame(), 3, gap_age_s=90)
    stopped = replace(frame, header=replace(frame.header, phase=Phase.ABORTED))

    assert third(frame)[0].status == "No signal"
    assert third(stopped)[0].status == ""
