"""Walk the feed's containers: objects keyed by car, and lists that may come as indexed patches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from pitwall.domain.race import DriverNumber
from pitwall.wire.decode_result import Findings
from pitwall.wire.values import NotAValueError, read_count, read_driver_number

DELETED = "_deleted"
_LONGEST_LIST = 9999
_MOST_CARS = 999  # as many as there are numbers
_CONTAINERS = (dict, list)  # made once: `dict | list` in a call makes a union each time

T = TypeVar("T")


def read_field(
    of: dict[str, object], key: str, reader: Callable[[object], T], kind: str, found: Findings
) -> T | None:
    """Return what `reader` makes of a field; None when it is absent, null, or a fault."""
    value = of.get(key)
    if value is None:
        return None
    try:
        return reader(value)
    except NotAValueError:
        found.fault(kind, value)
        return None


def each_car(
    lines: object, found: Findings, kind: str
) -> Iterator[tuple[DriverNumber, dict[str, object]]]:
    """Yield each car of an object keyed by number, or of a list of objects that name theirs.

    `kind` names the container in faults: `lines` gives `lines_not_object`. Keys that begin
    with an underscore belong to the protocol and are passed over.
    """
    if not isinstance(lines, _CONTAINERS):
        found.fault(f"{kind}_not_object", lines)
        return
    if len(lines) > _MOST_CARS:
        found.fault(f"{kind}_too_many", lines)
        return
    if isinstance(lines, dict):
        pairs = [(key, line) for key, line in lines.items() if key[:1] != "_"]
    else:
        pairs = [(_own_number(line), line) for line in lines]
    for key, line in pairs:
        if not isinstance(line, dict):
            found.fault("car_not_object", line)
            continue
        try:
            number = read_driver_number(key)
        except NotAValueError:
            found.fault("car_number", key)
            continue
        yield number, line


def _own_number(line: object) -> str:
    return str(line.get("RacingNumber", "")) if isinstance(line, dict) else ""


def each_item(
    items: object, found: Findings, kind: str, most: int = _LONGEST_LIST
) -> Iterator[tuple[int, object]]:
    """Yield index and value of a list, or of the object with string indexes that patches one."""
    if not isinstance(items, _CONTAINERS):
        found.fault(f"{kind}_not_list", items)
        return
    if len(items) > _LONGEST_LIST:
        found.fault(f"{kind}_too_many", items)
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
            found.fault(f"{kind}_index", key)
            continue
        yield index, value


def deleted_keys(of: dict[str, object], found: Findings) -> list[str]:
    """Return the keys that a delta removes from the object it stands for."""
    keys = of.get(DELETED)
    if keys is None:
        return []
    if not isinstance(keys, list):
        found.fault("deleted_not_list", keys)
        return []
    return [str(key)[:8] for key in keys[:_LONGEST_LIST] if isinstance(key, str | int)]


def deleted_cars(of: dict[str, object], found: Findings) -> Iterator[DriverNumber]:
    """Yield the cars that a delta removes from an object keyed by car number."""
    for key in deleted_keys(of, found):
        try:
            yield read_driver_number(key)
        except NotAValueError:
            found.fault("car_number", key)
