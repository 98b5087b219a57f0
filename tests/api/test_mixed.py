"""Test that `/live-battles` gives interval and experts of a forecast, as documented."""

from __future__ import annotations

from dataclasses import replace
from math import exp
from typing import Any

import pytest

from pitwall.api.app import build_api
from pitwall.api.live_schemas import BattlesOut
from pitwall.domain.forecasts import Condition, ExpertName, ExpertOpinion, MixedForecast, Reason
from tests.contributing import made_up
from tests.web.frames import make_frame

MIXED = MixedForecast(
    p_overtake_3=0.44,
    p_low=0.18,
    p_high=0.33,
    experts=(
        ExpertOpinion(ExpertName.OM, 0.2, 0.5, is_estimated=False),
        ExpertOpinion(ExpertName.BOOST, 0.4, 0.3, is_estimated=True),
        ExpertOpinion(ExpertName.AERO, 0.1, 0.2, is_estimated=False),
    ),
    p_pit=0.08,
    p_neutralised=0.02,
    p_retired=0.01,
)


def told_of(mixed: MixedForecast | None) -> dict[str, Any]:
    frame = make_frame()
    frame = replace(frame, battles=(replace(frame.battles[0], mixed=mixed),))
    told: dict[str, Any] = BattlesOut.of(frame, 2.0, 0.0).model_dump(mode="json")["battles"][0]
    return told


def test_a_mixture_of_experts_is_told_in_full() -> None:
    told = told_of(MIXED)["mixed"]

    assert told["experts"][1] == {
        "expert": "boost",
        "p_overtake": 0.4,
        "weight": 0.3,
        "contribution": None,
        "points": None,
        "is_estimated": True,
    }
    assert [expert["expert"] for expert in told["experts"]] == ["om", "boost", "aero"]
    assert (told["p_low"], told["p_high"], told["p_overtake_3"]) == (0.18, 0.33, 0.44)
    assert (told["p_pit"], told["p_neutralised"], told["p_retired"]) == (0.08, 0.02, 0.01)
    assert told["p_interrupted"] == pytest.approx(0.11)


def test_contributions_are_told_with_the_situation_and_whether_a_pass_stands() -> None:
    told = told_of(made_up(-0.4, (0.3, -0.9, 0.2), p_kept=0.83).mixed)["mixed"]

    assert [each["contribution"] for each in told["experts"]] == [0.3, -0.9, 0.2]
    assert [each["weight"] for each in told["experts"]] == pytest.approx([3 / 14, 9 / 14, 2 / 14])
    assert (told["base"], told["p_kept"]) == (-0.4, 0.83)
    assert told["p_situation"] == pytest.approx(1 / (1 + exp(0.4)))
    whole = told["p_situation"] + sum(each["points"] for each in told["experts"])
    assert whole == pytest.approx(1 / (1 + exp(0.8)))


def test_a_forecast_of_an_earlier_release_has_no_contributions() -> None:
    told = told_of(MIXED)["mixed"]

    assert (told["base"], told["p_situation"], told["p_kept"]) == (None, None, None)


def test_reasons_name_what_they_moved_and_the_condition_is_told() -> None:
    forecast = made_up(-0.4, (0.3, -0.9, 0.2))
    old = Reason("", 0.41, "gap 0.6 s")
    frame = make_frame()
    battle = replace(
        frame.battles[0],
        reasons=(*forecast.reasons, old),
        condition=Condition.FRESH,
        condition_words="fresh from the pits",
    )
    told = BattlesOut.of(replace(frame, battles=(battle,)), 2.0, 0.0).model_dump(mode="json")
    (line,) = told["battles"]

    assert line["reasons"] == [str(reason) for reason in battle.reasons]
    assert line["explanation"] == [
        {"expert": reason.expert or None, "contribution": reason.weight, "words": reason.words}
        for reason in battle.reasons
    ]
    assert [each["expert"] for each in line["explanation"]] == [
        "boost", "situation", "om", "aero", None,
    ]  # fmt: skip
    assert (line["condition"], line["condition_words"]) == ("fresh", "fresh from the pits")


def test_a_clean_battle_has_no_words_for_its_condition() -> None:
    told = told_of(None)

    assert (told["condition"], told["condition_words"]) == ("clean", None)


def test_one_model_alone_has_nothing_behind_its_forecast() -> None:
    told = told_of(None)

    assert told["p_overtake"] is not None
    assert told["mixed"] is None


def test_a_sum_a_hair_above_one_is_no_error() -> None:
    certain = replace(MIXED, p_pit=0.7, p_neutralised=0.2, p_retired=0.1 + 1e-15)

    assert certain.p_interrupted > 1
    assert told_of(certain)["mixed"]["p_interrupted"] == 1


def test_openapi_explains_every_field_of_the_mixture() -> None:
    shapes = build_api().openapi()["components"]["schemas"]

    expert = shapes["ExpertOut"]["properties"]["expert"]
    assert shapes[expert["$ref"].rsplit("/", 1)[1]]["enum"] == ["om", "boost", "aero"]
    assert "wake" in expert["description"]
    for shape in ("MixedOut", "ExpertOut", "ReasonOut"):
        fields = shapes[shape]["properties"]
        assert [name for name, field in fields.items() if not field.get("description")] == []
        figures = {name: field for name, field in fields.items() if "number" in str(field)}
        assert len(figures) >= 1
        assert [name for name, field in figures.items() if not field.get("examples")] == []
