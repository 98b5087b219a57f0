"""Build the training table: the features of every labelled battle, by replaying each race.

python -m ml.dataset --archive DIR --rows ROWS.parquet --out FILE.parquet
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ml.races import KEYS, LABELS, asked, replay_races, write_table
from ml.replay import race_features


def build(archive: Path, rows_file: Path, cache: Path, n_jobs: int = 2) -> pd.DataFrame:
    """Return one row for each labelled battle, races in time; see `ml.fitting` for its use.

    The circuit column is left at 0: training fills it from earlier races only.

    Args:
        archive: The timing archive.
        rows_file: The evaluation rows; those with a label for the next lap are used.
        cache: Where finished races are kept.
        n_jobs: Processes; 1 stays in this one.
    """
    rows = pd.read_parquet(rows_file, columns=[*KEYS, *LABELS])
    return replay_races(archive, rows[rows.y1.notna()], cache, race_features, n_jobs)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    chosen = asked("ml.dataset", __doc__, Path("build/races"), arguments)
    write_table(build(chosen.archive, chosen.rows, chosen.cache, chosen.jobs), chosen.out)


if __name__ == "__main__":
    main()
