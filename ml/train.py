"""Train the mixture of experts and write its bundle.

    python -m ml.train --data build/battles.parquet --moments build/moments.parquet

The shipped model learns from all usable races, and so has no scores of its own; `ml.evaluate`
evaluates the same recipe on races that it has not seen.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ml.cluster import on
from ml.dataset import histories_of
from ml.mixture_table import read_battles
from ml.mixture_training import save, train
from ml.out_of_fold import MixtureRecipe
from ml.rulebook import read_rules
from pitwall.prediction.bundle import SHIPPED
from pitwall.prediction.columns.knowledge import Knowledge

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="table made by ml.dataset")
    parser.add_argument("--moments", type=Path, required=True, help="the same with --moments")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="directory of the bundle")
    parser.add_argument(
        "--seed", type=int, default=0, help="assigns races to folds, seeds learners"
    )
    parser.add_argument("--jobs", type=int, default=2, help="number of fits at once")
    parser.add_argument("--dask", metavar="SCHEDULER", help="address of a Dask scheduler")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    knowledge = Knowledge(histories_of(pd.read_parquet(chosen.data)), read_rules())
    with on(chosen.dask):
        recipe = MixtureRecipe(seed=chosen.seed, jobs=chosen.jobs)
        table = read_battles(chosen.data, chosen.moments)
        trained = train(table.where(table.trains), recipe)
    bundle = save(trained, knowledge, chosen.out)
    log.info("%s -> %s", bundle.version, chosen.out)


if __name__ == "__main__":
    main()
