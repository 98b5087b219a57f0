"""Measure how calmly forecasts change: replay races second by second with a bundle's predictor.

    python -m ml.smoothness --archive DIR --years 2025 --races 4

A forecast should change because the battle changed. Reported are the median absolute step of
`p_overtake` from one second to the next, over all seconds and over those at 10 % or more, and the
share of the steps above ten points that were taken back within five seconds: of the forecast itself
and of the chance that the page shows (`engine.attention`). A step is taken back when half of it
goes within five seconds.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from ml.metrics import Array
from pitwall.domain.events import TimingEvent
from pitwall.engine.battle_traces import Pair
from pitwall.engine.race_engine import Ended, EngineState, RaceEngine
from pitwall.feeds.timing import TimingFeed, list_races
from pitwall.prediction.bundle import SHIPPED
from pitwall.prediction.predictor import MixturePredictor
from pitwall.wire.message import RawMessage

log = logging.getLogger(__name__)

_LARGE: Final = 0.10
_BACK_WITHIN_S: Final = 5
_BACK_SHARE: Final = 0.5
_LIKELY: Final = 0.10


@dataclass(slots=True)
class Runs:
    """What was said of each battle, one value a second, for as long as it was said every second."""

    done: list[list[float]] = field(default_factory=list)
    under_way: dict[Pair, list[float]] = field(default_factory=dict)

    def add(self, chances: dict[Pair, float]) -> None:
        """Add one second; battles that are not in it are over."""
        now = {pair: [*self.under_way.pop(pair, []), p] for pair, p in chances.items()}
        self.done += self.under_way.values()
        self.under_way = now

    def all(self) -> list[Array]:
        """Return every run."""
        return [np.array(run) for run in (*self.done, *self.under_way.values())]


class _Watch:
    """An engine's observer that keeps what is forecast and what is shown."""

    def __init__(self) -> None:
        self.forecast_runs, self.shown_runs = Runs(), Runs()

    def took(self, message: RawMessage, events: Sequence[TimingEvent], state: EngineState) -> None:
        """Do nothing: forecasts are made once a second, whatever is sent."""

    def ended(self, told: Sequence[Ended]) -> None:
        """Do nothing: a battle that is over has no forecast."""

    def forecast(self, state: EngineState) -> None:
        """Keep one second."""
        made = {pair: one.p_overtake for pair, one in state.forecasts.items()}
        shown = {pair: one.shown for pair, one in state.attention.watched.items()}
        for runs, chances in ((self.forecast_runs, made), (self.shown_runs, shown)):
            runs.add({pair: p for pair, p in chances.items() if p is not None})


def runs_of(
    predictor: MixturePredictor, archive: Path, race_id: str
) -> tuple[list[Array], list[Array]]:
    """Return the forecasts of each battle of a race, one a second, and the chances shown.

    Args:
        predictor: With or without reasons.
        archive: The timing archive.
        race_id: The race.
    """
    watch = _Watch()
    engine = RaceEngine(predictor.without_reasons(), observer=watch)
    for message in TimingFeed(archive, race_id).messages():
        engine.take(message)
    return watch.forecast_runs.all(), watch.shown_runs.all()


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
    made: list[Array] = []
    shown: list[Array] = []
    races = [one for one in list_races(chosen.archive) if one.year in chosen.years]
    for race in races[: chosen.races]:
        of_race = runs_of(predictor, chosen.archive, race.race_id)
        made, shown = made + of_race[0], shown + of_race[1]
        log.info("%s: forecast %s", race.race_id, smoothness(of_race[0]))
        log.info("%s: shown %s", race.race_id, smoothness(of_race[1]))
    log.info("all: forecast %s", smoothness(made))
    log.info("all: shown %s", smoothness(shown))


if __name__ == "__main__":
    main()
