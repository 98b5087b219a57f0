"""Search the learners' settings on whole later seasons, and log every draw.

    python -m ml.tuning --data build/battles.parquet --member om --draws 12 \
        --log docs/research/tuning.jsonl

A draw is fitted on the seasons before a validation season and scored on it, for each of
`VALIDATION_SEASONS`; 2025 and 2026 are never looked at. The log holds the search space with
each draw, so that it shows what was tried and what was not.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed

from ml.members import MEMBERS, Member, Training, fit_member
from ml.metrics import losses
from ml.mixture_table import BattleTable, read_battles
from pitwall.prediction.stacker import sigmoid

log = logging.getLogger(__name__)

VALIDATION_SEASONS: Final = (2023, 2024)
_LIGHTGBM: Final[Mapping[str, Sequence[Any]]] = {
    "rounds": (300, 400, 550, 700, 900),
    "learning_rate": (0.02, 0.03, 0.04, 0.05),
    "num_leaves": (8, 12, 14, 20, 24, 31),
    "min_data_in_leaf": (20, 30, 60, 120, 240),
    "feature_fraction": (0.1, 0.2, 0.35, 0.5),
    "lambda_l2": (3, 10, 30),
    "path_smooth": (0, 10, 30),
}
SPACES: Final[Mapping[str, Mapping[str, Sequence[Any]]]] = {
    "om": {**_LIGHTGBM, "extra_trees": (False, False, True)},
    "boost": {
        "rounds": (200, 300, 400, 520, 700),
        "eta": (0.02, 0.03, 0.05),
        "max_depth": (4, 5, 6),
        "min_child_weight": (5, 12, 25),
        "subsample": (0.5, 0.7, 0.85),
        "colsample_bytree": (0.15, 0.25, 0.4, 1.0),
        "colsample_bynode": (0.15, 0.3, 1.0),
        "reg_lambda": (3, 8, 20),
        "num_parallel_tree": (1, 1, 3),
    },
    "aero": {**_LIGHTGBM, "extra_trees": (True,)},
    "pooled": _LIGHTGBM,
}


def draws_of(member: Member, count: int, seed: int) -> list[Member]:
    """Return a member with its own settings, then with drawn ones, `count` in all."""
    random = np.random.default_rng([seed, *member.name.encode()])
    drawn = [member]
    for _ in range(count - 1):
        space = SPACES[member.name]
        chosen = {name: values[int(random.integers(len(values)))] for name, values in space.items()}
        rounds = int(chosen.pop("rounds"))
        drawn.append(replace(member, rounds=rounds, settings=chosen))
    return drawn


def judged(table: BattleTable, member: Member, threads: int) -> dict[str, Any]:
    """Return a draw's settings with its log-loss on each validation season."""
    scores = {}
    for season in VALIDATION_SEASONS:
        known = np.isfinite(table.y1)
        before, now = known & (table.years < season), known & (table.years == season)
        training = Training(
            table.rows[before], table.y1[before], table.columns, np.ones(int(before.sum()))
        )
        fitted = fit_member(member, training, 0, threads)
        p = sigmoid(fitted.expert.margins(table.rows[now]))
        scores[str(season)] = round(float(losses(table.y1[now], p).mean()), 5)
    return {
        "member": member.name,
        "rounds": member.rounds,
        "settings": dict(member.settings),
        "log_loss": scores,
        "mean": round(float(np.mean(list(scores.values()))), 5),
        "space": {name: list(values) for name, values in SPACES[member.name].items()},
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.tuning", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="table of battles and features")
    parser.add_argument("--member", choices=sorted(SPACES), required=True)
    parser.add_argument(
        "--draws", type=int, default=12, help="number of draws; the first has the settings in use"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--jobs", type=int, default=2, help="number of draws at once, one thread each"
    )
    parser.add_argument("--log", type=Path, required=True, help="JSON lines file to append to")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    table = read_battles(chosen.data)
    table = table.where(table.years <= max(VALIDATION_SEASONS))
    member = next(one for one in MEMBERS if one.name == chosen.member)
    work = Parallel(n_jobs=chosen.jobs, return_as="generator")(
        delayed(judged)(table, draw, 1) for draw in draws_of(member, chosen.draws, chosen.seed)
    )
    with chosen.log.open("a", encoding="utf-8") as log_file:
        for result in work:
            log.info("%s %s %s", result["mean"], result["rounds"], result["settings"])
            log_file.write(json.dumps(result, sort_keys=True) + "\n")
            log_file.flush()


if __name__ == "__main__":
    main()
