"""Test that `/live-battles` gives interval and experts of a forecast, as documented."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pitwall.api.app import build_api
from pitwall.api.live_schemas import BattlesOut
from pitwall.domain.forecasts import ExpertName, ExpertOpinion, MixedForecast
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
        "is_estimated": True,
    }
    assert [expert["expert"] for expert in told["experts"]] == ["om", "boost", "aero"]
    assert (told["p_low"], told["p_high"], told["p_overtake_3"]) == (0.18, 0.33, 0.44)
    assert (told["p_pit"], told["p_neutralised"], told["p_retired"]) == (0.08, 0.02, 0.01)
    assert told["p_interrupted"] == pytest.approx(0.11)


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
    for shape in ("MixedOut", "ExpertOut"):
        fields = shapes[shape]["properties"]
        assert [name for name, field in fields.items() if not field.get("description")] == []
        figures = {name: field for name, field in fields.items() if field.get("type") == "number"}
        assert len(figures) >= 2
        assert [name for name, field in figures.items() if not field.get("examples")] == []
