"""Train the shipped model and write its file.

    python -m ml.train --data build/battles.parquet

The scores in the file come from models that were trained on the years before each test
year; the shipped model itself is trained on all usable races, and has no scores of its own.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from ml.evaluation import SPLITS, judge, usable
from ml.fitting import Recipe, fit
from pitwall.prediction.model_file import SHIPPED, LogisticModel, load_model, to_document

log = logging.getLogger(__name__)


def train(table: pd.DataFrame, recipe: Recipe | None = None) -> LogisticModel:
    """Return the model of all usable races, with the scores of the fixed splits."""
    rows = usable(table)
    results = [judge(rows, split, recipe) for split in SPLITS]
    for result in results:
        for name, scores in result.scores.items():
            log.info("%s | %-14s %s", result.split.name, name, scores.rounded())
        log.info("%s | gains %s", result.split.name, result.document()["log_loss_gain"])
    scores_by_split = {result.split.name: result.document() for result in results}
    return replace(fit(rows, recipe), scores=scores_by_split)


def save_model(model: LogisticModel, path: Path) -> LogisticModel:
    """Write a model file and return the model as read back from it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(to_document(model), indent=1, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8")
    return load_model(path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="table made by ml.dataset")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="model file to write")
    parser.add_argument("--seed", type=int, default=0, help="deals races into folds")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    model = save_model(train(pd.read_parquet(chosen.data), Recipe(seed=chosen.seed)), chosen.out)
    log.info("%s -> %s", model.version, chosen.out)


if __name__ == "__main__":
    main()
