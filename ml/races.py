"""Replay every race of an archive into one table of battles, in parallel, each race once.

Each race goes through the same feed, decoder, race state and features as a live one. Finished
races are kept, so that a second run only does what is new.
"""

from __future__ import annotations

import argparse
import hashlib
import inspect
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed

import pitwall
from pitwall.feeds.timing import list_races
from pitwall.feeds.timing.tables import RaceEntry

log = logging.getLogger(__name__)

KEYS = (
    *("session_id", "year", "lap", "t_ms", "attacker", "defender", "gap_ms"),
    "attacker_pos",
)
LABELS = ("outcome", "y1", "y3")
_CODE = ("domain", "wire", "feeds/timing", "feeds/recording", "prediction")

# Archive, session and rows in; one row of features for each of them, by its index.
FeaturesOf = Callable[[Path, int, pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class _Job:
    """One race to replay, and where its result is kept."""

    archive: Path
    entry: RaceEntry
    rows: pd.DataFrame
    kept: Path
    features: FeaturesOf


def replay_races(
    archive: Path, rows: pd.DataFrame, cache: Path, features: FeaturesOf, n_jobs: int
) -> pd.DataFrame:
    """Return the rows with their features, races in time, `race_order` counting them.

    Args:
        archive: The timing archive.
        rows: Battles; all their columns are kept.
        cache: Where finished races are kept.
        features: Computes the features of one race; a module-level function.
        n_jobs: Processes; 1 stays in this one.
    """
    cache.mkdir(parents=True, exist_ok=True)
    source = _code_hash(features) + _archive_hash(archive)
    jobs = [
        _Job(archive, entry, race_rows, _kept_at(cache, entry, source, race_rows), features)
        for entry in list_races(archive)
        if len(race_rows := rows[rows.session_id == entry.session_id])
    ]
    work = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_kept_or_made)(job) for job in jobs
    )
    tables = list(_told(work, len(jobs)))
    return pd.concat(
        [table.assign(race_order=order) for order, table in enumerate(tables)], ignore_index=True
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line of a dataset asks for."""

    archive: Path
    rows: Path
    out: Path
    jobs: int
    cache: Path


def asked(program: str, doc: str | None, cache: Path, arguments: Sequence[str] | None) -> Asked:
    """Read the command line that every dataset has, and send the log to the terminal."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=doc)
    parser.add_argument("--archive", type=Path, required=True, help="folder of the archive")
    parser.add_argument("--rows", type=Path, required=True, help="the evaluation rows")
    parser.add_argument("--out", type=Path, required=True, help="parquet file to write")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--cache", type=Path, default=cache, help="finished races")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return Asked(chosen.archive, chosen.rows, chosen.out, chosen.jobs, chosen.cache)


def write_table(table: pd.DataFrame, out: Path) -> None:
    """Write a dataset and say how large it is."""
    out.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(out, index=False)
    log.info("%d battles of %d races -> %s", len(table), table.race_id.nunique(), out)


def race_table(
    archive: Path, entry: RaceEntry, rows: pd.DataFrame, features: FeaturesOf
) -> pd.DataFrame:
    """Return the battles of one race with their features, and which race it was."""
    table = rows.join(features(archive, entry.session_id, rows))
    return table.assign(race_id=entry.race_id, circuit=entry.circuit, quality=entry.quality)


def _kept_or_made(job: _Job) -> pd.DataFrame:
    if job.kept.exists():
        return pd.read_parquet(job.kept)
    table = race_table(job.archive, job.entry, job.rows, job.features)
    # Rename last: a run that is stopped in the middle leaves no half a race behind.
    unfinished = job.kept.with_suffix(".part")
    table.to_parquet(unfinished)
    unfinished.rename(job.kept)
    return table


def _told(tables: Iterator[pd.DataFrame], total: int) -> Iterator[pd.DataFrame]:
    """Pass tables on and show progress on the terminal's error stream."""
    started = time.monotonic()
    for done, table in enumerate(tables, 1):
        yield table
        bar = "#" * (30 * done // total)
        elapsed_s = time.monotonic() - started
        sys.stderr.write(f"\r[{bar:<30}] {done}/{total} races, {elapsed_s:.0f} s ")
        sys.stderr.flush()
    sys.stderr.write("\n")


def _code_hash(features: FeaturesOf) -> str:
    """Return a hash of all code that a feature passes through."""
    root = Path(pitwall.__file__).parent
    files = [file for part in _CODE for file in sorted((root / part).rglob("*.py"))]
    files += [Path(__file__).with_name("replay.py"), Path(inspect.getfile(features))]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _archive_hash(archive: Path) -> str:
    """Return a hash of the names, sizes and dates of an archive's tables."""
    tables = [(file.name, file.stat()) for file in sorted(archive.glob("*.parquet"))]
    text = "\n".join(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in tables)
    return hashlib.sha256(text.encode()).hexdigest()


def _kept_at(cache: Path, entry: RaceEntry, source: str, rows: pd.DataFrame) -> Path:
    """Return where a race is kept that was made of this code, archive and rows."""
    hashed = pd.util.hash_pandas_object(rows, index=False).to_numpy().tobytes()
    key = hashlib.sha256(source.encode() + hashed).hexdigest()[:16]
    return cache / f"{entry.race_id}-{key}.parquet"
