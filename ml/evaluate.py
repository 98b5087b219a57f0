"""Evaluate the recipe on races that it has not seen, and write the model card.

    python -m ml.evaluate --data build/battles.parquet --cadence build/cadence.parquet

The recipe of the shipped bundle is trained again without each test year. Scores go to the
bundle (`scores.json`, shown by `/health`), to the card and to its pictures.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from ml.cadence_evaluation import cadence_scores
from ml.card import model_card
from ml.cluster import on
from ml.feature_list import feature_list
from ml.forward_chaining import chained_scores
from ml.group_ablation import group_costs
from ml.mixture_table import read_battles
from ml.out_of_fold import MixtureRecipe
from ml.regimes import scores_by_regime
from ml.reliability_plot import reliability_svg
from ml.split_scores import GAP_ONLY, MIXTURE, POOLED, SPLITS, scores_of, train_split
from pitwall.prediction.bundle import SHIPPED, load_bundle, write_scores

log = logging.getLogger(__name__)

CHAINED: Final = 2026  # the season of new rules, which training has not seen
ABLATED: Final = 2025


def evaluate(files: Files, recipe: MixtureRecipe, *, groups: bool = False) -> dict[str, Any]:
    """Return the scores of the recipe on every split, by the split's name.

    Args:
        files: The tables of `ml.dataset`.
        recipe: How to train.
        groups: Whether to measure what each group of features is worth, which takes long.
    """
    table = read_battles(files.line, files.moments)
    between = read_battles(files.cadence)
    scores_by_split: dict[str, Any] = {}
    for split in SPLITS:
        judged = train_split(table, split, recipe)
        scores = scores_of(judged)
        scores["coverage"] = coverage(files.moments, split.test_year)
        scores["cadence"] = cadence_scores(judged, between)
        scores["by_regime"] = scores_by_regime(judged)
        if split.test_year == CHAINED:
            scores["chained"] = chained_scores(judged, recipe)
        if groups and split.test_year == ABLATED:
            scores["cost_without_group"] = group_costs(judged, recipe)
        for rows in ("line", "seconds"):
            for name, one in scores[rows]["scores"].items():
                log.info("%s | %-7s | %-16s %s", split.name, rows, name, one)
        log.info("%s | %s", split.name, scores["contributions"])
        scores_by_split[split.name] = scores
    return scores_by_split


@dataclass(frozen=True, slots=True)
class Files:
    """The tables of `ml.dataset`: at the line, at any second, and at feed cadence."""

    line: Path
    moments: Path
    cadence: Path


def coverage(moments: Path, year: int) -> dict[str, Any]:
    """Return the share of a season's decided moments with a forecast, and why others have none."""
    frame = pd.read_parquet(moments, columns=["year", "y1", "quality", "refused"])
    decided = frame[(frame.year == year) & frame.y1.notna() & (frame.quality == "good")]
    refused = decided.refused[decided.refused != ""].value_counts()
    return {
        "moments": len(decided),
        "share": round(float((decided.refused == "").mean()), 5),
        "refused": {str(why): int(count) for why, count in refused.items()},
    }


def headline(scores: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return the few figures that `/health` shows, by split."""
    return {
        name: {
            "log_loss": one["line"]["scores"][MIXTURE]["log_loss"],
            "log_loss_pooled": one["line"]["scores"][POOLED]["log_loss"],
            "log_loss_gap_only": one["line"]["scores"][GAP_ONLY]["log_loss"],
            "pr_auc": one["line"]["scores"][MIXTURE]["pr_auc"],
            "ece": one["line"]["scores"][MIXTURE]["ece"],
            "log_loss_3_laps": one["three_laps"][MIXTURE]["log_loss"],
            "log_loss_any_second": one["seconds"]["scores"][MIXTURE]["log_loss"],
            "ece_any_second": one["seconds"]["scores"][MIXTURE]["ece"],
            "share_with_forecast": one["coverage"]["share"],
        }
        for name, one in scores.items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="table made by ml.dataset")
    parser.add_argument("--moments", type=Path, required=True, help="the same with --moments")
    parser.add_argument("--cadence", type=Path, required=True, help="the same with --cadence")
    parser.add_argument("--groups", action="store_true", help="also leave out each feature group")
    parser.add_argument("--model", type=Path, default=SHIPPED, help="bundle to evaluate")
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="folder of the model card")
    parser.add_argument("--jobs", type=int, default=2, help="number of fits at once")
    parser.add_argument(
        "--scores", type=Path, help="write the card from these scores, without evaluating"
    )
    parser.add_argument("--dask", metavar="SCHEDULER", help="address of a Dask scheduler")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    bundle = load_bundle(chosen.model)
    if chosen.scores:
        scores = json.loads(chosen.scores.read_text(encoding="utf-8"))
    else:
        recipe = MixtureRecipe(
            seed=int(bundle.training["seed"]),
            jobs=chosen.jobs,
            recency=float(bundle.training["recency"]),
            line_weight=float(bundle.training["line_weight"]),
        )
        with on(chosen.dask):
            files = Files(chosen.data, chosen.moments, chosen.cadence)
            scores = evaluate(files, recipe, groups=chosen.groups)
        scores_file = Path("build/scores.json")
        scores_file.parent.mkdir(exist_ok=True)
        scores_file.write_text(json.dumps(scores, indent=1), encoding="utf-8")
    bundle = write_scores(chosen.model, {"headline": headline(scores), "splits": scores})
    for name, one in scores.items():
        for rows, suffix in (("line", ""), ("seconds", "-seconds")):
            picture = chosen.docs / "pictures" / f"reliability-{name[-4:]}{suffix}.svg"
            picture.write_text(reliability_svg(one[rows]["reliability"], name), encoding="utf-8")
    (chosen.docs / "model-card.md").write_text(model_card(bundle), encoding="utf-8")
    (chosen.docs / "features.md").write_text(feature_list(), encoding="utf-8")
    log.info("card of %s -> %s", bundle.version, chosen.docs)


if __name__ == "__main__":
    main()
