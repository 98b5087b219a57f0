"""Made-up tables for the mixture, and a recipe that is small enough for tests."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from ml.members import MEMBERS
from ml.mixture_table import BattleTable, battle_table
from ml.mixture_training import Trained, combine
from ml.out_of_fold import MixtureRecipe, OutOfFold, out_of_fold
from pitwall.prediction.columns.spec import Column
from pitwall.prediction.gate import Roles

COLUMNS = (
    Column("gap_s"),
    Column("laps_since_neutral"),
    Column("race_fraction"),
    Column("year"),
    Column("closing_s"),
    Column("drs_open", ("om",)),
    Column("speed_diff_kmh", ("boost",)),
    Column("sector_diff_s", ("boost", "aero")),
    Column("tyre_age_diff_laps", ("aero",)),
)
ROLES = Roles("gap_s", "laps_since_neutral", "race_fraction", "year")
RECIPE = MixtureRecipe(
    members=tuple(replace(member, rounds=12) for member in MEMBERS), folds=3, jobs=1
)


def a_frame(races: int = 9, rows: int = 90, seed: int = 5) -> pd.DataFrame:
    """Return races in which each expert's own column says something about a pass."""
    random = np.random.default_rng(seed)
    return pd.concat([_a_race(race, rows, random) for race in range(races)], ignore_index=True)


def a_battle_table(races: int = 9, rows: int = 90, seed: int = 5) -> BattleTable:
    """Return the same as a table."""
    return battle_table(a_frame(races, rows, seed), COLUMNS, ROLES)


@cache
def the_table() -> BattleTable:
    """Return one table for all tests; they do not write to it."""
    return a_battle_table()


@cache
def the_opinions() -> OutOfFold:
    """Return the members' out-of-fold opinions on it."""
    return out_of_fold(the_table(), RECIPE)


@cache
def the_mixture() -> Trained:
    """Return the mixture of them."""
    return combine(the_table(), the_opinions(), RECIPE)


def _a_race(race: int, rows: int, random: np.random.Generator) -> pd.DataFrame:
    t_ms = np.arange(rows) * 25_000
    values = {column.name: random.normal(size=rows) for column in COLUMNS}
    values["gap_s"] = random.uniform(0.05, 2.0, rows)
    values["laps_since_neutral"] = random.integers(1, 40, rows).astype(float)
    values["race_fraction"] = np.linspace(0.05, 1.0, rows)
    values["year"] = np.full(rows, 2021.0 + race // 3)
    logits = 0.5 - 2.0 * values["gap_s"] + values["drs_open"] + values["speed_diff_kmh"]
    passed = random.uniform(size=rows) < 1 / (1 + np.exp(values["tyre_age_diff_laps"] - logits))
    later = passed | (random.uniform(size=rows) < 0.2)
    outcome = np.where(passed, "pass", "hold").astype(object)
    fate = random.uniform(size=rows)
    for name, below in (("pit", 0.2), ("neutralised", 0.1), ("retired", 0.05), ("finished", 0.02)):
        outcome[fate < below] = name
    decided = np.isin(outcome, ["pass", "hold"])
    values["speed_diff_kmh"] = np.where(
        random.uniform(size=rows) < 0.1, np.nan, values["speed_diff_kmh"]
    )
    return pd.DataFrame(values).assign(
        session_id=100 + race,
        circuit="Here" if race % 2 else "There",
        lap=np.arange(rows) // 3 + 2,
        t_ms=t_ms,
        resolve_t=t_ms + 80_000.0,
        attacker=random.integers(1, 6, rows),
        defender=random.integers(6, 11, rows),
        outcome=outcome,
        y1=np.where(decided, passed.astype(float), np.nan),
        y3=np.where(decided, later.astype(float), np.nan),
    )
