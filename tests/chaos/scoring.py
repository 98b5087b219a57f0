"""Run many seeded races on several cores, and print their score."""

from __future__ import annotations

import logging
import multiprocessing
import statistics
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.chaos.survival import Survival, survive

RECORDINGS = (
    "static/2023_Azerbaijan_Grand_Prix_Sprint",
    "static/2018_Azerbaijan_Grand_Prix_Race",
    "static/2025_Mexico_Qualifying",
    "signalr/2024_Imola_Qualifying_signalr",
)
RECOVERED_WITHIN_S = 5.0
CHUNK = 6


def survive_some(wire: Path, seeds: Sequence[int]) -> list[Survival]:
    """Run some races in this process."""
    logging.disable(logging.WARNING)  # faults are the point
    return [survive(wire / RECORDINGS[seed % len(RECORDINGS)], seed) for seed in seeds]


def survive_all(wire: Path, seeds: Sequence[int], workers: int) -> Iterator[Survival]:
    """Run races on several cores, and yield them as they end."""
    chunks = [seeds[first : first + CHUNK] for first in range(0, len(seeds), CHUNK)]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        for some in pool.map(survive_some, [wire] * len(chunks), chunks):
            yield from some


def score(results: Sequence[Survival]) -> str:
    """Return the score in words and figures."""
    noticed = [result for result in results if result.noticed]
    right = [result for result in results if not result.wrong]
    recoveries = sorted(r.recovery_s for r in noticed if r.recovery_s is not None)
    hidden = sorted(r.recovery_s for r in results if not r.noticed and r.recovery_s is not None)
    lines = [
        f"{len(results)} races, {sum(len(r.faults) for r in results)} faults",
        f"  messages sent {sum(r.sent for r in results)}, applied "
        f"{sum(r.applied for r in results)}, repeated {sum(r.repeated for r in results)}, "
        f"overtaken {sum(r.overtaken for r in results)}, withheld from an open line "
        f"{sum(r.withheld for r in results)}, cut short {sum(r.malformed for r in results)}",
        f"  connections {sum(r.connections for r in results)}, gaps {sum(r.gaps for r in results)}",
        f"  final state right in {len(right)} of {len(results)}",
        _spread("recovery after the last fault", recoveries, len(noticed)),
        _spread("... where single messages vanished without a trace", hidden, None),
        f"  longest time between two frames {max(r.longest_silence_s for r in results):.2f} s",
    ]
    return "\n".join(lines)


def _spread(what: str, values: Sequence[float], of: int | None) -> str:
    if not values:
        return f"  {what}: none"
    p99 = values[int(0.99 * (len(values) - 1))]
    counted = f" ({len(values)} of {of} races)" if of is not None else f" ({len(values)} races)"
    middle = statistics.median(values)
    return f"  {what}: p50 {middle:.2f} s, p99 {p99:.2f} s, longest {values[-1]:.2f} s{counted}"


def trouble_of(result: Survival) -> str:
    """Return what went wrong in a race; "" when nothing did."""
    faults = ", ".join(f"{f.kind} {f.from_s:.0f}-{f.to_s:.0f}" for f in result.faults)
    if result.wrong:
        return f"wrong at the end: {'; '.join(result.wrong)[:300]} [{faults}]"
    late = result.recovery_s is None or result.recovery_s > RECOVERED_WITHIN_S
    if result.noticed and late:
        return f"recovered after {result.recovery_s} s [{faults}]"
    return ""
