"""Decode `TimingAppData` and `DriverList`: grid places, stints and drivers."""

from __future__ import annotations

from pitwall.domain.events import CarGridded, CarRemoved, DriverListed, StintChanged
from pitwall.domain.race import Compound, DriverNumber
from pitwall.wire.containers import deleted_cars, each_car, each_item, read_field
from pitwall.wire.decode_result import Findings
from pitwall.wire.texts import read_code, read_name
from pitwall.wire.values import NotAValueError, read_count, read_flag, read_text

_MOST_STINTS = 60
_HEX = frozenset("0123456789abcdefABCDEF")


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


def _stints(number: DriverNumber, stints: object, findings: Findings) -> None:
    for index, stint in each_item(stints, findings, "stints", most=_MOST_STINTS):
        if not isinstance(stint, dict) or index > _MOST_STINTS:
            findings.fault("stint_not_object", stint)
            continue
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


def decode_drivers(payload: dict[str, object], findings: Findings) -> None:
    """Add each driver of the list; the order of the list is ignored in favour of `TimingData`."""
    for number in deleted_cars(payload, findings):
        findings.add(CarRemoved(findings.sent_at, number))
    for number, line in each_car(payload, findings, "drivers"):
        code = read_field(line, "Tla", read_code, "driver_text", findings)
        name = _name(line, findings)
        team = read_field(line, "TeamName", read_name, "driver_text", findings)
        colour = read_field(line, "TeamColour", _colour, "team_colour", findings)
        if not (code is None and name is None and team is None and colour is None):
            findings.add(DriverListed(findings.sent_at, number, code, name, team, colour))


def _name(line: dict[str, object], findings: Findings) -> str | None:
    """Return the name in normal case where the feed gives its parts, else as sent."""
    first = read_field(line, "FirstName", read_name, "driver_text", findings)
    last = read_field(line, "LastName", read_name, "driver_text", findings)
    if first and last:
        return f"{first} {last}"
    return read_field(line, "FullName", read_name, "driver_text", findings)


def _colour(value: object) -> str:
    text = read_text(value).removeprefix("#")
    if text and not (len(text) == 6 and _HEX.issuperset(text)):
        raise NotAValueError
    return text.upper()
