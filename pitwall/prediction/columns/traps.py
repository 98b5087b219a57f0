"""Compute the columns of trap speeds: against the rival, the field and the car's usual speeds."""

from __future__ import annotations

from typing import Final

from pitwall.prediction.columns.lap_cells import RUNNING, TRAPS
from pitwall.prediction.columns.scene import Scene
from pitwall.prediction.columns.spec import OF_BOTH, Columns, FeatureSpec, mean_of, within

_SPEEDS = "Speeds of both"
_FIELD = "Speeds of the field"
_LIMIT_KMH: Final = 60.0

SPECS: Final = (
    *(
        FeatureSpec(f"speed_{n}_diff_{j}lap_kmh", "km/h", f"{j} laps before the last", _SPEEDS)
        for n in TRAPS
        for j in range(2)
    ),
    *(FeatureSpec(f"speed_{n}_diff_mean3_kmh", "km/h", "mean of 3 laps", _SPEEDS) for n in TRAPS),
    *(
        FeatureSpec(f"speed_{n}_pace_diff_{f}_kmh", "km/h", f"against the field, {f}", _FIELD)
        for n in TRAPS
        for f in RUNNING[n]
    ),
    *(
        FeatureSpec(f"speed_{n}_{what}_{who}_kmh", "km/h", f"{whose} {meaning}", _FIELD)
        for n in TRAPS
        for who, whose in OF_BOTH
        for what, meaning in (
            ("relative", "speed against the field"),
            ("change", "speed against the lap before"),
            ("against_usual", "speed against own usual"),
            ("against_clean", "speed against own in clear air"),
        )
    ),
    *(
        FeatureSpec(
            f"field_speed_{n}_kmh",
            "km/h",
            "the field's usual speed",
            _FIELD,
        )
        for n in TRAPS
    ),
)


def values(scene: Scene) -> Columns:
    """Return the columns of this module."""
    return scene.once("traps", _of_laps)


def _of_laps(scene: Scene) -> Columns:
    laps = within(scene.diffs("i1", "st", 3), _LIMIT_KMH)  # (laps, traps, battles)
    columns: Columns = {}
    for trap, last, before, mean in zip(TRAPS, laps[0], laps[1], mean_of(laps), strict=True):
        columns[f"speed_{trap}_diff_0lap_kmh"] = last
        columns[f"speed_{trap}_diff_1lap_kmh"] = before
        columns[f"speed_{trap}_diff_mean3_kmh"] = mean
        columns[f"field_speed_{trap}_kmh"] = scene.a(f"ref_{trap}")
        columns |= {
            f"speed_{trap}_pace_diff_{figure}_kmh": scene.diff(f"{trap}_{figure}")
            for figure in RUNNING[trap]
        }
        for who, cell in (("attacker", scene.a), ("defender", scene.d)):
            relative = cell(f"rel_{trap}")
            columns |= {
                f"speed_{trap}_relative_{who}_kmh": relative,
                f"speed_{trap}_change_{who}_kmh": within(cell(trap) - cell(trap, 1), _LIMIT_KMH),
                f"speed_{trap}_against_usual_{who}_kmh": relative - cell(f"{trap}_med8", 1),
                f"speed_{trap}_against_clean_{who}_kmh": relative - cell(f"{trap}_clean20", 1),
            }
    return columns
