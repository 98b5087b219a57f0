"""Hold the training table of the mixture: feature columns, labels, cars and times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.metrics import Array
from pitwall.prediction.columns.spec import Column, Rows
from pitwall.prediction.features import feature_columns
from pitwall.prediction.gate import OUTCOMES

Ids = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

DECIDED: Final = ("pass", "hold")  # both count as the first of `OUTCOMES`
SPARSE_S: Final = 25.0  # at least so far apart are the moments of a race that train


@dataclass(frozen=True, slots=True)
class BattleTable:
    """Battles at the line and at other moments, in order of race and time; n rows.

    Attributes:
        columns: Names and views of the features.
        rows: Features, shape (n, n_columns); missing is NaN.
        y1, y3, kept: 1.0, 0.0, or NaN where the outcome is not known: a pass in the next lap, in
            the next three, and whether a pass in the next lap still stood two laps later. (n,).
        outcome: Index in `OUTCOMES`; -1 where it says nothing about interruptions: after the
            flag, or where the battle was interrupted before the row's instant.
        races, years, t_ms, resolved_ms, attackers, defenders: Shape (n,); `resolved_ms` is when
            `y1` could be known.
        order: Races in order of time, the same number for all rows of a race, shape (n,).
        circuits, kinds: Short names, and conditions as in `domain.forecasts.Condition`; (n,).
        at_line: Whether the row is one of those at the line, shape (n,).
        trains: Whether the row is used for training. Moments a few seconds apart tell almost the
            same, so that only some of them are, shape (n,).
    """

    columns: tuple[Column, ...]
    rows: Rows
    y1: Array
    y3: Array
    kept: Array
    outcome: Ids
    races: Ids
    order: Ids
    years: Ids
    t_ms: Ids
    resolved_ms: Array
    attackers: Ids
    defenders: Ids
    circuits: npt.NDArray[np.str_]
    kinds: npt.NDArray[np.str_]
    at_line: Flags
    trains: Flags

    def __len__(self) -> int:
        return len(self.rows)

    def label(self, name: str) -> Array:
        """Return `y1`, `y3`, `kept` or `outcome` as numbers, NaN where it is not known."""
        if name == "outcome":
            return np.where(self.outcome < 0, np.nan, self.outcome.astype(float))
        labels: Array = getattr(self, name)
        return labels

    def where(self, chosen: Flags) -> BattleTable:
        """Return the chosen rows."""
        arrays = {name: getattr(self, name)[chosen] for name in _ARRAYS}
        return BattleTable(columns=self.columns, **arrays)


_ARRAYS: Final = tuple(one.name for one in fields(BattleTable) if one.name != "columns")


def battle_table(frame: pd.DataFrame, columns: Sequence[Column]) -> BattleTable:
    """Return the table of a data frame.

    Args:
        frame: One row per battle: the feature columns, and `session_id, year, t_ms, resolve_t,
            attacker, defender, circuit, outcome, y1, y3, kept, kind, starts_at` as `ml.dataset`
            writes them; `resolve_t` is when `y1` could be known, ms. A column `answerable`, if
            there, is false where the row says nothing about interruptions; `at_line`, if there,
            is false between the lines.
        columns: Names and views, in the order of the matrix.
    """
    order = ["starts_at", "session_id", "t_ms", "attacker"]
    frame = frame.sort_values(order, kind="stable").reset_index(drop=True)
    numbers = {name: i for i, name in enumerate(OUTCOMES)} | dict.fromkeys(DECIDED, 0)
    outcome = np.array([numbers.get(str(name), -1) for name in frame.outcome], dtype=np.int64)
    if "answerable" in frame:
        outcome = np.where(frame.answerable.to_numpy(dtype=bool), outcome, -1)
    at_line = np.ones(len(frame), dtype=bool)
    if "at_line" in frame:
        at_line = frame.at_line.to_numpy(dtype=bool)
    races = frame.session_id.to_numpy(dtype=np.int64)
    t_ms = frame.t_ms.to_numpy(dtype=np.int64)
    return BattleTable(
        columns=tuple(columns),
        rows=np.ascontiguousarray(frame[[c.name for c in columns]].to_numpy(dtype=np.float32)),
        y1=frame.y1.to_numpy(dtype=np.float64),
        y3=frame.y3.to_numpy(dtype=np.float64),
        kept=frame.kept.to_numpy(dtype=np.float64),
        outcome=outcome,
        races=races,
        order=pd.factorize(races)[0].astype(np.int64),
        years=frame.year.to_numpy(dtype=np.int64),
        t_ms=t_ms,
        resolved_ms=frame.resolve_t.to_numpy(dtype=np.float64),
        attackers=frame.attacker.to_numpy(dtype=np.int64),
        defenders=frame.defender.to_numpy(dtype=np.int64),
        circuits=frame.circuit.to_numpy(dtype=np.str_),
        kinds=frame.kind.to_numpy(dtype=np.str_),
        at_line=at_line,
        trains=at_line | _sparse(races, t_ms, at_line),
    )


def _sparse(races: Ids, t_ms: Ids, at_line: Flags) -> Flags:
    """Return which moments train: of each race, instants at least `SPARSE_S` apart."""
    chosen = np.zeros(len(races), dtype=bool)
    for race in np.unique(races[~at_line]).tolist():
        here = (races == race) & ~at_line
        last, kept = -np.inf, []
        for instant in np.unique(t_ms[here]).tolist():
            if instant - last >= 1000 * SPARSE_S:
                kept.append(instant)
                last = instant
        chosen |= here & np.isin(t_ms, kept)
    return chosen


def stacked(first: BattleTable, second: BattleTable) -> BattleTable:
    """Return two tables one below the other."""
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in _ARRAYS
    }
    return replace(first, **arrays)


def read_battles(line: Path, moments: Path | None = None) -> BattleTable:
    """Return the table of files that `ml.dataset` wrote: races whose running order is good.

    Args:
        line: Battles at the line.
        moments: Battles at any second, of which those with a forecast are read.
    """
    frames = [pd.read_parquet(line).assign(at_line=True)]
    if "answerable" not in frames[0]:
        frames[0] = frames[0].assign(answerable=True)
    if moments is not None:
        frame = pd.read_parquet(moments)
        known = frame.y1.notna() | frame.outcome.astype(str).isin(OUTCOMES)
        frames.append(frame[(frame.refused == "") & known].assign(at_line=False, answerable=True))
    columns = feature_columns()
    used = [one.name for one in columns] + list(_FACTS)
    table = pd.concat([frame[frame.quality == "good"][used] for frame in frames])
    return battle_table(table, columns)


_FACTS: Final = (
    *("session_id", "starts_at", "year", "t_ms", "resolve_t", "attacker", "defender", "circuit"),
    *("outcome", "y1", "y3", "kept", "kind", "answerable", "at_line"),
)
