"""Make invented tables for the mixture, and a recipe small enough for tests."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.members import MEMBERS
from ml.mixture_table import BattleTable, battle_table
from ml.mixture_training import Trained, combine
from ml.out_of_fold import MixtureRecipe, OutOfFold, out_of_fold
from pitwall.domain.forecasts import Condition
from pitwall.prediction.columns.spec import EXPERTS, Column
from pitwall.prediction.columns.topics import SITUATION
from pitwall.prediction.gate import GAP

_BASE = (SITUATION,)
COLUMNS = (
    Column(GAP, (SITUATION, *EXPERTS)),
    Column("closing_s", _BASE),
    Column("drs_open", ("om",)),
    Column("speed_diff_kmh", ("boost",)),
    Column("charge_mj", ("boost",)),
    Column("tyre_age_diff_laps", ("aero",)),
    Column("sector_diff_s", ("aero",)),
    # What the gate reads of the condition.
    *(Column(f"{what}_{who}", _BASE) for who in ("attacker", "defender") for what in ("out_lap",)),
    *(Column(f"pitted_{who}_share", _BASE) for who in ("attacker", "defender")),
    *(Column(f"wets_{who}", _BASE) for who in ("attacker", "defender")),
    *(Column(f"tyres_told_{who}", _BASE) for who in ("attacker", "defender")),
    *(
        Column(name, _BASE)
        for name in (
            *("lap_pair_laps", "racing_for_s", "lap_pair_duration_s", "yellow_now"),
            *("lap_phase_share", "race_share", "season_year"),
        )
    ),
)
_FEW_ROWS = {
    "lightgbm": {"min_data_in_leaf": 15, "feature_fraction": 0.6, "learning_rate": 0.1},
    "xgboost": {"min_child_weight": 3, "colsample_bytree": 0.6, "eta": 0.1},
}
RECIPE = MixtureRecipe(
    members=tuple(
        replace(one, rounds=14, head_start=4, settings={**one.settings, **_FEW_ROWS[one.library]})
        for one in MEMBERS
    ),
    folds=3,
    jobs=1,
)
LAP_S = 90.0
HARD = (Condition.WET, Condition.EARLY, Condition.FRESH, Condition.YELLOW, Condition.RESTART)


def place(name: str) -> int:
    """Return where a column of `COLUMNS` is."""
    return [column.name for column in COLUMNS].index(name)


def a_frame(races: int = 9, rows: int = 120, seed: int = 5, first_year: int = 2021) -> pd.DataFrame:
    """Return races in which each expert's own column says something about a pass.

    Half of the rows are at the line, half are moments; a quarter of these in harder conditions.
    """
    random = np.random.default_rng(seed)
    made = [_a_race(race, rows, random, first_year) for race in range(races)]
    return pd.concat(made, ignore_index=True)


def a_battle_table(
    races: int = 9, rows: int = 120, seed: int = 5, first_year: int = 2021
) -> BattleTable:
    """Return the same as a table."""
    return battle_table(a_frame(races, rows, seed, first_year), COLUMNS)


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


def _a_race(race: int, rows: int, random: np.random.Generator, first_year: int) -> pd.DataFrame:
    at_line = np.arange(rows) % 2 == 0
    t_ms = np.arange(rows) * 25_000
    values = {column.name: random.normal(size=rows) for column in COLUMNS}
    values[GAP] = random.uniform(0.05, 2.0, rows)
    kind = np.where(
        at_line | (random.uniform(size=rows) < 0.75), Condition.CLEAN, random.choice(HARD, rows)
    )
    values |= _condition_columns(kind, random)
    values["race_share"] = np.linspace(0.05, 1.0, rows)
    year = first_year + race // 3
    values["season_year"] = np.full(rows, float(year))
    values["lap_phase_share"] = np.where(at_line, 0.0, random.uniform(size=rows))
    logits = 0.5 - 2.0 * values[GAP] - 1.5 * values["closing_s"]
    logits += values["drs_open"] + values["speed_diff_kmh"]
    passed = random.uniform(size=rows) < 1 / (1 + np.exp(values["tyre_age_diff_laps"] - logits))
    later = passed | (random.uniform(size=rows) < 0.2)
    outcome = np.where(passed, "pass", "hold").astype(object)
    fate = random.uniform(size=rows)
    for name, below in (("pit", 0.2), ("neutralised", 0.1), ("retired", 0.05), ("finished", 0.02)):
        outcome[fate < below] = name
    decided = np.isin(outcome, ["pass", "hold"])
    stood = random.uniform(size=rows) < 0.8
    values["speed_diff_kmh"] = np.where(
        random.uniform(size=rows) < 0.1, np.nan, values["speed_diff_kmh"]
    )
    return pd.DataFrame(values).assign(
        session_id=100 + race,
        year=year,
        starts_at=f"{year}-0{1 + race % 3}-01",
        circuit="Here" if race % 2 else "There",
        lap=np.arange(rows) // 3 + 2,
        t_ms=t_ms,
        resolve_t=t_ms + 80_000.0,
        attacker=random.integers(1, 6, rows),
        defender=random.integers(6, 11, rows),
        outcome=outcome,
        y1=np.where(decided, passed.astype(float), np.nan),
        y3=np.where(decided, later.astype(float), np.nan),
        kept=np.where(decided & passed, stood.astype(float), np.nan),
        kind=kind.astype(str),
        at_line=at_line,
    )


def _condition_columns(
    kind: npt.NDArray[np.str_], random: np.random.Generator
) -> dict[str, npt.NDArray[np.float64]]:
    """Return the columns by which the gate tells these conditions."""
    rows = len(kind)

    def where(condition: Condition, there: float, elsewhere: float) -> npt.NDArray[np.float64]:
        return np.where(kind == condition, there, elsewhere)

    return {
        "lap_pair_laps": where(Condition.EARLY, 1.0, 20.0),
        "out_lap_attacker": where(Condition.FRESH, 1.0, 0.0),
        "out_lap_defender": np.zeros(rows),
        "pitted_attacker_share": np.zeros(rows),
        "pitted_defender_share": np.zeros(rows),
        "wets_attacker": where(Condition.WET, 1.0, 0.0),
        "wets_defender": np.zeros(rows),
        "tyres_told_attacker": np.ones(rows),
        "tyres_told_defender": np.ones(rows),
        "racing_for_s": where(Condition.RESTART, 60.0, 2000.0) + random.uniform(size=rows),
        "lap_pair_duration_s": np.full(rows, LAP_S),
        "yellow_now": where(Condition.YELLOW, 1.0, 0.0),
    }
