"""Decode `TimingStats`: the best lap, sectors and speeds of each car, and their places."""

from __future__ import annotations

from collections.abc import Iterator

from pitwall.domain.events import BestTold
from pitwall.domain.race import DriverNumber
from pitwall.domain.session_facts import LAP_BEST
from pitwall.wire.containers import deleted_keys, each_car, each_item, read_field
from pitwall.wire.decode_result import Findings
from pitwall.wire.values import NotAValueError, read_count, read_duration, read_number

_TRAPS = ("I1", "I2", "FL", "ST")
_FASTEST_KMH = 500.0


def decode_best_times(payload: dict[str, object], findings: Findings) -> None:
    """Add each best that a message mentions."""
    if payload.get("Lines") is None:
        return
    for number, line in each_car(payload["Lines"], findings, "lines"):
        for what, best in _bests(line, findings):
            if not isinstance(best, dict):
                findings.fault("best_not_object", best)
                continue
            event = _best(number, what, best, findings)
            if event is not None:
                findings.add(event)


def _bests(line: dict[str, object], findings: Findings) -> Iterator[tuple[str, object]]:
    lap, sectors = line.get("PersonalBestLapTime"), line.get("BestSectors")
    if lap is not None:
        yield LAP_BEST, lap
    if sectors is not None:
        for index, sector in each_item(sectors, findings, "best_sectors", most=2):
            if index < 3:
                yield f"S{index + 1}", sector
    speeds = line.get("BestSpeeds")
    if speeds is None:
        return
    if not isinstance(speeds, dict):
        findings.fault("best_speeds_not_object", speeds)
        return
    yield from ((trap, speeds[trap]) for trap in _TRAPS if trap in speeds)


def _best(
    number: DriverNumber, what: str, best: dict[str, object], findings: Findings
) -> BestTold | None:
    reader = _speed_kmh if what in _TRAPS else read_duration
    is_cleared = best.get("Value") == "" or "Value" in deleted_keys(best, findings)
    value = None if is_cleared else read_field(best, "Value", reader, "best_value", findings)
    rank = read_field(best, "Position", read_count, "best_rank", findings)
    lap = read_field(best, "Lap", read_count, "best_lap", findings)
    if value is None and rank is None and lap is None and not is_cleared:
        return None
    return BestTold(findings.sent_at, number, what, value, rank or None, lap or None, is_cleared)


def _speed_kmh(value: object) -> float:
    speed = read_number(value)
    if not 0 <= speed <= _FASTEST_KMH:
        raise NotAValueError
    return speed
