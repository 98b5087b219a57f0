"""Test that corners are drawn and named, and that charts work without a circuit guide."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from pitwall.analysis.lap_comparison import LapCompared
from pitwall.domain.circuits import CornerOnLap
from pitwall.web.replay.battle_rows import lap_rows
from pitwall.web.replay.telemetry_chart import (
    LEVELS,
    telemetry_figure,
    telemetry_table,
    telemetry_words,
)
from tests.web.replay.test_battle_charts import COMPARED, FLAT, STORY

LENGTH_M = 5_000.0


def compared(*places_m: float, delta_s: list[float] | None = None) -> LapCompared:
    corners = tuple(CornerOnLap(str(nth), at_m) for nth, at_m in enumerate(places_m, 1))
    return LapCompared(
        lap=7,
        distance_m=[0.0, LENGTH_M / 2, LENGTH_M],
        delta_s=delta_s or [0.0, 0.0, 0.0],
        attacker=FLAT,
        defender=FLAT,
        sectors_m=(1_500.0, 3_500.0),
        corners=corners,
        corners_from="a test",
    )


def numbers(lap: LapCompared) -> list[dict[str, Any]]:
    annotations = telemetry_figure(STORY, lap)["layout"]["annotations"]
    return [each for each in annotations if not each["text"].endswith("ends")]


def test_each_corner_has_a_line_and_a_number_beside_the_sector_ends() -> None:
    layout = telemetry_figure(STORY, compared(500.0, 2_000.0, 4_000.0))["layout"]

    assert [shape["x0"] for shape in layout["shapes"]] == [
        1_500.0,
        3_500.0,
        500.0,
        2_000.0,
        4_000.0,
    ]
    assert [(each["text"], each["x"]) for each in layout["annotations"]] == [
        ("S1 ends", 1_500.0), ("S2 ends", 3_500.0),
        ("1", 500.0), ("2", 2_000.0), ("3", 4_000.0),
    ]  # fmt: skip


def test_the_numbers_stand_between_delta_and_speed_and_hide_no_curve() -> None:
    lap = compared(500.0, 550.0)
    layout = telemetry_figure(STORY, lap)["layout"]

    heights = [each["y"] for each in numbers(lap)]
    assert layout["yaxis"]["domain"][0] > max(heights)
    assert min(heights) > layout["yaxis2"]["domain"][1]


def test_where_corners_are_close_numbers_take_a_second_row_and_then_give_way() -> None:
    lap = compared(500.0, 520.0, 540.0, 900.0)

    shown = [(each["text"], each["y"]) for each in numbers(lap)]

    assert [name for name, _ in shown] == ["1", "2", "4"]
    assert len({height for _, height in shown}) == LEVELS
    assert shown[0][1] == shown[2][1]
    assert len(telemetry_figure(STORY, lap)["layout"]["shapes"]) == 2 + 4


def test_no_two_numbers_overlap_on_a_phone() -> None:
    lap = compared(*range(10, 5_000, 71))
    width_px, character_px = 280, 6.6

    for height in {each["y"] for each in numbers(lap)}:
        row = [each for each in numbers(lap) if each["y"] == height]
        spans = [
            (at - half, at + half)
            for each in row
            for at in [each["x"] / LENGTH_M * width_px]
            for half in [len(each["text"]) * character_px / 2]
        ]
        assert all(after[0] > before[1] for before, after in pairwise(spans))
        assert len(row) > 8


def test_the_table_says_where_each_row_is() -> None:
    table = telemetry_table(STORY, compared(2_480.0, 4_000.0))

    assert table.head[:3] == ["m", "corner", "delta s"]
    assert [row[1] for row in table.rows] == ["line to 1", "1", "2 to line"]


@pytest.mark.parametrize(
    ("delta_s", "said"),
    [
        ([0.0, 0.1, -0.1], "on DEF, and gained most between turn 1 and turn 2, 0.200 s"),
        ([0.0, -0.3, -0.4], "gained most between the line and turn 1, 0.300 s"),
        ([0.0, 0.0, 0.3], "lost 0.300 s on DEF; highest"),
        ([0.0, 0.0, -0.01], "gained 0.010 s on DEF; highest"),
    ],
)  # fmt: skip
def test_the_words_say_where_most_was_gained_if_anything_was(
    delta_s: list[float], said: str
) -> None:
    assert said in telemetry_words(STORY, compared(2_500.0, 5_000.0, delta_s=delta_s))


def test_whose_numbers_they_are_is_told() -> None:
    assert lap_rows(STORY, 7, compared(500.0))["lap_choice"]["corners_from"] == "a test"
    assert lap_rows(STORY, 7, COMPARED)["lap_choice"]["corners_from"] == ""
    assert lap_rows(STORY, 7, None)["lap_choice"]["corners_from"] == ""


def test_without_corners_nothing_changes() -> None:
    bare = replace(compared(), corners_from="")
    layout = telemetry_figure(STORY, bare)["layout"]

    assert [each["text"] for each in layout["annotations"]] == ["S1 ends", "S2 ends"]
    assert "corner" not in telemetry_table(STORY, bare).head
    assert "turn" not in telemetry_words(STORY, bare)
