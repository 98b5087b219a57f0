"""Decode `TimingAppData` and `DriverList`: grid, stints, and who drives which car."""

from __future__ import annotations

from pitwall.domain.events import CarGridded, CarRemoved, DriverListed, StintChanged
from pitwall.domain.race import Compound, DriverNumber
from pitwall.wire.containers import deleted_cars, each_car, each_item, read_field
from pitwall.wire.decode_result import Findings
from pitwall.wire.texts import read_code, read_name
from pitwall.wire.values import NotAValueError, read_count, read_flag, read_text

_MOST_STINTS = 60
_HEX = frozenset("0123456789abcdefABCDEF")


def decode_tyres(payload: dict[str, object], found: Findings) -> None:
    """Add grid places and stint changes."""
    if "Lines" not in payload:
        return
    for number, line in each_car(payload["Lines"], found, "lines"):
        grid = line.get("GridPos")
        if grid is not None and grid != "":
            place = read_field(line, "GridPos", read_count, "grid_position", found)
            # A start from the pit lane has place 0: no place on the grid.
            if place:
                found.add(CarGridded(found.sent_at, number, place))
        stints = line.get("Stints")
        if stints is not None:
            _stints(number, stints, found)


def _stints(number: DriverNumber, stints: object, found: Findings) -> None:
    for index, stint in each_item(stints, found, "stints", most=_MOST_STINTS):
        if not isinstance(stint, dict) or index > _MOST_STINTS:
            found.fault("stint_not_object", stint)
            continue
        compound = read_field(stint, "Compound", _compound, "compound", found)
        fresh = read_field(stint, "New", read_flag, "fresh_tyre", found)
        life = read_field(stint, "TotalLaps", read_count, "tyre_laps", found)
        start = read_field(stint, "StartLaps", read_count, "tyre_laps", found)
        if not (compound is None and fresh is None and life is None and start is None):
            event = StintChanged(found.sent_at, number, index + 1, compound, fresh, life, start)
            found.add(event)


def _compound(value: object) -> Compound:
    """Return the compound; names that we do not know, such as test tyres, are UNKNOWN."""
    text = read_text(value).strip().upper()
    return Compound(text) if text in _COMPOUNDS else Compound.UNKNOWN


_COMPOUNDS = frozenset(compound.value for compound in Compound)


def decode_drivers(payload: dict[str, object], found: Findings) -> None:
    """Add what the list tells of each driver; places in the list are left to `TimingData`."""
    for number in deleted_cars(payload, found):
        found.add(CarRemoved(found.sent_at, number))
    for number, line in each_car(payload, found, "drivers"):
        code = read_field(line, "Tla", read_code, "driver_text", found)
        name = _name(line, found)
        team = read_field(line, "TeamName", read_name, "driver_text", found)
        colour = read_field(line, "TeamColour", _colour, "team_colour", found)
        if not (code is None and name is None and team is None and colour is None):
            found.add(DriverListed(found.sent_at, number, code, name, team, colour))


def _name(line: dict[str, object], found: Findings) -> str | None:
    """Return the name in ordinary capitals where the feed gives its parts, else as sent."""
    first = read_field(line, "FirstName", read_name, "driver_text", found)
    last = read_field(line, "LastName", read_name, "driver_text", found)
    if first and last:
        return f"{first} {last}"
    return read_field(line, "FullName", read_name, "driver_text", found)


def _colour(value: object) -> str:
    text = read_text(value).removeprefix("#")
    if text and not (len(text) == 6 and _HEX.issuperset(text)):
        raise NotAValueError
    return text.upper()
