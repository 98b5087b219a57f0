"""Decode `OvertakeSeries`: the feed's own count of the overtakes of each car."""

from __future__ import annotations

from pitwall.domain.events import OvertakeCounted
from pitwall.domain.session_facts import MOST_OVERTAKES
from pitwall.wire.containers import each_car_list, read_field
from pitwall.wire.decode_result import Findings
from pitwall.wire.values import read_count, read_instant


def decode_overtakes(payload: dict[str, object], findings: Findings) -> None:
    """Add each entry of each car, whole or as a patch."""
    overtakes = payload.get("Overtakes")
    if overtakes is None:
        return
    for number, index, entry in each_car_list(overtakes, findings, "overtakes", MOST_OVERTAKES - 1):
        if not isinstance(entry, dict) or index >= MOST_OVERTAKES:
            findings.fault("overtake_not_object", entry)
            continue
        told_at = read_field(entry, "Timestamp", read_instant, "overtake_time", findings)
        count = read_field(entry, "count", read_count, "overtake_count", findings)
        if count is not None or told_at is not None:
            findings.add(OvertakeCounted(findings.sent_at, number, index, told_at, count))
        else:
            findings.fault("overtake_shape", entry)
