"""Decode `TimingAppData` and `TyreStintSeries`: grid places and stints."""

from __future__ import annotations

from pitwall.domain.events import CarGridded, StintChanged
from pitwall.domain.race import Compound, DriverNumber
from pitwall.wire.containers import each_car, each_car_list, each_item, read_field
from pitwall.wire.decode_result import Findings
from pitwall.wire.values import read_count, read_flag, read_text

_MOST_STINTS = 60


def decode_tyres(payload: dict[str, object], findings: Findings) -> None:
    """Add grid places and stint changes."""
    if "Lines" not in payload:
        return
    for number, line in each_car(payload["Lines"], findings, "lines"):
        grid = line.get("GridPos")
        if grid is not None and grid != "":
            place = read_field(line, "GridPos", read_count, "grid_position", findings)
            # A start from the pit lane has place 0, which is no place on the grid.
            if place:
                findings.add(CarGridded(findings.sent_at, number, place))
        stints = line.get("Stints")
        if stints is not None:
            _stints(number, stints, findings)


def decode_stint_series(payload: dict[str, object], findings: Findings) -> None:
    """Add stint changes; the topic tells the same as `TimingAppData`, which it replaces."""
    stints = payload.get("Stints")
    if stints is not None:
        for number, index, stint in each_car_list(stints, findings, "stints", _MOST_STINTS):
            _stint(number, index, stint, findings)


def _stints(number: DriverNumber, stints: object, findings: Findings) -> None:
    for index, stint in each_item(stints, findings, "stints", most=_MOST_STINTS):
        _stint(number, index, stint, findings)


def _stint(number: DriverNumber, index: int, stint: object, findings: Findings) -> None:
    if not isinstance(stint, dict) or index > _MOST_STINTS:
        findings.fault("stint_not_object", stint)
        return
    compound = read_field(stint, "Compound", _compound, "compound", findings)
    fresh = read_field(stint, "New", read_flag, "fresh_tyre", findings)
    life = read_field(stint, "TotalLaps", read_count, "tyre_laps", findings)
    start = read_field(stint, "StartLaps", read_count, "tyre_laps", findings)
    if not (compound is None and fresh is None and life is None and start is None):
        event = StintChanged(findings.sent_at, number, index + 1, compound, fresh, life, start)
        findings.add(event)


def _compound(value: object) -> Compound:
    """Return the compound; unknown names, such as those of test tyres, give UNKNOWN."""
    text = read_text(value).strip().upper()
    return Compound(text) if text in _COMPOUNDS else Compound.UNKNOWN


_COMPOUNDS = frozenset(compound.value for compound in Compound)
