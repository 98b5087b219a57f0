"""Hold the training table of the mixture: feature columns, labels, cars and times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.columns import ROLES
from ml.metrics import Array
from pitwall.prediction.columns.spec import Column, Rows
from pitwall.prediction.features import feature_columns
from pitwall.prediction.gate import OUTCOMES, Roles

Ids = npt.NDArray[np.int64]

DECIDED: Final = ("pass", "hold")  # both count as the first of `OUTCOMES`


@dataclass(frozen=True, slots=True)
class BattleTable:
    """Battles at line crossings, in order of race and time; n rows.

    Attributes:
        columns: Names and views of the features.
        roles: Which columns are the gap, the laps since a neutralisation and the like.
        rows: Features, shape (n, n_columns); missing is NaN.
        y1, y3: 1.0, 0.0, or NaN where the outcome is not known. Shape (n,).
        outcome: Index in `OUTCOMES`; -1 where it says nothing about interruptions: after the
            flag, in the wet, or where the battle was interrupted before the row's instant.
        races, years, t_ms, resolved_ms, attackers, defenders: Shape (n,); `resolved_ms` is when
            `y1` could be known.
        circuits: Short names, shape (n,).
    """

    columns: tuple[Column, ...]
    roles: Roles
    rows: Rows
    y1: Array
    y3: Array
    outcome: Ids
    races: Ids
    years: Ids
    t_ms: Ids
    resolved_ms: Array
    attackers: Ids
    defenders: Ids
    circuits: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.rows)

    def label(self, name: str) -> Array:
        """Return `y1`, `y3` or `outcome` as numbers, NaN where it is not known."""
        if name == "outcome":
            return np.where(self.outcome < 0, np.nan, self.outcome.astype(float))
        return self.y1 if name == "y1" else self.y3

    def where(self, chosen: npt.NDArray[np.bool_]) -> BattleTable:
        """Return the chosen rows."""
        return BattleTable(
            self.columns,
            self.roles,
            self.rows[chosen],
            self.y1[chosen],
            self.y3[chosen],
            self.outcome[chosen],
            self.races[chosen],
            self.years[chosen],
            self.t_ms[chosen],
            self.resolved_ms[chosen],
            self.attackers[chosen],
            self.defenders[chosen],
            self.circuits[chosen],
        )


def battle_table(frame: pd.DataFrame, columns: Sequence[Column], roles: Roles) -> BattleTable:
    """Return the table of a data frame.

    Args:
        frame: One row per battle: the feature columns, and `session_id, year, lap, t_ms, resolve_t,
            attacker, defender, circuit, outcome, y1, y3` as in the fixed rows; `resolve_t` is the
            later crossing of the next lap, ms. A column `answerable`, if there, is false where a
            forecast is refused (a pit visit or a neutralisation on the lap just completed).
        columns: Names and views, in the order of the matrix.
        roles: The columns that the gate reads.
    """
    order = ["year", "session_id", "t_ms", "attacker"]
    frame = frame.sort_values(order, kind="stable").reset_index(drop=True)
    numbers = {name: i for i, name in enumerate(OUTCOMES)} | dict.fromkeys(DECIDED, 0)
    outcome = np.array([numbers.get(str(name), -1) for name in frame.outcome], dtype=np.int64)
    if "answerable" in frame:
        outcome = np.where(frame.answerable.to_numpy(dtype=bool), outcome, -1)
    return BattleTable(
        columns=tuple(columns),
        roles=roles,
        rows=np.ascontiguousarray(frame[[c.name for c in columns]].to_numpy(dtype=np.float32)),
        y1=frame.y1.to_numpy(dtype=np.float64),
        y3=frame.y3.to_numpy(dtype=np.float64),
        outcome=outcome,
        races=frame.session_id.to_numpy(dtype=np.int64),
        years=frame.year.to_numpy(dtype=np.int64),
        t_ms=frame.t_ms.to_numpy(dtype=np.int64),
        resolved_ms=frame.resolve_t.to_numpy(dtype=np.float64),
        attackers=frame.attacker.to_numpy(dtype=np.int64),
        defenders=frame.defender.to_numpy(dtype=np.int64),
        circuits=frame.circuit.to_numpy(dtype=np.str_),
    )


def stacked(first: BattleTable, second: BattleTable) -> BattleTable:
    """Return two tables one below the other."""
    arrays: dict[str, Any] = {
        field.name: np.concatenate([getattr(first, field.name), getattr(second, field.name)])
        for field in fields(first)
        if field.name not in {"columns", "roles"}
    }
    return replace(first, **arrays)


def read_battles(path: Path) -> BattleTable:
    """Return the table of a file that `ml.dataset` wrote: races whose running order is good."""
    frame = pd.read_parquet(path)
    return battle_table(frame[frame.quality == "good"], feature_columns(), ROLES)
