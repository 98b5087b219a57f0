"""Judge the recipe again, check the model file against it, and write the model card.

python -m ml.evaluate --data build/battles.parquet
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ml.card import model_card
from ml.evaluation import SPLITS, Split, judge, usable
from ml.fitting import Recipe, fit
from ml.midlap import judge_midlap
from pitwall.errors import ModelError
from pitwall.prediction.model_file import SHIPPED, load_model
from pitwall.prediction.predictor import LogisticPredictor

log = logging.getLogger(__name__)

FIRST_TEST_YEAR = 2020
MIDLAP_YEAR = 2025


def evaluate(data: Path, model_file: Path, archive: Path) -> str:
    """Return the model card of a model file, whose races are replayed for the mid-lap part.

    Raises:
        ModelError: The file's scores are not what this data gives.
    """
    model = load_model(model_file)
    rows = usable(pd.read_parquet(data))
    recipe = Recipe(name=model.name, seed=int(model.training["seed"]))
    years = [
        judge(rows, Split(year), recipe)
        for year in sorted(rows.year.unique().tolist())
        if year >= FIRST_TEST_YEAR
    ]
    results = [judged for judged in years if judged.split in SPLITS]
    found = {result.split.name: result.document() for result in results}
    if found != model.scores:
        message = f"{model_file.name} says {model.scores}, this data gives {found}"
        raise ModelError(message)
    test = rows[rows.year == MIDLAP_YEAR]
    unseen = LogisticPredictor(fit(rows[rows.year < MIDLAP_YEAR], recipe))
    return model_card(model, results, years, judge_midlap(archive, test, unseen))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.evaluate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="table made by ml.dataset")
    parser.add_argument("--archive", type=Path, required=True, help="folder of the archive")
    parser.add_argument("--model", type=Path, default=SHIPPED, help="model file to describe")
    parser.add_argument("--card", type=Path, default=Path("docs/model-card.md"))
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    chosen.card.write_text(evaluate(chosen.data, chosen.model, chosen.archive), encoding="utf-8")
    log.info("card -> %s", chosen.card)


if __name__ == "__main__":
    main()
