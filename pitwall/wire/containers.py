"""Walk the feed's containers: objects keyed by car, and lists, which may be sent as patches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from pitwall.domain.race import DriverNumber
from pitwall.wire.decode_result import Findings
from pitwall.wire.values import NotAValueError, read_count, read_driver_number

DELETED = "_deleted"
_LONGEST_LIST = 9999
_MOST_CARS = 999  # as many as there are car numbers
_CONTAINERS = (dict, list)  # made once, as `dict | list` in a call makes a new union each time

T = TypeVar("T")


def read_field(
    of: dict[str, object], key: str, reader: Callable[[object], T], kind: str, findings: Findings
) -> T | None:
    """Return a field as `reader` reads it; None when it is absent, null, or a fault."""
    value = of.get(key)
    if value is None:
        return None
    try:
        return reader(value)
    except NotAValueError:
        findings.fault(kind, value)
        return None


def each_car(
    lines: object, findings: Findings, kind: str
) -> Iterator[tuple[DriverNumber, dict[str, object]]]:
    """Yield each car of an object keyed by car number, or of a list of objects with their numbers.

    `kind` names the container in faults: `lines` gives `lines_not_object`. Keys that begin
    with an underscore belong to the protocol and are skipped.
    """
    if not isinstance(lines, _CONTAINERS):
        findings.fault(f"{kind}_not_object", lines)
        return
    if len(lines) > _MOST_CARS:
        findings.fault(f"{kind}_too_many", lines)
        return
    if isinstance(lines, dict):
        pairs = [(key, line) for key, line in lines.items() if key[:1] != "_"]
    else:
        pairs = [(_own_number(line), line) for line in lines]
    for key, line in pairs:
        if not isinstance(line, dict):
            findings.fault("car_not_object", line)
            continue
        try:
            number = read_driver_number(key)
        except NotAValueError:
            findings.fault("car_number", key)
            continue
        yield number, line


def _own_number(line: object) -> str:
    return str(line.get("RacingNumber", "")) if isinstance(line, dict) else ""


def each_item(
    items: object, findings: Findings, kind: str, most: int = _LONGEST_LIST
) -> Iterator[tuple[int, object]]:
    """Yield index and value of a list, or of an object with string indexes that patches a list."""
    if not isinstance(items, _CONTAINERS):
        findings.fault(f"{kind}_not_list", items)
        return
    if len(items) > _LONGEST_LIST:
        findings.fault(f"{kind}_too_many", items)
        return
    if isinstance(items, list):
        yield from enumerate(items)
        return
    for key, value in items.items():
        if key[:1] == "_":
            continue
        try:
            index = read_count(key, most)
        except NotAValueError:
            findings.fault(f"{kind}_index", key)
            continue
        yield index, value


def each_car_list(
    lists: object, findings: Findings, kind: str, most: int
) -> Iterator[tuple[DriverNumber, int, object]]:
    """Yield car, index and entry of an object of lists by car, each whole or as a patch.

    `kind` names the container in faults, as in `each_car`; entries beyond `most` are left out.
    """
    if not isinstance(lists, dict):
        findings.fault(f"{kind}_not_object", lists)
        return
    if len(lists) > _MOST_CARS:
        findings.fault(f"{kind}_too_many", lists)
        return
    for car, entries in lists.items():
        if car[:1] == "_" or entries is None:
            continue
        try:
            number = read_driver_number(car)
        except NotAValueError:
            findings.fault("car_number", car)
            continue
        for index, entry in each_item(entries, findings, kind, most):
            yield number, index, entry


def deleted_keys(of: dict[str, object], findings: Findings) -> list[str]:
    """Return the keys that a delta deletes from its object."""
    keys = of.get(DELETED)
    if keys is None:
        return []
    if not isinstance(keys, list):
        findings.fault("deleted_not_list", keys)
        return []
    return [str(key)[:8] for key in keys[:_LONGEST_LIST] if isinstance(key, str | int)]


def deleted_cars(of: dict[str, object], findings: Findings) -> Iterator[DriverNumber]:
    """Yield the cars that a delta deletes from an object keyed by car number."""
    for key in deleted_keys(of, findings):
        try:
            yield read_driver_number(key)
        except NotAValueError:
            findings.fault("car_number", key)
