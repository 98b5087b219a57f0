"""Test that the client's values have the fields, types and nulls that the API documents."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

import pytest

from pitwall.api import stream_schemas
from pitwall.api.app import build_api
from pitwall.client import answers, errors, stream

OPENAPI = build_api().openapi()["components"]["schemas"]
# Not in OpenAPI, as no JSON answer has them.
EVENTS = {
    name: getattr(stream_schemas, name).model_json_schema()
    for name in ("OpenedOut", "EndOut", "FlagOut", "HeartbeatOut")
}
SCHEMAS = {
    answers.StoredRace: "StoredRaceOut",
    answers.CarCode: "DriverOut",
    answers.TrackSpan: "FlagSpanOut",
    answers.LapBegun: "LapStartOut",
    answers.PitLap: "PitLapOut",
    answers.FoughtBattle: "FightOut",
    answers.StoredPass: "PassOut",
    answers.RaceDigest: "DigestOut",
    answers.RaceTimeline: "TimelineOut",
    answers.RaceNow: "RaceOut",
    answers.CarInBattle: "CarOut",
    answers.WhatMoved: "ReasonOut",
    answers.ExpertSays: "ExpertOut",
    answers.ForecastParts: "MixedOut",
    answers.BattleNow: "BattleOut",
    answers.BattlesNow: "BattlesOut",
    answers.Forecasts: "PredictOut",
    answers.CarNow: "LiveCarOut",
    answers.SessionNow: "LiveOut",
    answers.MadeUpForecast: "WhatIfOut",
    answers.MadeUpFeature: "FeatureOut",
    answers.LedgerScore: "ScoreOut",
    answers.LedgerRaceScore: "RaceScoreOut",
    answers.ReliabilityGroup: "ReliabilityOut",
    answers.LedgerReport: "LedgerOut",
    answers.ServerHealth: "HealthOut",
    answers.AccountInfo: "AccountOut",
    answers.RacesPage: "RacesOut",
    answers.RaceHead: "HistoryOut",
    errors.ProblemDetails: "Problem",
    errors.InvalidField: "InvalidParameter",
    stream.BattleOpened: "OpenedOut",
    stream.BattleOver: "EndOut",
    stream.PassMade: "EndOut",
    stream.FlagShown: "FlagOut",
    stream.NothingNew: "HeartbeatOut",
}
JSON = {str: "string", int: "integer", float: "number", bool: "boolean", datetime: "string"}


def test_every_value_has_a_schema() -> None:
    values = {
        each
        for module in (answers, stream)
        for each in vars(module).values()
        if is_dataclass(each) and isinstance(each, type) and each.__module__ == module.__name__
    }
    bases = {answers.BattlesAt, stream.Happened, stream.EventsMissed}
    assert values - bases <= SCHEMAS.keys()


@pytest.mark.parametrize("value", SCHEMAS, ids=lambda value: value.__name__)
def test_a_value_has_the_fields_that_the_api_documents(value: Any) -> None:
    schema = (OPENAPI | EVENTS)[SCHEMAS[value]]
    known = {each.name for each in fields(value)}

    assert known <= set(schema["properties"])
    hints = typing.get_type_hints(value)
    for name in known:
        documented = schema["properties"][name]
        assert _json_types(hints[name]) == _documented(documented), name


def _json_types(hint: Any) -> set[str]:
    """Return the JSON types that a field takes."""
    if isinstance(hint, types.UnionType):
        return set().union(*map(_json_types, typing.get_args(hint)))
    if hint is type(None):
        return {"null"}
    if typing.get_origin(hint) is tuple:
        return {"array"}
    if is_dataclass(hint) or typing.get_origin(hint) is dict:
        return {"object"}
    return {JSON[hint]}


def _documented(schema: dict[str, Any]) -> set[str]:
    if "anyOf" in schema:
        return set().union(*map(_documented, schema["anyOf"]))
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        nested = OPENAPI.get(name) or _nested(name)
        return {nested.get("type", "object")}
    return {schema["type"]}


def _nested(name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each["$defs"][name] for each in EVENTS.values() if name in each.get("$defs", {})
    )
    return found
