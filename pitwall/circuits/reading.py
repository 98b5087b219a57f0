"""Read a file that describes a circuit: MultiViewer's own form, or one of columns.

Both give positions in tenths of a metre, as the F1 feed does. MultiViewer also gives each corner
a `length`. It looks like the distance along a lap, but its meaning and origin are undocumented,
so it is not used.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Final

from pitwall.domain.circuits import CircuitGuide, Corner, Point
from pitwall.errors import CircuitGuideError

LARGEST_BYTES: Final = 2_000_000  # MultiViewer's answers have an outline, and are some 100 kB
MOST_CORNERS: Final = 60  # the Nordschleife aside, circuits have 10 to 27
FARTHEST_M: Final = 20_000.0  # from the feed's origin, which lies near the circuit
LONGEST_LAP_M: Final = 30_000.0
FEWEST_POINTS: Final = 50  # of an outline
MOST_POINTS: Final = 3_000
MULTIVIEWER: Final = "MultiViewer"
_PER_METRE: Final = 10.0
_NAME: Final = re.compile(r"[1-9][0-9]?[A-Z]?", re.ASCII)
_LONGEST_SOURCE: Final = 80

Object = Mapping[str, object]


def read_guide(body: bytes, named: str) -> CircuitGuide:
    """Return the description of a circuit in a file.

    Args:
        body: JSON, in either form.
        named: The file's name, used as the source where the file names none.

    Raises:
        CircuitGuideError: It has neither form, or describes an impossible circuit.
    """
    if len(body) > LARGEST_BYTES:
        raise CircuitGuideError(f"it has {len(body):,} bytes, and {LARGEST_BYTES:,} is the limit")
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CircuitGuideError(f"it is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise CircuitGuideError("it is not a JSON object")
    if isinstance(fields.get("corners"), list):
        corners, source, rotation = tuple(_as_objects(fields)), MULTIVIEWER, fields.get("rotation")
    elif isinstance(fields.get("CornerNumber"), list):
        corners, source, rotation = tuple(_as_columns(fields)), named, fields.get("Rotation")
    else:
        raise CircuitGuideError("it has neither `corners` nor the column `CornerNumber`")
    _check(corners)
    own_source = fields.get("source")
    if isinstance(own_source, str) and own_source.strip():
        source = " ".join(own_source.split())[:_LONGEST_SOURCE]
    degrees = 0.0 if rotation is None else _number(rotation, "the rotation", 360.0)
    return CircuitGuide(corners, degrees, source, tuple(_flag_sectors(fields)), _outline(fields))


def _flag_sectors(fields: Object) -> Iterator[Corner]:
    """Yield where MultiViewer's marshal sectors begin; what is not one of them is left out."""
    rows = fields.get("marshalSectors")
    for row in rows[:MOST_CORNERS] if isinstance(rows, list) else ():
        with suppress(CircuitGuideError, AttributeError):
            name = _name(row.get("number"), row.get("letter"))
            place = row["trackPosition"] if isinstance(row.get("trackPosition"), dict) else {}
            yield Corner(name, (_metres(place.get("x"), name), _metres(place.get("y"), name)))


def _outline(fields: Object) -> tuple[Point, ...]:
    """Return MultiViewer's outline of the circuit; empty where it is missing or damaged."""
    x, y = fields.get("x"), fields.get("y")
    if not isinstance(x, list) or not isinstance(y, list) or len(x) != len(y):
        return ()
    if not FEWEST_POINTS <= len(x) <= MOST_POINTS:
        return ()
    with suppress(CircuitGuideError):
        return tuple(
            (_metres(a, "of the outline"), _metres(b, "of the outline"))
            for a, b in zip(x, y, strict=True)
        )
    return ()


def _as_objects(fields: Object) -> Iterator[Corner]:
    for row in _bounded(fields["corners"]):
        if not isinstance(row, dict) or not isinstance(row.get("trackPosition"), dict):
            raise CircuitGuideError("a corner has no `trackPosition`")
        name = _name(row.get("number"), row.get("letter"))
        place: Object = row["trackPosition"]
        yield Corner(name, (_metres(place.get("x"), name), _metres(place.get("y"), name)))


def _as_columns(fields: Object) -> Iterator[Corner]:
    numbers = _bounded(fields["CornerNumber"])
    letters, x, y, distances = (
        _column(fields, name, len(numbers)) for name in ("CornerLetter", "X", "Y", "Distance")
    )
    for nth, number in enumerate(numbers):
        name, distance_m = _name(number, letters[nth]), distances[nth]
        if distance_m is not None:
            distance_m = _number(distance_m, f"the distance of corner {name}", LONGEST_LAP_M)
        yield Corner(name, (_metres(x[nth], name), _metres(y[nth], name)), distance_m)


def _column(fields: Object, name: str, length: int) -> Sequence[object]:
    """Return a column, filled with None where the file lacks it."""
    column = fields.get(name, [None] * length)
    if not isinstance(column, list) or len(column) != length:
        raise CircuitGuideError(f"the column `{name}` is not as long as `CornerNumber`")
    return column


def _bounded(corners: object) -> Sequence[object]:
    if not isinstance(corners, list) or not 1 <= len(corners) <= MOST_CORNERS:
        raise CircuitGuideError(f"it must have between 1 and {MOST_CORNERS} corners")
    return corners


def _check(corners: Sequence[Corner]) -> None:
    names = [corner.name for corner in corners]
    if len(set(names)) < len(names):
        raise CircuitGuideError("two corners have the same number")
    distances_m = [corner.distance_m for corner in corners if corner.distance_m is not None]
    is_falling = any(after <= before for before, after in pairwise(distances_m))
    if is_falling or (distances_m and distances_m[0] < 0):
        raise CircuitGuideError("the corners' distances do not rise along the lap")


def _name(number: object, letter: object) -> str:
    whole = number if not isinstance(number, float) else int(number) if number % 1 == 0 else None
    name = f"{whole}{letter or ''}".strip().upper()
    if isinstance(number, bool) or not _NAME.fullmatch(name):
        raise CircuitGuideError(f"{number!r} with {letter!r} is not the number of a corner")
    return name


def _metres(value: object, corner: str) -> float:
    tenths = _number(value, f"the position of corner {corner}", FARTHEST_M * _PER_METRE)
    return tenths / _PER_METRE


def _number(value: object, what: str, largest: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CircuitGuideError(f"{what} is not a number, but {str(value)[:40]!r}")
    if not math.isfinite(value) or abs(value) > largest:
        raise CircuitGuideError(f"{what} is out of range: {str(value)[:40]}")
    return float(value)
