"""Test that a battle's charts, descriptions and tables agree with its story."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from pitwall.analysis.lap_comparison import Channels, LapCompared
from pitwall.domain.forecasts import points_of
from pitwall.domain.race import TrackStatus
from pitwall.domain.records import LapRow, PredictionRecord
from pitwall.domain.stories import (
    BattleStory,
    GapPoint,
    Happening,
    IntervalPoint,
    LapOfBoth,
    NeutralisedSpell,
    Side,
    Turn,
)
from pitwall.web.replay import forecast_chart, gap_chart, telemetry_chart
from pitwall.web.replay.chart_axes import MOST_POINTS, instant, moment, turn_labels
from pitwall.web.shared.car_rows import MINUS
from pitwall.web.shared.chart_theme import NO_FIGURE, Figure
from tests.store.duels import at

SIDES = (Side(81, "ATT", "At Ack", "ff8000"), Side(4, "DEF", "Di Fend", "0000ff"))


def forecast(second: int, p: float = 0.25) -> PredictionRecord:
    mixture = (0.5, p - 0.1, p + 0.1, p, 0.5, p, 0.3, p, 0.2, 0.01, 0.01, 0.01)
    return PredictionRecord(81, 4, 3, at(second), 2, 0.8, p, "model", *mixture, "held", at(900))


def lap(car: int, number: int, s1: float | None, i1: float | None) -> LapRow:
    times = (80.0 if s1 is None else 55.0 + s1, s1, 30.0, 25.0)
    return LapRow(car, number, at(80 * number), *times, i1, None, None, None, False, True)


STORY = BattleStory(
    race_id="2026-duel-race",
    attacker=SIDES[0],
    defender=SIDES[1],
    since=at(0),
    until=at(200),
    forecasts=tuple(forecast(second, 0.25 + second / 1000) for second in range(100)),
    gaps=(GapPoint(at(10), 0.9), GapPoint(at(20), 0.3), GapPoint(at(101), -0.4)),
    ahead=(IntervalPoint(at(11), 1.7),),
    happenings=(Happening(at(100), Turn.PASSED, 81),),
    stretches=(NeutralisedSpell(at(150), None, TrackStatus.SAFETY_CAR),),
    laps=(
        LapOfBoth(1, lap(81, 1, 25.0, 281.5), lap(4, 1, 25.25, 280.0)),
        LapOfBoth(2, lap(81, 2, None, None), lap(4, 2, 25.0, 280.0)),
    ),
)
BARE = replace(STORY, forecasts=(), gaps=(), ahead=(), happenings=(), stretches=(), laps=())
FLAT = Channels([200.0] * 3, [100.0] * 3, [0.0] * 3, [7.0] * 3, [0.0] * 3)
COMPARED = LapCompared(7, [0.0, 50.0, 100.0], [0.0, -0.1, -0.2], FLAT, FLAT, (40.0, 70.0))


def named(figure: Figure, name: str) -> dict[str, Any]:
    (found,) = [trace for trace in figure["data"] if trace["name"] == name]
    return found


def test_the_forecast_stands_over_the_experts_and_their_weights() -> None:
    figure = forecast_chart.forecast_figure(STORY)

    line = named(figure, "P(overtake)")
    assert (line["x"][0], line["y"][0]) == ("2026-07-05 13:00:00.000", 0.25)
    assert named(figure, "OM")["line"]["dash"] != named(figure, "BOOST")["line"]["dash"]
    weights = [named(figure, f"weight of {name}")["y"][0] for name in ("OM", "BOOST", "AERO")]
    assert weights == [0.5, 0.3, 0.2]
    band = named(figure, "90 % interval")
    assert (band["y"][0], band["y"][-1]) == (0.35, 0.15)


def test_contributions_stand_below_the_forecast_as_points_around_zero() -> None:
    rows = tuple(
        row._replace(c_base=-1.0, c_om=0.3, c_boost=-0.8, c_aero=0.1) for row in STORY.forecasts
    )
    story = replace(STORY, forecasts=rows)
    figure, table = forecast_chart.forecast_figure(story), forecast_chart.forecast_table(story)

    moved = [named(figure, f"{name} moves")["y"][0] for name in ("OM", "BOOST", "AERO")]
    assert moved == [round(100 * each, 1) for each in points_of(-1.0, (0.3, -0.8, 0.1))]
    low, high = figure["layout"]["yaxis2"]["range"]
    assert low == -high < min(moved)
    assert not [trace for trace in figure["data"] if trace["name"].startswith("weight")]
    assert table.head[5] == "BOOST % (moves, points)"
    assert table.rows[0][5] == f"25 ({MINUS}{-moved[1]:.1f})"


def test_one_forecast_without_contributions_brings_the_weights_back() -> None:
    rows = [row._replace(c_base=-1.0, c_om=0.3, c_boost=0.1, c_aero=0.1) for row in STORY.forecasts]
    rows[3] = STORY.forecasts[3]
    story = replace(STORY, forecasts=tuple(rows))

    figure = forecast_chart.forecast_figure(story)

    assert named(figure, "weight of OM")["y"][0] == 0.5
    assert figure["layout"]["yaxis2"]["range"] == [0, 1]


def test_an_older_model_without_experts_is_one_line() -> None:
    alone = tuple(PredictionRecord(*row[:8], outcome=row.outcome) for row in STORY.forecasts)
    figure = forecast_chart.forecast_figure(replace(STORY, forecasts=alone))

    assert [trace["name"] for trace in figure["data"]] == ["P(overtake)", "what happened"]
    assert forecast_chart.forecast_table(replace(STORY, forecasts=alone)).head[-1] == "came true"


def test_what_happened_is_marked_in_words_not_by_colour_alone() -> None:
    figure = forecast_chart.forecast_figure(STORY)

    assert named(figure, "what happened")["text"] == ["ATT passes"]
    assert [each["text"] for each in figure["layout"]["annotations"]] == [
        "ATT passes",
        "safety car",
    ]
    shade, line = figure["layout"]["shapes"]
    assert (shade["x0"], shade["x1"]) == (moment(at(150)), moment(STORY.until))
    assert line["x0"] == moment(at(100))


def test_the_words_say_first_highest_and_last() -> None:
    assert forecast_chart.forecast_words(STORY) == (
        "Forecast of ATT on DEF: 25 % at 13:00:00, highest 35 % at 13:01:39, "
        "last 35 % at 13:01:39. ATT passes at 13:01:40."
    )


def test_a_long_battle_is_thinned_and_keeps_its_end() -> None:
    rows = tuple(forecast(second) for second in range(5_000))
    line = named(forecast_chart.forecast_figure(replace(STORY, forecasts=rows)), "P(overtake)")

    assert len(line["x"]) <= MOST_POINTS + 1
    assert line["x"][-1] == moment(at(4_999))


def test_the_table_says_what_came_true() -> None:
    table = forecast_chart.forecast_table(STORY)

    assert table.head[:4] == ["UTC", "P(overtake) %", "90 % interval", "gap s"]
    assert table.rows[0] == [
        "13:00:00", "25", "15 to 35", "0.800", "25 (50)", "25 (30)", "25 (20)", "held",
    ]  # fmt: skip


def test_a_gap_below_nought_is_the_attacker_ahead() -> None:
    figure = gap_chart.gap_figure(STORY)

    assert named(figure, "ATT behind DEF")["y"] == [0.9, 0.3, -0.4]
    assert named(figure, "DEF behind the car ahead")["y"] == [1.7]
    assert figure["layout"]["yaxis"]["range"][0] < -0.4
    assert "smallest 0.3 s at 13:00:20" in gap_chart.gap_words(STORY)


def test_sectors_and_traps_are_attacker_minus_defender() -> None:
    assert named(gap_chart.sector_figure(STORY), "S1")["y"] == [-0.25, None]
    assert named(gap_chart.trap_figure(STORY), "I1")["y"] == [1.5, None]
    table = gap_chart.lap_table(STORY)
    assert table.rows[0][:3] == ["lap 1", "\N{MINUS SIGN}0.250", "\N{MINUS SIGN}0.250"]
    assert table.rows[1][2] == ""


def test_the_words_of_laps_are_of_the_newest_that_both_were_timed_on() -> None:
    said = gap_chart.lap_words(replace(STORY, laps=STORY.laps[:1]))

    assert said.startswith("On lap 1, ATT compared with DEF: \N{MINUS SIGN}0.250 s")


def test_channels_lie_one_below_the_other() -> None:
    layout = telemetry_chart.telemetry_figure(STORY, COMPARED)["layout"]

    axes = [layout[name] for name in sorted(layout) if name.startswith("yaxis")]
    domains = [tuple(each["domain"]) for each in axes]
    assert domains == sorted(domains, reverse=True)
    assert all(upper[0] > lower[1] for upper, lower in pairwise(domains))
    assert domains[0][1] == 1.0
    assert domains[-1][0] == 0.0


def test_drs_is_drawn_only_where_somebody_opened_it() -> None:
    def titles(compared: LapCompared) -> list[str]:
        layout = telemetry_chart.telemetry_figure(STORY, compared)["layout"]
        return [each["title"]["text"] for name, each in layout.items() if name.startswith("yaxis")]

    opened = replace(COMPARED, attacker=replace(FLAT, drs=[8.0, 12.0, 8.0]))
    assert "DRS" not in titles(COMPARED)
    assert "DRS" in titles(opened)
    drs = telemetry_chart.telemetry_figure(STORY, opened)["data"][-2]
    assert drs["y"] == [0, 1, 0]


@pytest.mark.parametrize(
    ("brake_pct", "title", "words"),
    [([0.0, 100.0, 0.0], "brake", ["off", "on"]), ([0.0, 40.0, 0.0], "brake %", None)],
)
def test_a_brake_that_is_only_on_or_off_has_no_scale(
    brake_pct: list[float], title: str, words: list[str] | None
) -> None:
    braking = replace(COMPARED, attacker=replace(FLAT, brake_pct=brake_pct))

    layout = telemetry_chart.telemetry_figure(STORY, braking)["layout"]

    (brake,) = [
        axis
        for name, axis in layout.items()
        if name.startswith("yaxis") and axis["title"]["text"].startswith("brake")
    ]
    assert (brake["title"]["text"], brake.get("ticktext")) == (title, words)


def test_what_changes_at_once_is_drawn_as_steps() -> None:
    figure = telemetry_chart.telemetry_figure(STORY, COMPARED)

    shapes = {each["yaxis"]: each["line"].get("shape") for each in figure["data"]}
    titles = {
        name.replace("axis", ""): axis["title"]["text"]
        for name, axis in figure["layout"].items()
        if name.startswith("yaxis")
    }
    stepped = {titles[y] for y, shape in shapes.items() if shape == "hv"}
    assert stepped <= {"brake", "brake %", "gear", "DRS"}
    assert "gear" in stepped
    assert shapes["y2"] is None


def test_the_lap_is_said_in_words() -> None:
    assert telemetry_chart.telemetry_words(STORY, COMPARED) == (
        "Lap 7: ATT gained 0.200 s on DEF; highest speed 200 against 200 km/h."
    )
    assert telemetry_chart.telemetry_table(STORY, COMPARED).rows[1] == [
        "50",
        "-0.100",
        "200",
        "200",
    ]


@pytest.mark.parametrize(
    ("draw", "say"),
    [
        (forecast_chart.forecast_figure, forecast_chart.forecast_words),
        (gap_chart.gap_figure, gap_chart.gap_words),
        (gap_chart.sector_figure, gap_chart.lap_words),
        (gap_chart.trap_figure, gap_chart.lap_words),
    ],
)
def test_where_nothing_was_told_nothing_is_drawn_and_it_is_said(draw: Any, say: Any) -> None:
    assert draw(BARE) == NO_FIGURE
    assert say(BARE)


def test_without_telemetry_nothing_is_drawn() -> None:
    assert telemetry_chart.telemetry_figure(STORY, None) == NO_FIGURE
    assert telemetry_chart.telemetry_words(STORY, None) == ""


@pytest.mark.parametrize("draw", [forecast_chart.forecast_figure, gap_chart.gap_figure])
def test_no_label_lies_on_the_curves(draw: Any) -> None:
    turns = tuple(Happening(at(100 + n), Turn.PITTED, (81, 4)[n % 2]) for n in range(4))

    drawn = draw(replace(STORY, happenings=turns))["layout"]

    labels = [each for each in drawn["annotations"] if "yshift" in each]
    assert len(labels) > 1
    assert {(each["y"], each["yref"], each["yanchor"]) for each in labels} == {
        (1, "paper", "bottom")
    }
    # Each row has room above the plot, and the legend is not there.
    assert max(each["yshift"] for each in labels) + 18 <= drawn["margin"]["t"]
    assert drawn["legend"]["yref"] == "container"


def test_labels_of_many_turns_do_not_lie_on_one_another_and_turns_come_first() -> None:
    turns = [Turn.PASSED, Turn.PASSED_BACK, Turn.PITTED, Turn.SWAPPED]
    many = tuple(Happening(at(100 + 4 * n), turns[n % 4], (81, 4)[n % 2]) for n in range(16))
    story = replace(STORY, happenings=many)

    labels = turn_labels(story)

    assert labels[0]["text"] == "ATT passes"
    assert 5 <= len(labels) < len(many)
    rows: dict[float, list[tuple[float, float]]] = {}
    for label in labels:
        x_px = 270 * (instant(label["x"]) - story.since) / (story.until - story.since)
        width_px = 6.6 * len(label["text"])  # of a monospaced letter at 11 pixels
        left = x_px - width_px if label["xanchor"] == "right" else x_px
        rows.setdefault(label["yshift"], []).append((left, left + width_px))
    for taken in rows.values():
        for (_, end), (begin, _) in pairwise(sorted(taken)):
            assert end <= begin


def test_charts_end_where_the_story_is_known_and_not_where_the_battle_will_end() -> None:
    known = STORY.known_at(at(60))

    for figure in (forecast_chart.forecast_figure(known), gap_chart.gap_figure(known)):
        assert figure["layout"]["xaxis"]["range"] == [moment(at(0)), moment(at(120))]
    assert STORY.known_at(at(900)).until == STORY.until
