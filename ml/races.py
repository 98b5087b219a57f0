"""Replay every race of an archive into one table of battles, in parallel, each race once.

Each race goes through the same feed, decoder, race state and features as a live one. Finished
races are cached, so that a second run replays only new ones.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pandas as pd
from joblib import Parallel, delayed

import pitwall
from pitwall.feeds.timing import list_races
from pitwall.feeds.timing.tables import RaceEntry

KEYS = (
    *("session_id", "year", "lap", "t_ms", "attacker", "defender", "gap_ms"),
    "attacker_pos",
)
LABELS = ("outcome", "y1", "y3")
_CODE = ("domain", "wire", "feeds/timing", "feeds/recording", "prediction")

T = TypeVar("T")
# Makes the table of a race from the archive, the race and its rows; a module-level function.
TableOf = Callable[[Path, RaceEntry, pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class _Job:
    """One race to replay, and the file that caches its result."""

    archive: Path
    entry: RaceEntry
    rows: pd.DataFrame
    file: Path
    table_of: TableOf


def replay_races(
    archive: Path, rows: pd.DataFrame, cache: Path, table_of: TableOf, n_jobs: int
) -> pd.DataFrame:
    """Return the tables of all races that have rows, concatenated in order of time.

    The work runs through joblib, and so wherever joblib is set to send it; see `ml.cluster`.

    Args:
        archive: The timing archive.
        rows: The battles of all races.
        cache: The folder of finished races.
        table_of: Makes the table of one race.
        n_jobs: Number of processes; 1 uses this one.
    """
    cache.mkdir(parents=True, exist_ok=True)
    source = _code_hash(table_of) + _archive_hash(archive)
    jobs = [
        _Job(archive, entry, race_rows, _cache_file(cache, entry, source, race_rows), table_of)
        for entry in list_races(archive)
        if len(race_rows := rows[rows.session_id == entry.session_id])
    ]
    work = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_cached_or_made)(job) for job in jobs
    )
    tables: Iterator[pd.DataFrame] = with_progress(work, len(jobs))
    return pd.concat(tables, ignore_index=True)


def _cached_or_made(job: _Job) -> pd.DataFrame:
    if job.file.exists():
        return pd.read_parquet(job.file)
    table = job.table_of(job.archive, job.entry, job.rows)
    # Renamed last, so that an interrupted run leaves no half-written race behind.
    unfinished = job.file.with_suffix(".part")
    table.to_parquet(unfinished)
    unfinished.rename(job.file)
    return table


def with_progress(work: Iterable[T], total: int, of: str = "races") -> Iterator[T]:
    """Yield the results of `work`, showing progress on standard error."""
    started = time.monotonic()
    for done, piece in enumerate(work, 1):
        yield piece
        bar = "#" * (30 * done // total)
        elapsed_s = time.monotonic() - started
        sys.stderr.write(f"\r[{bar:<30}] {done}/{total} {of}, {elapsed_s:.0f} s ")
        sys.stderr.flush()
    sys.stderr.write("\n")


def _code_hash(table_of: TableOf) -> str:
    """Return a hash of all code that makes a row."""
    root = Path(pitwall.__file__).parent
    files = [file for part in _CODE for file in sorted((root / part).rglob("*.py"))]
    files += [Path(__file__).with_name(name) for name in ("replay.py", "hindsight.py")]
    files.append(Path(inspect.getfile(table_of)))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _archive_hash(archive: Path) -> str:
    """Return a hash of the names, sizes and dates of an archive's tables."""
    tables = [(file.name, file.stat()) for file in sorted(archive.glob("*.parquet"))]
    text = "\n".join(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in tables)
    return hashlib.sha256(text.encode()).hexdigest()


def _cache_file(cache: Path, entry: RaceEntry, source: str, rows: pd.DataFrame) -> Path:
    """Return the cache file of a race made from this code, archive and rows."""
    hashed = pd.util.hash_pandas_object(rows, index=False).to_numpy().tobytes()
    key = hashlib.sha256(source.encode() + hashed).hexdigest()[:16]
    return cache / f"{entry.race_id}-{key}.parquet"
