"""Decode `TopThree`: the feed's own list of the first three, and the part of qualifying."""

from __future__ import annotations

from pitwall.domain.events import LeaderListed, PartTold
from pitwall.domain.race import DriverNumber
from pitwall.wire.containers import each_item, read_field
from pitwall.wire.decode_result import Findings
from pitwall.wire.values import read_count, read_driver_number

_MOST_PARTS = 9


def decode_top_three(payload: dict[str, object], findings: Findings) -> None:
    """Add which car is in which place; the rest repeats what the timing tells."""
    part = read_field(payload, "SessionPart", _part, "session_part", findings)
    if part is not None:
        findings.add(PartTold(findings.sent_at, part, is_repeated=True))
    lines = payload.get("Lines")
    if lines is None:
        return
    for index, line in each_item(lines, findings, "top_three", most=2):
        if not isinstance(line, dict):
            findings.fault("top_three_not_object", line)
            continue
        number = read_field(line, "RacingNumber", _driver, "car_number", findings)
        if number is not None and index < 3:
            findings.add(LeaderListed(findings.sent_at, index + 1, number))


def _part(value: object) -> int:
    return read_count(value, most=_MOST_PARTS)


def _driver(value: object) -> DriverNumber:
    return read_driver_number(str(value)[:8])
