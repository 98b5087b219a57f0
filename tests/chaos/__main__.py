"""Run seeded races through the chaos server and print the score: `make chaos`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.chaos import openf1_scoring
from tests.chaos.scoring import score, survive_all, trouble_of
from tests.chaos.survival import Survival

SHARED = Path(os.environ.get("PITWALL_SHARED") or Path(__file__).parents[3] / "shared")


def main() -> int:
    """Run and print; the exit code is 1 when a race was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--races", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first race")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--feed", choices=("f1_live", "openf1"), default="f1_live")
    chosen = parser.parse_args()
    wire = SHARED / "data" / "wire"
    if not wire.is_dir():
        sys.stderr.write(f"no recordings at {SHARED}; set PITWALL_SHARED\n")
        return 2
    began = time.monotonic()
    results: list[Survival] = []
    seeds = range(chosen.first, chosen.first + chosen.races)
    if chosen.feed == "openf1":
        running: Iterator[Survival] = openf1_scoring.survive_all(SHARED, seeds, chosen.workers)
    else:
        running = survive_all(wire, seeds, chosen.workers)
    for result in running:
        results.append(result)
        if trouble := trouble_of(result):
            sys.stdout.write(f"seed {result.seed} ({result.race}): {trouble}\n")
        if len(results) % 100 == 0 and len(results) < chosen.races:
            sys.stdout.write(f"after {score(results)}\n")
        sys.stdout.flush()
    sys.stdout.write(score(results) + f"\n  took {time.monotonic() - began:.0f} s\n")
    return 1 if any(trouble_of(result) for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
