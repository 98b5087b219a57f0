"""Make descriptions of invented circuits in both forms of files."""

from __future__ import annotations

import json
from typing import Any

PLACES = ((1_000.0, 0.0), (1_000.0, 2_000.0), (-500.0, 2_500.0))  # tenths of a metre


def columns(**changed: Any) -> dict[str, Any]:
    """Return three corners in the form of columns."""
    told = {
        "CornerNumber": [1, 2, 3],
        "X": [x for x, _ in PLACES],
        "Y": [y for _, y in PLACES],
        "Angle": [0.0, 90.0, -90.0],
        "Distance": [100.5, 300.0, 510.25],
        "Rotation": 45.0,
    }
    return {**told, **changed}


def answer(**changed: Any) -> dict[str, Any]:
    """Return three corners as MultiViewer answers them."""
    corners = [
        {
            "angle": 12.5,
            "length": 4_000.0 + number,
            "number": number,
            "letter": letter,
            "trackPosition": {"x": x, "y": y},
        }
        for (number, letter), (x, y) in zip(((1, ""), (2, ""), (2, "A")), PLACES, strict=True)
    ]
    return {"corners": corners, "marshalLights": [], "rotation": 90, **changed}


def as_bytes(told: object) -> bytes:
    """Return the file."""
    return json.dumps(told).encode()
