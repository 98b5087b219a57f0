"""Ask whether the simulator is a fair test: calibration, likeness to real races, truth.

    python -m ml.simulated --first 801 --seeds 30 --real build/battles.parquet

It plays whole simulated races, each with the shipped model, and writes `docs/simulator.md`. With
the table of real battles at the line that `ml.dataset` made, it also trains a classifier to tell
simulated rows from real ones of 2023-26. Rows of finished races are cached; a change of the
simulator needs another folder.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ml.races import with_progress
from ml.simulated_report import KINDS, calibration, decided, page, telling, truth_tests
from ml.simulated_rows import EVERY_S, simulated_rows
from pitwall.prediction.predictor import MixturePredictor

log = logging.getLogger(__name__)

FIRST_YEAR = 2023
RULES_OF = 2026
PAGE = Path(__file__).parent.parent / "docs" / "simulator.md"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.simulated", description=__doc__)
    parser.add_argument("--first", type=int, default=601, help="first seed")
    parser.add_argument("--seeds", type=int, default=30, help="how many races")
    parser.add_argument("--every", type=int, default=EVERY_S, help="seconds between moments")
    parser.add_argument("--laps", type=int, help="laps of each race; its own distance if not given")
    parser.add_argument("--real", type=Path, help="real battles at the line, made by ml.dataset")
    parser.add_argument(
        "--cache", type=Path, default=Path("build/simulated"), help="finished races"
    )
    parser.add_argument("--out", type=Path, default=PAGE, help="page to write")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    predictor = MixturePredictor.load()
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    made = (cached(seed, predictor, chosen.cache, chosen.laps, chosen.every) for seed in seeds)
    rows = pd.concat(with_progress(made, len(seeds)), ignore_index=True)
    told = None
    if chosen.real:
        told = telling(real_rows(chosen.real), decided(rows, "line"))
    scores = [calibration(rows, kind) for kind in KINDS]
    text = page(predictor.version, (seeds[0], seeds[-1]), scores, told, truth_tests(rows))
    chosen.out.write_text(text, encoding="utf-8")
    log.info("%d rows of %d races -> %s", len(rows), len(seeds), chosen.out)


def cached(
    seed: int, predictor: MixturePredictor, cache: Path, laps: int | None, every_s: int
) -> pd.DataFrame:
    """Return the rows of one simulated race, made unless a file has them."""
    file = cache / f"{predictor.version}-{seed}-{laps or 'all'}-{every_s}.parquet"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".part")
        simulated_rows(seed, predictor, laps=laps, every_s=every_s).to_parquet(unfinished)
        unfinished.rename(file)
    return pd.read_parquet(file)


def real_rows(file: Path) -> pd.DataFrame:
    """Return the decided rows at the line of well-recorded Grands Prix: of 2026 all, else a third.

    The simulator drives by the rules of 2026, of which there are few races.
    """
    table = pd.read_parquet(file, filters=[("year", ">=", FIRST_YEAR), ("quality", "==", "good")])
    table = table[table.answerable & table.y1.notna() & (table.is_sprint == 0)]
    earlier = sorted(table[table.year < RULES_OF].session_id.unique().tolist())
    return table[table.session_id.isin(earlier[::3]) | (table.year == RULES_OF)]


if __name__ == "__main__":
    main()
