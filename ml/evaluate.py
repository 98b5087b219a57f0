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
from pathlib import Path
from typing import Any, Final

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
from ml.split_scores import MIXTURE, POOLED, SPLITS, scores_of, train_split
from pitwall.prediction.bundle import SHIPPED, load_bundle, write_scores

log = logging.getLogger(__name__)

CHAINED: Final = 2026  # the season of new rules, which training has not seen
ABLATED: Final = 2025


def evaluate(data: Path, cadence: Path, recipe: MixtureRecipe) -> dict[str, Any]:
    """Return the scores of the recipe on every split, by the split's name."""
    table, between = read_battles(data), read_battles(cadence)
    scores_by_split: dict[str, Any] = {}
    for split in SPLITS:
        judged = train_split(table, split, recipe)
        scores = scores_of(judged)
        scores["cadence"] = cadence_scores(judged, between)
        scores["by_regime"] = scores_by_regime(judged)
        if split.test_year == CHAINED:
            scores["chained"] = chained_scores(judged, recipe)
        if split.test_year == ABLATED:
            scores["cost_without_group"] = group_costs(judged, recipe)
        for name, one in scores["next_lap"].items():
            log.info("%s | %-25s %s", split.name, name, one)
        scores_by_split[split.name] = scores
    return scores_by_split


def headline(scores: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return the few figures that `/health` shows, by split."""
    return {
        name: {
            "log_loss": one["next_lap"][MIXTURE]["log_loss"],
            "log_loss_pooled": one["next_lap"][POOLED]["log_loss"],
            "log_loss_gap_only": one["next_lap"]["gap only"]["log_loss"],
            "pr_auc": one["next_lap"][MIXTURE]["pr_auc"],
            "ece": one["next_lap"][MIXTURE]["ece"],
            "log_loss_3_laps": one["three_laps"][MIXTURE]["log_loss"],
        }
        for name, one in scores.items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="table made by ml.dataset")
    parser.add_argument("--cadence", type=Path, required=True, help="the same with --cadence")
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
        recipe = MixtureRecipe(seed=int(bundle.training["seed"]), jobs=chosen.jobs)
        with on(chosen.dask):
            scores = evaluate(chosen.data, chosen.cadence, recipe)
        scores_file = Path("build/scores.json")
        scores_file.parent.mkdir(exist_ok=True)
        scores_file.write_text(json.dumps(scores, indent=1), encoding="utf-8")
    bundle = write_scores(chosen.model, {"headline": headline(scores), "splits": scores})
    for name, one in scores.items():
        picture = chosen.docs / "pictures" / f"reliability-{name[-4:]}.svg"
        picture.write_text(reliability_svg(one["reliability"], name), encoding="utf-8")
    (chosen.docs / "model-card.md").write_text(model_card(bundle), encoding="utf-8")
    (chosen.docs / "features.md").write_text(feature_list(), encoding="utf-8")
    log.info("card of %s -> %s", bundle.version, chosen.docs)


if __name__ == "__main__":
    main()
