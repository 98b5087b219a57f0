"""Decode `ChampionshipPrediction`: the championships as the race stands."""

from __future__ import annotations

from typing import Any

from pitwall.domain.events import PointsPredicted
from pitwall.wire.containers import each_car, read_field
from pitwall.wire.decode_result import Findings
from pitwall.wire.texts import read_name
from pitwall.wire.values import NotAValueError, read_count, read_number

_MOST_TEAMS = 100
_MOST_POINTS = 5000.0


def decode_championship(payload: dict[str, object], findings: Findings) -> None:
    """Add each driver's and each team's places and points that a message mentions."""
    if payload.get("Drivers") is not None:
        for number, line in each_car(payload["Drivers"], findings, "championship_drivers"):
            places = _places(line, findings)
            if places:
                findings.add(PointsPredicted(findings.sent_at, number=number, **places))
    if payload.get("Teams") is not None:
        _teams(payload["Teams"], findings)


def _teams(teams: object, findings: Findings) -> None:
    if not isinstance(teams, dict) or len(teams) > _MOST_TEAMS:
        findings.fault("championship_teams", teams)
        return
    for key, line in teams.items():
        if key[:1] == "_":
            continue
        name = read_field({"name": key}, "name", read_name, "championship_team", findings)
        if not isinstance(line, dict):
            findings.fault("championship_team", line)
        elif name and (places := _places(line, findings)):
            findings.add(PointsPredicted(findings.sent_at, team=name, **places))


def _places(line: dict[str, object], findings: Findings) -> dict[str, Any]:
    found = {
        name: read_field(line, key, reader, "championship_value", findings)
        for name, key, reader in (
            ("position", "CurrentPosition", read_count),
            ("predicted_position", "PredictedPosition", read_count),
            ("points", "CurrentPoints", _points),
            ("predicted_points", "PredictedPoints", _points),
        )
    }
    return {name: value for name, value in found.items() if value is not None}


def _points(value: object) -> float:
    points = read_number(value)
    if not 0 <= points <= _MOST_POINTS:
        raise NotAValueError
    return points
