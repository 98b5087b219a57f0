"""Test the rows of a forecast's interval, interruptions and experts."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.domain.forecasts import ExpertName, ExpertOpinion, MixedForecast
from pitwall.domain.frames import LiveFrame
from pitwall.web.shared.battle_rows import card_rows, mix_rows
from pitwall.web.shared.expert_rows import ExpertRow, mix_row, whole_shares
from pitwall.web.shared.page_rows import page_rows, waiting_rows
from tests.contributing import made_up
from tests.web.frames import make_frame

MIXED = MixedForecast(
    p_overtake_3=0.482,
    p_low=0.177,
    p_high=0.334,
    experts=(
        ExpertOpinion(ExpertName.OM, 0.204, 0.455, is_estimated=False),
        ExpertOpinion(ExpertName.BOOST, 0.31, 0.335, is_estimated=True),
        ExpertOpinion(ExpertName.AERO, 0.004, 0.21, is_estimated=False),
    ),
    p_pit=0.082,
    p_neutralised=0.021,
    p_retired=0.004,
)


def without_experts(frame: LiveFrame) -> LiveFrame:
    return replace(frame, battles=tuple(replace(line, mixed=None) for line in frame.battles))


def test_interval_three_laps_and_interruptions_are_whole_percent() -> None:
    row = mix_row(MIXED)

    assert (row.low, row.high, row.span) == (18, 33, "18\N{EN DASH}33")
    assert row.in_three == "48"
    assert row.interrupted == "11"
    assert (row.pit, row.neutralised, row.retired) == ("8", "2", "<1")


def test_each_expert_has_his_opinion_his_weight_and_says_if_he_estimates() -> None:
    assert mix_row(MIXED).experts == [
        ExpertRow("om", "20", 46, estimated=False),
        ExpertRow("boost", "31", 33, estimated=True),
        ExpertRow("aero", "<1", 21, estimated=False),
    ]


def test_a_mixture_of_an_earlier_release_has_no_situation() -> None:
    row = mix_row(MIXED)

    assert (row.situation, row.alone, row.kept) == ("", 0, "")


def test_each_expert_moves_the_forecast_by_whole_points_with_a_sign() -> None:
    mixed = made_up(-2.0, (0.3, 1.1, -0.6), p_kept=0.83).mixed
    assert mixed is not None
    row = mix_row(mixed)

    assert (row.situation, row.alone, row.kept) == ("12", 12, "83")
    assert [(one.name, one.points, one.tenths) for one in row.experts] == [
        ("om", 4, 43),
        ("boost", 16, 156),
        ("aero", -9, -86),
    ]


@given(st.floats(-7, 7), st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_situation_and_points_add_up_to_what_the_card_shows(
    base: float, contributions: list[float]
) -> None:
    forecast = made_up(base, contributions)
    assert forecast.mixed is not None
    assert forecast.p_overtake is not None
    row = mix_row(forecast.mixed)

    exact = [100 * (one.points or 0.0) for one in forecast.mixed.experts]
    apart = 100 * forecast.p_overtake % 1 - 0.5
    if abs(apart) > 1e-6:  # at a half the sum may be rounded either way
        assert row.alone + sum(one.points for one in row.experts) == round(
            100 * forecast.p_overtake
        )
    for one, points in zip(row.experts, exact, strict=True):
        assert abs(one.points - points) < 1 + 1e-9


@pytest.mark.parametrize(
    ("low", "high", "span"),
    [(0.0, 0.04, "<1\N{EN DASH}4"), (0.96, 1.0, "96\N{EN DASH}>99"), (0.021, 0.023, "2")],
)
def test_an_interval_claims_neither_certainty_nor_false_width(
    low: float, high: float, span: str
) -> None:
    assert mix_row(replace(MIXED, p_low=low, p_high=high)).span == span


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=5))
def test_weights_in_whole_percent_still_add_up(pulls: list[float]) -> None:
    shares = [pull / sum(pulls) for pull in pulls]

    wholes = whole_shares(shares)

    assert sum(wholes) == 100
    assert all(abs(whole - 100 * share) < 1 for whole, share in zip(wholes, shares, strict=True))


def test_one_model_alone_leaves_the_card_as_it_was() -> None:
    frame = make_frame(100)

    with_experts, alone = page_rows(frame), page_rows(without_experts(frame))

    assert with_experts.pop("mixes") != {}
    assert alone.pop("mixes") == {}
    assert with_experts == alone


def test_a_card_without_a_forecast_has_nothing_behind_it() -> None:
    frame = make_frame(100)
    silent = [f"{b.attacker}-{b.defender}" for b in frame.battles if b.p_overtake is None]

    assert silent
    assert set(silent).isdisjoint(mix_rows(frame))


def test_nothing_is_given_away_while_a_delay_fills() -> None:
    assert waiting_rows(1, 30)["mixes"] == {}


def test_between_two_forecasts_no_mixture_travels() -> None:
    frame = make_frame(100)
    moved = tuple(
        replace(line, interval_s=line.interval_s + 0.01, interval_age_s=line.interval_age_s + 0.25)
        for line in frame.battles
    )

    first, second = (page_rows(f) for f in (frame, replace(frame, battles=moved)))

    assert first["readings"] != second["readings"]
    assert first["cards"] == second["cards"]
    assert first["mixes"] == second["mixes"]
    assert first["reasons"] == second["reasons"]


def test_the_bracket_holds_what_the_lamps_show() -> None:
    for frame in (make_frame(n) for n in range(0, 400, 40)):
        mixes = mix_rows(frame)
        for row in card_rows(frame):
            if row.key in mixes:
                low, high = mixes[row.key][:2]
                assert all(a <= b for a, b in pairwise((0, low, row.meter, high, 100)))
