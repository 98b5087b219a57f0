"""Measure how calmly forecasts change: replay races second by second with a bundle's predictor.

    python -m ml.smoothness --archive DIR --years 2025 --races 4

A forecast should change because the battle changed. Reported are the median absolute step of
`p_overtake` from one second to the next, over all seconds and over those at 10 % or more, and the
share of the steps above ten points that were taken back within five seconds.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np

from ml.metrics import Array
from ml.replay import RaceStory
from pitwall.domain.battles import Battle, follow_battles
from pitwall.domain.race import DriverNumber
from pitwall.feeds.timing import TimingFeed, list_races
from pitwall.prediction.bundle import SHIPPED
from pitwall.prediction.memory import NO_MEMORY
from pitwall.prediction.predictor import MixturePredictor

log = logging.getLogger(__name__)

_SECOND: Final = timedelta(seconds=1)
_LARGE: Final = 0.10
_BACK_WITHIN_S: Final = 5
_BACK_SHARE: Final = 0.5
_LIKELY: Final = 0.10


def runs_of(predictor: MixturePredictor, archive: Path, race_id: str) -> Iterator[Array]:
    """Yield the forecasts of each battle of a race, one a second, as long as they follow closely.

    Args:
        predictor: With or without reasons.
        archive: The timing archive.
        race_id: The race.
    """
    messages = list(TimingFeed(archive, race_id).messages())
    story, memory = RaceStory(messages), NO_MEMORY
    own = predictor.without_reasons().for_playback()
    battles: tuple[Battle, ...] = ()
    open_runs: dict[tuple[DriverNumber, DriverNumber], list[float]] = {}
    first, last = messages[0].sent_at, messages[-1].sent_at
    for second in range(int((last - first).total_seconds())):
        race = story.at(first + second * _SECOND)
        battles, _ = follow_battles(race, battles)
        answers = own.forecast(race, battles, memory)
        memory = answers.memory
        now: dict[tuple[DriverNumber, DriverNumber], list[float]] = {}
        for battle, answer in zip(battles, answers.forecasts, strict=True):
            pair = (battle.attacker, battle.defender)
            if answer.p_overtake is not None:
                now[pair] = [*open_runs.pop(pair, []), answer.p_overtake]
        yield from (np.array(run) for run in open_runs.values())
        open_runs = now
    yield from (np.array(run) for run in open_runs.values())


def smoothness(runs: Sequence[Array]) -> dict[str, float]:
    """Return the figures of the module's description for the forecasts of battles, by second.

    A figure of which there is nothing to measure is NaN.
    """
    steps, likely, large, back = [np.empty(0)], [np.empty(0)], 0, 0
    for run in runs:
        step = np.diff(run)
        steps.append(np.abs(step))
        likely.append(np.abs(step[run[:-1] >= _LIKELY]))
        for at in np.flatnonzero(np.abs(step) > _LARGE).tolist():
            after = run[at + 1 : at + 2 + _BACK_WITHIN_S]
            returned = (after[0] - after) * np.sign(step[at]) >= _BACK_SHARE * abs(step[at])
            large += 1
            back += bool(returned.any())
    every, those = np.concatenate(steps), np.concatenate(likely)
    return {
        "seconds": len(every),
        "median_step": float(np.median(every)) if len(every) else float("nan"),
        "median_step_likely": float(np.median(those)) if len(those) else float("nan"),
        "mean_step_likely": float(np.mean(those)) if len(those) else float("nan"),
        "large_steps": large,
        "large_steps_per_hour": 3600 * large / max(len(every), 1),
        "share_taken_back": back / large if large else float("nan"),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.smoothness", description=__doc__)
    parser.add_argument("--archive", type=Path, required=True, help="folder of the archive")
    parser.add_argument("--model", type=Path, default=SHIPPED, help="bundle to replay with")
    parser.add_argument("--years", type=int, nargs="+", default=[2025])
    parser.add_argument("--races", type=int, default=4, help="number of races, the first of each")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    predictor = MixturePredictor.load(chosen.model)
    runs: list[Array] = []
    races = [one for one in list_races(chosen.archive) if one.year in chosen.years]
    for race in races[: chosen.races]:
        runs += list(runs_of(predictor, chosen.archive, race.race_id))
        log.info("%s: %s", race.race_id, smoothness(runs))


if __name__ == "__main__":
    main()
