"""Build the training table: the features of every labelled battle, by replaying each race.

    python -m ml.dataset --archive DIR --rows ROWS.parquet --out FILE.parquet

Each race goes through the same feed, decoder, race state and features as a live one. Races
are kept in a cache beside the output, so that a second run only does what is new.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed

import pitwall
from ml.replay import race_features
from pitwall.feeds.timing import list_races
from pitwall.feeds.timing.tables import RaceEntry

log = logging.getLogger(__name__)

KEYS = ("session_id", "year", "lap", "t_ms", "attacker", "defender", "gap_ms")
LABELS = ("outcome", "y1", "y3")
_CODE = ("domain", "wire", "feeds/timing", "feeds/recording", "prediction")


@dataclass(frozen=True, slots=True)
class Job:
    """One race to replay, and where its result is kept."""

    archive: Path
    entry: RaceEntry
    rows: pd.DataFrame
    kept: Path


def build(archive: Path, rows_file: Path, cache: Path, n_jobs: int = 2) -> pd.DataFrame:
    """Return one row for each labelled battle, races in time; see `ml.fitting` for its use.

    The circuit column is left at 0: training fills it from earlier races only.

    Args:
        archive: The timing archive.
        rows_file: The evaluation rows; those with a label for the next lap are used.
        cache: Where finished races are kept.
        n_jobs: Processes; 1 stays in this one.
    """
    rows = pd.read_parquet(rows_file)
    rows = rows[rows.y1.notna()]
    cache.mkdir(parents=True, exist_ok=True)
    source = code_hash() + archive_hash(archive)
    jobs = [
        Job(archive, entry, race_rows, kept_at(cache, entry, source, race_rows))
        for entry in list_races(archive)
        if len(race_rows := rows[rows.session_id == entry.session_id])
    ]
    work = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(run)(job, race_table) for job in jobs
    )
    tables = list(told(work, len(jobs)))
    return pd.concat(
        [table.assign(race_order=order) for order, table in enumerate(tables)], ignore_index=True
    )


def race_table(archive: Path, entry: RaceEntry, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the labelled battles of one race with their features."""
    features = race_features(archive, entry.session_id, rows)
    table = rows[[*KEYS, *LABELS]].join(features)
    return table.assign(race_id=entry.race_id, circuit=entry.circuit, quality=entry.quality)


def run(job: Job, make: Callable[[Path, RaceEntry, pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    """Return the table of one race, which `make` makes unless it was kept."""
    if job.kept.exists():
        return pd.read_parquet(job.kept)
    table = make(job.archive, job.entry, job.rows)
    # Rename last: a run that is stopped in the middle leaves no half a race behind.
    unfinished = job.kept.with_suffix(".part")
    table.to_parquet(unfinished)
    unfinished.rename(job.kept)
    return table


def told(tables: Iterator[pd.DataFrame], total: int) -> Iterator[pd.DataFrame]:
    """Pass tables on and show progress on the terminal's error stream."""
    started = time.monotonic()
    for done, table in enumerate(tables, 1):
        yield table
        bar = "#" * (30 * done // total)
        elapsed_s = time.monotonic() - started
        sys.stderr.write(f"\r[{bar:<30}] {done}/{total} races, {elapsed_s:.0f} s ")
        sys.stderr.flush()
    sys.stderr.write("\n")


def code_hash(*more: Path) -> str:
    """Return a hash of all code that a feature passes through, and of more files."""
    root = Path(pitwall.__file__).parent
    files = [file for part in _CODE for file in sorted((root / part).rglob("*.py"))]
    files += [Path(__file__).with_name("replay.py"), *more]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def archive_hash(archive: Path) -> str:
    """Return a hash of the names, sizes and dates of an archive's tables."""
    tables = [(file.name, file.stat()) for file in sorted(archive.glob("*.parquet"))]
    text = "\n".join(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in tables)
    return hashlib.sha256(text.encode()).hexdigest()


def kept_at(cache: Path, entry: RaceEntry, source: str, rows: pd.DataFrame) -> Path:
    """Return where a race is kept that was made of this code, archive and rows."""
    hashed = pd.util.hash_pandas_object(rows, index=False).to_numpy().tobytes()
    key = hashlib.sha256(source.encode() + hashed).hexdigest()[:16]
    return cache / f"{entry.race_id}-{key}.parquet"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.dataset", description=__doc__)
    parser.add_argument("--archive", type=Path, required=True, help="folder of the archive")
    parser.add_argument("--rows", type=Path, required=True, help="the evaluation rows")
    parser.add_argument("--out", type=Path, required=True, help="parquet file to write")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--cache", type=Path, default=Path("build/races"), help="finished races")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    table = build(chosen.archive, chosen.rows, chosen.cache, chosen.jobs)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(chosen.out, index=False)
    log.info("%d battles of %d races -> %s", len(table), table.race_id.nunique(), chosen.out)


if __name__ == "__main__":
    main()
