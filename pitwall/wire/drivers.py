"""Decode `DriverList`: who drives which car, and for which team."""

from __future__ import annotations

from pitwall.domain.events import CarRemoved, DriverListed
from pitwall.wire.containers import deleted_cars, each_car, read_field
from pitwall.wire.decode_result import Findings
from pitwall.wire.texts import read_code, read_name
from pitwall.wire.values import NotAValueError, read_text

_HEX = frozenset("0123456789abcdefABCDEF")


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
