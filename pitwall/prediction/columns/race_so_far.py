"""Compute the columns of the race so far: places gained, and passes against expectation by car."""

from __future__ import annotations

from typing import Final

import numpy as np

from pitwall.prediction.columns.lap_cells import INDEX, LAGS
from pitwall.prediction.columns.passes import PassTally
from pitwall.prediction.columns.scene import Scene
from pitwall.prediction.columns.spec import OF_BOTH, Columns, FeatureSpec, within

_LINES = "NumberOfLaps of the field"
_RACE_PRIOR: Final = 3.0

SPECS: Final = (
    *(
        FeatureSpec(f"{what}_{who}_places", "places", f"{whose} {meaning}", _LINES)
        for who, whose in OF_BOTH
        for what, meaning in (
            ("rank_1lap", "place after lap 1"),
            ("gained", "places gained since lap 1"),
            ("lost_1lap", "places gained in one lap"),
            ("lost_3lap", "places gained in three laps"),
            ("lost_5lap", "places gained in five laps"),
        )
    ),
    FeatureSpec("rank_1lap_diff_places", "places", "place after lap 1", _LINES),
    FeatureSpec("passes_race_surplus", "passes", "beyond expectation, the race so far", _LINES),
    FeatureSpec("passes_race_expected", "passes", "expected, the race so far", _LINES),
    FeatureSpec("passes_race_battles", "battles", "resolved, the race so far", _LINES),
    FeatureSpec("passes_race_20min_surplus", "passes", "as before, 20 minutes", _LINES),
    FeatureSpec("passes_race_rate", "ratio", "surplus / (expected + 3)", _LINES),
    *(
        FeatureSpec(f"passes_{who}_{what}", "passes", meaning, _LINES)
        for who, role, other in (
            ("attacker", "attacks", "defences"),
            ("defender", "defences", "attacks"),
        )
        for what, meaning in (
            ("surplus", f"beyond expectation in its {role}"),
            ("expected", f"expected in its {role}"),
            ("count", f"passes in its {role}"),
            ("other_surplus", f"beyond expectation in its {other}"),
            ("other_expected", f"expected in its {other}"),
        )
    ),
    FeatureSpec("passes_pair_surplus", "passes", "beyond expectation, this pair", _LINES),
    FeatureSpec("passes_pair_battles", "battles", "resolved, this pair", _LINES),
)


def values(scene: Scene) -> Columns:
    """Return the columns of this module."""
    lately = scene.cache.laps.passes.lately(scene.race.as_of)
    return scene.once("race so far", _of_laps) | {
        "passes_race_20min_surplus": np.where(scene.lap == 0, np.nan, lately)
    }


def _of_laps(scene: Scene) -> Columns:
    return _places(scene) | _passes(scene)


def _places(scene: Scene) -> Columns:
    first = scene.cache.laps.cells[:, INDEX["rank"], LAGS + 1]
    columns: Columns = {}
    slots = (scene.attacker_slots, scene.defender_slots)
    for (who, rank), own in zip(scene.both("rank"), slots, strict=True):
        columns[f"rank_1lap_{who}_places"] = first[own]
        columns[f"gained_{who}_places"] = first[own] - rank
        cell = scene.a if who == "attacker" else scene.d
        columns |= {
            f"lost_{j}lap_{who}_places": within(cell("rank", j) - rank, 10.0) for j in (1, 3, 5)
        }
    columns["rank_1lap_diff_places"] = (
        columns["rank_1lap_attacker_places"] - columns["rank_1lap_defender_places"]
    )
    return columns


def _passes(scene: Scene) -> Columns:
    passes = scene.cache.laps.passes
    race = passes.of_race()
    rows = []
    for a, d in zip(scene.attacker_slots.tolist(), scene.defender_slots.tolist(), strict=True):
        roles = (
            passes.as_attacker(a),
            passes.as_defender(a),
            passes.as_defender(d),
            passes.as_attacker(d),
        )
        pair = passes.of_pair(a, d)
        rows.append([*_role(*roles[:2]), *_role(*roles[2:]), pair.surplus, pair.battles])
    whole = (
        race.surplus,
        race.expected,
        race.battles,
        race.surplus / (race.expected + _RACE_PRIOR),
    )
    table = np.array([[*whole, *row] for row in rows], dtype=np.float64)
    table = table.reshape(len(rows), len(_PASS_NAMES))
    table[scene.lap == 0] = np.nan
    return {name: table[:, index] for index, name in enumerate(_PASS_NAMES)}


_PASS_NAMES: Final = tuple(
    spec.name
    for spec in SPECS
    if spec.name.startswith("passes_") and spec.name != "passes_race_20min_surplus"
)


def _role(own: PassTally, other: PassTally) -> tuple[float, float, float, float, float]:
    return own.surplus, own.expected, own.passes, other.surplus, other.expected
