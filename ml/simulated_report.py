"""Write the page about the simulator: is it a fair test, and do the experts say what is true?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import lightgbm
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from ml.metrics import Scores, gain_interval, score
from pitwall.domain.forecasts import Condition
from pitwall.prediction.features import GROUPS, feature_names

Array = npt.NDArray[np.float64]

KINDS: Final = {
    "line": "at the line",
    "moment": "at any moment",
    "clean moment": "of these, clean battles",
}

# Columns that name a race's rule book, circuit or source, and say nothing of how it is raced.
IDENTITY: Final = {
    "season_year": "the year itself",
    "history_": "counted by the names of circuits, drivers and teams",
    "field_|lap_pair_duration": "the circuit's lap and trap speeds: there are six circuits",
    "running_field": "22 cars since 2026, 20 before",
    "full_throttle|brake_|top_speed": "car channels, which the archive lacks",
    "control_heard|overtake_enabled|blue_|incident": "race control, absent in a third of the races",
    "weather_": "absent in a tenth of the races; the simulator has no rain",
    "charge|spent|lifting|straight_end|overtake_allowed": "estimated under the season's rules, "
    "here those of 2026",
    "since_neutral_s": "an archive begins an hour before lights out, the simulator two minutes",
}

TRUTHS: Final = (
    ("BOOST", "c_boost", "true_charge_diff_mj", "the attacker's battery minus the defender's"),
    ("OM", "c_om", "true_mode", "whether the attacker has Overtake Mode"),
    ("AERO", "c_aero", "true_wake_s", "seconds lost in the wake on the last lap"),
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The scores of the model and of the gap alone on decided rows of one kind."""

    kind: str
    rows: int
    races: int
    rate: float
    model: Scores
    gap: Scores
    gain: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Giveaway:
    """A column by which a classifier tells simulated rows from real ones, with its medians."""

    name: str
    share: float
    real: float
    simulated: float


@dataclass(frozen=True, slots=True)
class Telling:
    """How well a classifier tells simulated rows from real ones."""

    auc: float
    real_rows: int
    simulated_rows: int
    giveaways: list[Giveaway]


@dataclass(frozen=True, slots=True)
class TruthTest:
    """The rank correlation of an expert's contribution with the truth.

    Attributes:
        rho: The correlation, with its 95 % interval over whole races.
        at_equal_gap: The same of what the gap does not explain of either.
    """

    expert: str
    meaning: str
    rho: tuple[float, float, float]
    at_equal_gap: tuple[float, float, float]


