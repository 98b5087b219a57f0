"""Run many seeded races of OpenF1 on several cores."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.chaos.openf1_survival import OpenF1Survival, survive

CHUNK = 5


def survive_some(shared: Path, seeds: Sequence[int]) -> list[OpenF1Survival]:
    """Run some races in this process."""
    logging.disable(logging.WARNING)  # faults are the point
    return [survive(shared, seed) for seed in seeds]


def survive_all(shared: Path, seeds: Sequence[int], workers: int) -> Iterator[OpenF1Survival]:
    """Run races on several cores, and yield them as they end."""
    chunks = [seeds[first : first + CHUNK] for first in range(0, len(seeds), CHUNK)]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        for some in pool.map(survive_some, [shared] * len(chunks), chunks):
            yield from some
