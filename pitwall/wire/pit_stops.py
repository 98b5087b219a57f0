"""Decode `PitStopSeries`: how long each stop took, and on which lap it was."""

from __future__ import annotations

from pitwall.domain.events import StopTimed
from pitwall.domain.race import DriverNumber
from pitwall.domain.session_facts import MOST_STOPS
from pitwall.wire.containers import each_car_list, read_field
from pitwall.wire.decode_result import Findings
from pitwall.wire.values import read_count, read_duration, read_instant


def decode_pit_stops(payload: dict[str, object], findings: Findings) -> None:
    """Add each stop of each car, whole or as a patch."""
    stops = payload.get("PitTimes")
    if stops is None:
        return
    for number, index, entry in each_car_list(stops, findings, "pit_stops", MOST_STOPS - 1):
        event = _stop(number, index, entry, findings)
        if event is not None:
            findings.add(event)


def _stop(number: DriverNumber, index: int, entry: object, findings: Findings) -> StopTimed | None:
    stop = entry.get("PitStop", {}) if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(stop, dict) or index >= MOST_STOPS:
        findings.fault("pit_stop_not_object", entry)
        return None
    told_at = read_field(entry, "Timestamp", read_instant, "pit_stop_time", findings)
    stationary_s = read_field(stop, "PitStopTime", read_duration, "pit_stop_s", findings)
    lane_s = read_field(stop, "PitLaneTime", read_duration, "pit_stop_s", findings)
    lap = read_field(stop, "Lap", read_count, "pit_stop_lap", findings) or None
    if told_at is None and stationary_s is None and lane_s is None and lap is None:
        findings.fault("pit_stop_shape", entry)
        return None
    return StopTimed(findings.sent_at, number, index, told_at, lap, stationary_s, lane_s)
