"""Ask whether the simulator is a fair test: calibration, likeness to real races, truth.

    python -m ml.simulated --seeds 30 --archive DIR --rows ROWS.parquet

It plays whole simulated races, each with the shipped model, and writes `docs/simulator.md`. With
an archive and its rows it also trains a classifier to tell simulated rows from real ones of
2023-25. Rows of finished races are cached; a change of the simulator needs another folder.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ml.dataset import battle_rows
from ml.races import KEYS, LABELS, replay_races, with_progress
from ml.simulated_report import KINDS, calibration, decided, page, telling, truth_tests
from ml.simulated_rows import EVERY_S, simulated_rows
from pitwall.prediction.predictor import MixturePredictor

log = logging.getLogger(__name__)

YEARS = range(2023, 2026)
PAGE = Path(__file__).parent.parent / "docs" / "simulator.md"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.simulated", description=__doc__)
    parser.add_argument("--first", type=int, default=601, help="first seed")
    parser.add_argument("--seeds", type=int, default=30, help="how many races")
    parser.add_argument("--every", type=int, default=EVERY_S, help="seconds between moments")
    parser.add_argument("--laps", type=int, help="laps of each race; its own distance if not given")
    parser.add_argument("--archive", type=Path, help="folder of the timing archive")
    parser.add_argument("--rows", type=Path, help="the evaluation rows of the archive")
    parser.add_argument("--races", type=int, default=20, help="real races to compare with")
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
    if chosen.archive and chosen.rows:
        real = real_rows(chosen.archive, chosen.rows, chosen.races, chosen.cache / "real")
        told = telling(real, decided(rows, "line"))
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


def real_rows(archive: Path, rows: Path, races: int, cache: Path) -> pd.DataFrame:
    """Return the decided rows at the line of some well-recorded races, evenly chosen."""
    all_rows = pd.read_parquet(rows, columns=[*KEYS, *LABELS])
    sessions = pd.read_parquet(archive / "sessions.parquet")
    good = sessions[sessions.year.isin(YEARS) & (sessions.pos_quality == "good")]
    grands_prix = good[good.session == "Race"].session_id.tolist()
    step = max(1, len(grands_prix) // races)
    asked = all_rows[all_rows.session_id.isin(grands_prix[::step][:races])]
    table = replay_races(archive, asked, cache, battle_rows, 1)
    return table[table.answerable & table.y1.notna()]


if __name__ == "__main__":
    main()
