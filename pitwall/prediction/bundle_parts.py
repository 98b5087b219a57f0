"""The learned numbers of a mixture as plain JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pitwall.errors import ModelError
from pitwall.prediction.experts import Expert, Logits
from pitwall.prediction.gate import TERMS, Gate, Roles
from pitwall.prediction.interruption import OUTCOMES, Interruption
from pitwall.prediction.mixture import MixtureParts
from pitwall.prediction.residuals import RESIDUALS
from pitwall.prediction.stacker import Platt, Spread, Stacker, ThreeLapStacker
from pitwall.prediction.views import EXPERTS, Column

_PARTS = 3  # unlikely, usual, likely


def parts_document(parts: MixtureParts) -> dict[str, Any]:
    """Return everything learned but the trees."""
    stacker, three, spread = parts.stacker, parts.three_laps, parts.spread
    return {
        "roles": {
            "gap": parts.roles.gap,
            "since_neutral": parts.roles.since_neutral,
            "race_fraction": parts.roles.race_fraction,
            "year": parts.roles.year,
        },
        "gate": {"terms": list(parts.gate.terms), "weights": parts.gate.weights.tolist()},
        "stacker": {
            "slopes": stacker.slopes.tolist(),
            "intercept": stacker.intercept,
            "residual_weights": stacker.residual_weights.tolist(),
        },
        "three_laps": {
            "slopes": three.slopes.tolist(),
            "expert_weights": three.expert_weights.tolist(),
            "intercept": three.intercept,
            "residual_weights": three.residual_weights.tolist(),
        },
        "spread": {
            "experts": spread.experts,
            "covariance": spread.covariance.tolist(),
        },
        "platts": {
            name: {"slope": platt.slope, "intercept": platt.intercept}
            for name, platt in parts.platts.items()
        },
        "interruption": {
            "slope": parts.interruption.slope,
            "offsets": parts.interruption.offsets.tolist(),
        },
    }


def parts_from_document(
    document: Mapping[str, Any], columns: tuple[Column, ...], experts: Mapping[str, Expert]
) -> MixtureParts:
    """Return the parts of a verified manifest; a wrong shape is a ModelError or a ValueError."""
    stacker, three = document["stacker"], document["three_laps"]
    spread, interruption = document["spread"], document["interruption"]
    width = len(EXPERTS)
    _refuse_other_answers(experts, len(columns))
    return MixtureParts(
        columns=columns,
        roles=_roles(document["roles"], columns),
        experts={name: experts[name] for name in (*EXPERTS, "three", "pooled")},
        platts={
            name: Platt(float(entry["slope"]), float(entry["intercept"]))
            for name, entry in document["platts"].items()
        },
        gate=_gate(document["gate"]),
        stacker=Stacker(
            _numbers(stacker["slopes"], _PARTS),
            float(stacker["intercept"]),
            _numbers(stacker["residual_weights"], len(RESIDUALS)),
        ),
        three_laps=ThreeLapStacker(
            _numbers(three["slopes"], _PARTS),
            _numbers(three["expert_weights"], width),
            float(three["intercept"]),
            _numbers(three["residual_weights"], len(RESIDUALS)),
        ),
        spread=Spread(
            float(spread["experts"]),
            _numbers(spread["covariance"], *2 * (_PARTS + 1 + len(RESIDUALS),)),
        ),
        interruption=Interruption(
            experts["interruption"],
            float(interruption["slope"]),
            _numbers(interruption["offsets"], len(OUTCOMES)),
        ),
    )


def _refuse_other_answers(experts: Mapping[str, Expert], width: int) -> None:
    """Models that see everything have the same columns, and so could be taken for each other."""
    nothing = np.full((1, width), np.nan, dtype=np.float32)
    for name, expert in experts.items():
        expected = (1, len(OUTCOMES)) if name == "interruption" else (1,)
        if expert.margins(nothing).shape != expected:
            message = f"the {name} model gives another number of answers than it should"
            raise ModelError(message)


def _roles(document: Mapping[str, str], columns: tuple[Column, ...]) -> Roles:
    roles = Roles(**document)
    names = {column.name for column in columns}
    absent = sorted(set(document.values()) - names)
    if absent:
        message = f"the gate reads columns that the bundle does not have: {absent}"
        raise ModelError(message)
    return roles


def _gate(document: Mapping[str, Any]) -> Gate:
    terms = tuple(document["terms"])
    unknown = sorted(set(terms) - set(TERMS))
    if unknown:
        message = f"the gate reads what this version does not know: {unknown}"
        raise ModelError(message)
    return Gate(terms, _numbers(document["weights"], len(terms), len(EXPERTS) - 1))


def _numbers(values: object, *shape: int) -> Logits:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != shape:
        message = f"expected numbers of shape {shape}, found {array.shape}"
        raise ModelError(message)
    return array
