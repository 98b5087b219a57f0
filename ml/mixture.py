"""Train the mixture of experts and write its bundle.

    python -m ml.mixture --data build/wide.parquet --columns build/wide-columns.json --out DIR

The table has one row a battle: the fixed rows' columns, `resolve_t`, and every feature; the JSON
names the features with their views, `{"roles": {...}, "columns": [["gap_s", ["shared"]], ...]}`.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ml.mixing import save, train
from ml.mixture_scores import SPLITS, judge
from ml.mixture_table import battle_table
from ml.out_of_fold import MixtureRecipe
from pitwall.prediction.experts import Column
from pitwall.prediction.gate import Roles

log = logging.getLogger(__name__)


def read_columns(path: Path) -> tuple[tuple[Column, ...], Roles]:
    """Return the columns, and those that the gate reads, of a JSON file."""
    document = json.loads(path.read_text(encoding="utf-8"))
    columns = tuple(Column(name, tuple(views)) for name, views in document["columns"])
    return columns, Roles(**document["roles"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.mixture", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="table of battles and features")
    parser.add_argument("--columns", type=Path, required=True, help="JSON of columns and views")
    parser.add_argument("--out", type=Path, required=True, help="directory of the bundle")
    parser.add_argument("--seed", type=int, default=0, help="deals races, seeds learners")
    parser.add_argument("--threads", type=int, default=2, help="of the learners")
    parser.add_argument("--no-scores", action="store_true", help="leave out the fixed splits")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    frame = pd.read_parquet(chosen.data)
    if "quality" in frame:
        frame = frame[frame.quality == "good"]  # races whose running order can be trusted
    table = battle_table(frame, *read_columns(chosen.columns))
    recipe = MixtureRecipe(seed=chosen.seed, threads=chosen.threads)
    splits = () if chosen.no_scores else SPLITS
    scores = {}
    for split in splits:
        scores[split.name] = judge(table, split, recipe)
        for name, found in scores[split.name]["next_lap"].items():
            log.info("%s | %-25s %s", split.name, name, found)
    bundle = save(train(table, recipe), chosen.out, scores)
    log.info("%s -> %s", bundle.version, chosen.out)


if __name__ == "__main__":
    main()
