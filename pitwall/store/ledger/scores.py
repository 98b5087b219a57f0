"""Count the outcomes of forecasts as they are settled, so that no page ever reads them all.

The same counts can be made again from the entries: `verifier` does so, and compares.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from pitwall.domain.forecasts import DECIDED, Outcome
from pitwall.domain.ledger import SCORE_BINS, Made
from pitwall.prediction.gap_only import gap_only
from pitwall.store.forecast_writer import Settlement
from pitwall.store.instants import Instant
from pitwall.store.row_writer import table_of
from pitwall.store.tables import LedgerCall, LedgerCell, LedgerLap

_EDGE = 1e-5  # probabilities are clipped as in the model's evaluation
ALL_FORECASTS = "said"  # stored as the outcome of the cells that count what was forecast
WORTH_A_LOOK = 0.05  # of log-loss: a smaller gain or loss is neither a good call nor a miss
SUMS = ("forecasts", "laps", "p_sum", "brier", "log_loss", "gap_brier", "gap_log_loss")
CellKey = tuple[int, str, str, int]  # run, made, outcome, bin
LapKey = tuple[int, str, int, int, int]  # lap, made, attacker, defender, bin
CallKey = tuple[str, str, int, int]  # made, which, attacker, defender
_laps = table_of(LedgerLap)


class Scored(NamedTuple):
    """One settled forecast, and whether it was made live."""

    made: Made
    settlement: Settlement


@dataclass(slots=True)
class Sums:
    """The sums of one cell."""

    forecasts: int = 0
    laps: int = 0
    p_sum: float = 0.0
    brier: float = 0.0
    log_loss: float = 0.0
    gap_brier: float = 0.0
    gap_log_loss: float = 0.0

    def add(self, p: float, gap_p: float, *, passed: bool) -> None:
        """Count one decided forecast."""
        self.forecasts += 1
        self.p_sum += p
        self.brier += (p - passed) ** 2
        self.log_loss += loss(p, passed=passed)
        self.gap_brier += (gap_p - passed) ** 2
        self.gap_log_loss += loss(gap_p, passed=passed)


def loss(p: float, *, passed: bool) -> float:
    """Return the log-loss of one forecast, natural logarithm.

    Example:
        >>> round(loss(0.5, passed=True), 3)
        0.693
    """
    p = min(max(p, _EDGE), 1 - _EDGE)
    return -math.log(p if passed else 1 - p)


def bin_of(p: float) -> int:
    """Return which twentieth a probability falls into, from 0.

    Example:
        >>> [bin_of(p) for p in (0.0, 0.05, 0.999, 1.0)]
        [0, 1, 19, 19]
    """
    return min(int(p * SCORE_BINS), SCORE_BINS - 1)


def count(
    cells: defaultdict[CellKey, Sums], run: int, scored: Iterable[Scored], laps: set[LapKey]
) -> set[LapKey]:
    """Add settled forecasts to the sums of a run's cells.

    Args:
        cells: The sums so far.
        run: The run.
        scored: The settled forecasts.
        laps: Laps of the run's battles that were counted before.

    Returns:
        Laps that were not counted before.
    """
    new: set[LapKey] = set()
    for made, settlement in scored:
        forecast = settlement.forecast
        outcome, bin_ = forecast.outcome or "", bin_of(forecast.p_overtake)
        cell = cells[run, made.value, outcome, bin_]
        if outcome not in DECIDED:
            cell.forecasts += 1
            continue
        cell.add(
            forecast.p_overtake, gap_only(forecast.interval_s), passed=outcome == Outcome.PASSED
        )
        lap = (forecast.lap, made.value, forecast.attacker, forecast.defender, bin_)
        if lap not in laps and lap not in new:
            new.add(lap)
            cell.laps += 1
    return new


def laps_mark(laps: Iterable[LapKey], before: int = 0) -> int:
    """Return the checksum of a set of laps, added to the checksum of others in any order.

    Example:
        >>> one, two = (1, "live", 4, 81, 3), (2, "live", 4, 81, 3)
        >>> laps_mark([two], laps_mark([one])) == laps_mark([one, two])
        True
    """
    for lap in laps:
        digest = hashlib.sha256(repr(tuple(lap)).encode()).digest()
        before += int.from_bytes(digest[:16], "little")
    return before % 2**128


async def known_laps(
    connection: AsyncConnection, run: int, scored: Sequence[Scored]
) -> set[LapKey]:
    """Return which laps of settled forecasts were counted before in a run."""
    if not scored:
        return set()
    laps = [each.settlement.forecast.lap for each in scored]
    query = select(_laps).where(
        _laps.c.run == run, _laps.c.lap >= min(laps), _laps.c.lap <= max(laps)
    )
    found = await connection.execute(query)
    return {(row.lap, row.made, row.attacker, row.defender, row.bin) for row in found}


async def store_laps(connection: AsyncConnection, run: int, new: Iterable[LapKey]) -> None:
    """Store which laps were counted."""
    columns = ("run", "lap", "made", "attacker", "defender", "bin")
    rows = [dict(zip(columns, (run, *key), strict=True)) for key in sorted(new)]
    await _insert(connection, _insert_into(_laps.name, columns), rows)


async def store_sums(connection: AsyncConnection, cells: dict[CellKey, Sums]) -> None:
    """Add sums to those that are stored."""
    table = table_of(LedgerCell).name
    added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in SUMS)
    columns = ("run", "made", "outcome", "bin", *SUMS)
    await _insert(
        connection,
        f"{_insert_into(table, columns)} "
        f"ON CONFLICT (run, made, outcome, bin) DO UPDATE SET {added}",
        [dict(zip(columns, (*key, *astuple(sums)), strict=True)) for key, sums in cells.items()],
    )


async def store_calls(connection: AsyncConnection, calls: list[dict[str, Any]]) -> None:
    """Store the best and the worst forecast of each pair, where these beat the stored ones."""
    table = table_of(LedgerCall)
    columns = tuple(column.name for column in table.c)
    key = [column.name for column in table.primary_key]
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    await _insert(
        connection,
        f"{_insert_into(table.name, columns)} ON CONFLICT ({', '.join(key)}) DO UPDATE SET "
        f"{changed} WHERE excluded.score > {table.name}.score",
        calls,
    )


def replace_beaten(best: dict[CallKey, dict[str, Any]], calls: Iterable[dict[str, Any]]) -> None:
    """Replace calls by those that beat them, as `store_calls` does in the database."""
    for call in calls:
        key = (call["made"], call["which"], call["attacker"], call["defender"])
        if key not in best or call["score"] > best[key]["score"]:
            best[key] = call


def calls_of(run: int, scored: Iterable[Scored], drivers: dict[int, str]) -> list[dict[str, Any]]:
    """Return rows of the best and the worst forecast of each pair, where worth showing."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for made, settlement in scored:
        forecast = settlement.forecast
        if forecast.outcome not in DECIDED:
            continue
        passed, gap_p = forecast.outcome == Outcome.PASSED, gap_only(forecast.interval_s)
        own = loss(forecast.p_overtake, passed=passed)
        for which, score in (("best", loss(gap_p, passed=passed) - own), ("worst", own)):
            key = (made, which, forecast.attacker, forecast.defender)
            if score > max(WORTH_A_LOOK, rows[key]["score"] if key in rows else 0.0):
                rows[key] = {
                    "run": run,
                    "made": made.value,
                    "which": which,
                    "attacker": forecast.attacker,
                    "defender": forecast.defender,
                    "attacker_id": drivers[forecast.attacker],
                    "defender_id": drivers[forecast.defender],
                    "made_at": forecast.made_at,
                    "lap": forecast.lap,
                    "position": forecast.position,
                    "interval_s": forecast.interval_s,
                    "p_overtake": forecast.p_overtake,
                    "gap_only": gap_p,
                    "outcome": forecast.outcome,
                    "score": score,
                }
    return list(rows.values())


def _insert_into(table: str, columns: tuple[str, ...]) -> str:
    values = ", ".join(f":{name}" for name in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608  our own


async def _insert(connection: AsyncConnection, statement: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    typed = text(statement)
    if "made_at" in rows[0]:
        typed = typed.bindparams(bindparam("made_at", type_=Instant()))
    await connection.execute(typed, rows)
