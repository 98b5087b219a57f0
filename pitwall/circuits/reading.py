"""What a file about a circuit says: MultiViewer's own form, or one of columns.

Both give positions in tenths of a metre, as the F1 feed does. MultiViewer also gives each corner
a `length`. It looks like the distance along a lap, but nothing says so, nor from where it counts:
it is not used.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from pitwall.domain.circuits import CircuitGuide, Corner
from pitwall.errors import CircuitGuideError

LARGEST_BYTES: Final = 2_000_000  # MultiViewer's answers have an outline, and are some 100 kB
MOST_CORNERS: Final = 60  # the Nordschleife aside, circuits have 10 to 27
FARTHEST_M: Final = 20_000.0  # from the feed's origin, which lies near the circuit
LONGEST_LAP_M: Final = 30_000.0
MULTIVIEWER: Final = "MultiViewer"
_PER_METRE: Final = 10.0
_NAME: Final = re.compile(r"[1-9][0-9]?[A-Z]?", re.ASCII)
_LONGEST_SOURCE: Final = 80

Object = Mapping[str, object]


def read_guide(body: bytes, named: str) -> CircuitGuide:
    """Return what a file says of a circuit.

    Args:
        body: JSON, in either form.
        named: The file's name: the source of what names no other.

    Raises:
        CircuitGuideError: It is in neither form, or describes no circuit that could be.
    """
    if len(body) > LARGEST_BYTES:
        raise CircuitGuideError(f"it has {len(body):,} bytes, which no circuit needs")
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CircuitGuideError(f"it is no JSON: {error}") from None
    if not isinstance(told, dict):
        raise CircuitGuideError("it is no JSON object")
    if isinstance(told.get("corners"), list):
        corners, source, rotation = tuple(_as_objects(told)), MULTIVIEWER, told.get("rotation")
    elif isinstance(told.get("CornerNumber"), list):
        corners, source, rotation = tuple(_as_columns(told)), named, told.get("Rotation")
    else:
        raise CircuitGuideError("it has neither `corners` nor the column `CornerNumber`")
    _check(corners)
    said = told.get("source")
    if isinstance(said, str) and said.strip():
        source = " ".join(said.split())[:_LONGEST_SOURCE]
    degrees = 0.0 if rotation is None else _number(rotation, "the rotation", 360.0)
    return CircuitGuide(corners, degrees, source)


def _as_objects(told: Object) -> Iterator[Corner]:
    for row in _bounded(told["corners"]):
        if not isinstance(row, dict) or not isinstance(row.get("trackPosition"), dict):
            raise CircuitGuideError("a corner has no `trackPosition`")
        name = _name(row.get("number"), row.get("letter"))
        place: Object = row["trackPosition"]
        yield Corner(name, (_metres(place.get("x"), name), _metres(place.get("y"), name)))


def _as_columns(told: Object) -> Iterator[Corner]:
    numbers = _bounded(told["CornerNumber"])
    letters, x, y, distances = (
        _column(told, name, len(numbers)) for name in ("CornerLetter", "X", "Y", "Distance")
    )
    for nth, number in enumerate(numbers):
        name, distance_m = _name(number, letters[nth]), distances[nth]
        if distance_m is not None:
            distance_m = _number(distance_m, f"the distance of corner {name}", LONGEST_LAP_M)
        yield Corner(name, (_metres(x[nth], name), _metres(y[nth], name)), distance_m)


def _column(told: Object, name: str, length: int) -> Sequence[object]:
    """Return a column; nothing but None where there is no such one."""
    column = told.get(name, [None] * length)
    if not isinstance(column, list) or len(column) != length:
        raise CircuitGuideError(f"the column `{name}` is not as long as `CornerNumber`")
    return column


def _bounded(corners: object) -> Sequence[object]:
    if not isinstance(corners, list) or not 1 <= len(corners) <= MOST_CORNERS:
        raise CircuitGuideError(f"it has not between 1 and {MOST_CORNERS} corners")
    return corners


def _check(corners: Sequence[Corner]) -> None:
    names = [corner.name for corner in corners]
    if len(set(names)) < len(names):
        raise CircuitGuideError("two corners have the same number")
    told = [corner.distance_m for corner in corners if corner.distance_m is not None]
    if any(after <= before for before, after in pairwise(told)) or (told and told[0] < 0):
        raise CircuitGuideError("the corners' distances do not rise along the lap")


def _name(number: object, letter: object) -> str:
    whole = number if not isinstance(number, float) else int(number) if number % 1 == 0 else None
    name = f"{whole}{letter or ''}".strip().upper()
    if isinstance(number, bool) or not _NAME.fullmatch(name):
        raise CircuitGuideError(f"{number!r} with {letter!r} is the number of no corner")
    return name


def _metres(value: object, corner: str) -> float:
    tenths = _number(value, f"the place of corner {corner}", FARTHEST_M * _PER_METRE)
    return tenths / _PER_METRE


def _number(value: object, what: str, largest: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CircuitGuideError(f"{what} is no number, but {str(value)[:40]!r}")
    if not math.isfinite(value) or abs(value) > largest:
        raise CircuitGuideError(f"{what} cannot be: {str(value)[:40]}")
    return float(value)