def decided(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the rows of a kind that had a forecast and an outcome."""
    chosen = rows.kind == kind.removeprefix("clean ")
    if kind.startswith("clean "):
        chosen &= rows.condition == Condition.CLEAN
    return rows[chosen & rows.y1.notna()]


def calibration(rows: pd.DataFrame, kind: str) -> Calibration:
    """Return the scores on the decided rows of a kind."""
    chosen = decided(rows, kind)
    y, p, gap = (chosen[name].to_numpy(np.float64) for name in ("y1", "p_overtake", "p_gap"))
    races = chosen.seed.to_numpy(np.int64)
    return Calibration(
        kind,
        len(chosen),
        int(chosen.seed.nunique()),
        float(y.mean()),
        score(y, p),
        score(y, gap),
        gain_interval(y, p, gap, races),
    )


def compared_columns() -> list[str]:
    """Return the columns that the classifier may see."""
    parts = [part for pattern in IDENTITY for part in pattern.split("|")]
    return [name for name in feature_names() if not name.startswith(tuple(parts))]


def telling(real: pd.DataFrame, simulated: pd.DataFrame) -> Telling:
    """Return how well a classifier that has not seen a race tells its rows' origin."""
    columns = compared_columns()
    both = pd.concat([real[columns], simulated[columns]]).astype(np.float32)
    is_simulated = np.r_[np.zeros(len(real)), np.ones(len(simulated))]
    races = np.r_[real.session_id.to_numpy(), 1_000_000 + simulated.seed.to_numpy()]
    chances, gains = np.zeros(len(both)), np.zeros(len(columns))
    for train, test in GroupKFold(5).split(both, is_simulated, races):
        model = lightgbm.LGBMClassifier(
            n_estimators=100,
            num_leaves=15,
            min_child_samples=100,
            colsample_bytree=0.3,
            class_weight="balanced",
            importance_type="gain",
            random_state=0,
            n_jobs=1,
            verbose=-1,
        ).fit(both.iloc[train], is_simulated[train])
        chances[test] = np.asarray(model.predict_proba(both.iloc[test]))[:, 1]
        gains += model.feature_importances_
    shares = gains / gains.sum()
    giveaways = [
        Giveaway(
            columns[i],
            float(shares[i]),
            float(real[columns[i]].median()),
            float(simulated[columns[i]].median()),
        )
        for i in np.argsort(-shares)[:20]
    ]
    auc = float(roc_auc_score(is_simulated, chances))
    return Telling(auc, len(real), len(simulated), giveaways)


def truth_tests(rows: pd.DataFrame, draws: int = 500) -> list[TruthTest]:
    """Return how each expert's contribution ranks with the truth, over all moments and races."""
    return [
        TruthTest(
            expert,
            meaning,
            rank_interval(rows, part, truth, draws),
            rank_interval(_beside_gap(rows, part, truth), part, truth, draws),
        )
        for expert, part, truth, meaning in TRUTHS
    ]


def _beside_gap(rows: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Return columns as ranks, less what a line on the gap's rank explains."""
    ranks = rows[["interval_s", *names]].rank().to_numpy(np.float64)
    gap = np.column_stack([np.ones(len(ranks)), ranks[:, 0]])
    left = {
        name: column - gap @ np.linalg.lstsq(gap, column, rcond=None)[0]
        for name, column in zip(names, ranks[:, 1:].T, strict=True)
    }
    return rows[["seed"]].assign(**left)


def rank_interval(
    rows: pd.DataFrame, part: str, truth: str, draws: int
) -> tuple[float, float, float]:
    """Return Spearman's rho of two columns and its 95 % interval over whole races."""
    races = [race[[part, truth]].to_numpy(np.float64) for _, race in rows.groupby("seed")]
    random = np.random.default_rng(0)
    drawn = [
        _rho([races[i] for i in random.integers(len(races), size=len(races))]) for _ in range(draws)
    ]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return _rho(races), float(low), float(high)


def _rho(races: list[Array]) -> float:
    pairs = np.concatenate(races)
    return float(spearmanr(pairs[:, 0], pairs[:, 1]).statistic)


def page(
    model: str,
    seeds: tuple[int, int],
    scores: list[Calibration],
    told: Telling | None,
    truths: list[TruthTest],
) -> str:
    """Return the page in Markdown."""
    lines = [
        "# The simulator: is it a fair test?",
        "",
        "`python -m ml.simulated --real build/battles.parquet` writes this page; do not edit it.",
        "`ml.dataset` makes that table. A race takes some five seconds. Every figure is of",
        f"the shipped model `{model}` on whole simulated races of seeds {seeds[0]} to {seeds[1]}.",
        "",
        "## Calibration",
        "",
        "| | rows | races | passes | log-loss | gap alone | gain, 95 % by race | slope | ECE |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_calibration_line(one) for one in scores),
        "",
        "The gap alone is that of the ledger (`pitwall/prediction/gap_only.py`), fitted to real",
        "races. Decided rows only, where the model gives a forecast.",
        "",
    ]
    if told is not None:
        lines += [*_telling_lines(told), ""]
    lines += [
        "## Do the experts say what is true?",
        "",
        "The simulator knows what no feed sends. Spearman's rank correlation of each expert's",
        "contribution with that truth, on all rows with a forecast; 95 % intervals over races.",
        "",
        "| expert | truth | rho (interval) | at equal gap |",
        "|---|---|---|---|",
        *(f"| {t.expert} | {t.meaning} | {_interval(t.rho)} | {_interval(t.at_equal_gap)} |"
          for t in truths),
        "",
        "A correlation is no effect: a car near another both suffers its wake and passes more",
        "often. The last column takes from both what a line on the rank of the gap explains.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _interval(of: tuple[float, float, float]) -> str:
    rho, low, high = of
    return f"{rho:+.3f} ({low:+.3f} to {high:+.3f})"


def _calibration_line(one: Calibration) -> str:
    mean, low, high = one.gain
    slope = "-" if one.model.slope is None else f"{one.model.slope:.2f}"
    return (
        f"| {KINDS[one.kind]} | {one.rows:,} | {one.races} | {one.rate:.3f} "
        f"| {one.model.log_loss:.4f} | {one.gap.log_loss:.4f} "
        f"| {mean:+.4f} ({low:+.4f} to {high:+.4f}) | {slope} | {one.model.ece:.4f} |"
    )


def _telling_lines(told: Telling) -> list[str]:
    seen = len(compared_columns())
    return [
        "## Can a classifier tell it from real races?",
        "",
        f"LightGBM, five folds of whole races, {told.real_rows:,} real rows at the line of 2023-26",
        f"and {told.simulated_rows:,} simulated ones, {seen} of {sum(map(len, GROUPS.values()))}",
        f"columns: **ROC AUC {told.auc:.3f}**; .5 is no difference. Columns that give it away:",
        "",
        "| column | share of gain | median, real | median, simulated |",
        "|---|---|---|---|",
        *(f"| `{g.name}` | {g.share:.3f} | {g.real:.3f} | {g.simulated:.3f} |"
          for g in told.giveaways),
        "",
        "Left out, as they name the race and do not describe the racing:",
        "",
        *(f"- `{pattern.replace('|', '`, `')}`: {why}" for pattern, why in IDENTITY.items()),
    ]  # fmt: skip
