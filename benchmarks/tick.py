"""Time one tick of 19 battles: the predictor against `predict_proba` on a DataFrame for each.

Everything runs on one thread, interleaved in one run. Both sides use the same trees: three experts,
the three-lap model and the model of interruptions. The naive side calls them through the
libraries' scikit-learn wrappers, with a scikit-learn logistic regression as stacker. Where features
are included, it computes them for one battle at a time.

What follows from completed laps is kept until a car completes one, which happens in about one tick
of four. Such a tick is timed as well.
"""

from __future__ import annotations

import multiprocessing
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from pitwall.domain.battles import Battle
from pitwall.domain.gaps import TimeGap
from pitwall.domain.race import DriverNumber, RaceState
from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.prediction.bundle import SHIPPED, Bundle
from pitwall.prediction.columns.spec import EXPERTS
from pitwall.prediction.features import FeatureCache, feature_matrix
from pitwall.prediction.gate import OUTCOMES
from pitwall.prediction.memory import Memory
from pitwall.prediction.predictor import MixturePredictor

BATTLES: Final = 19
LAP: Final = 20
TURNS: Final = 200
NAIVE_TURNS: Final = 7
BUSY: Final = 2


def main() -> None:
    """Print the ratios."""
    cache = FeatureCache()
    predictor = MixturePredictor.load().for_playback(cache)
    race, battles, memory = _a_full_tick(predictor)
    rows, residuals = predictor.rows(race, battles, memory)
    naive, knowledge = _Naive(predictor.bundle), predictor.bundle.knowledge
    model_alone = {
        "native, all battles at once": lambda: predictor.mixture.opinions(rows, residuals),
        "naive, one by one": lambda: [naive.predict(rows[i]) for i in range(BATTLES)],
    }

    def after_a_lap() -> object:
        cache.of_laps.clear()
        return predictor.forecast(race, battles, memory)

    naive_rows: dict[str, Callable[[], object]] = {
        "naive, features one by one": lambda: [
            naive.predict(feature_matrix(race, [battle], knowledge, cache)[0]) for battle in battles
        ],
    }
    served: dict[str, Callable[[], object]] = {
        "a forecast as served, reasons included": lambda: predictor.forecast(race, battles, memory)
    }
    lap_completed: dict[str, Callable[[], object]] = {
        "as served, a car has just completed a lap": after_a_lap
    }
    sys.stdout.write(f"\nOne tick of {BATTLES} battles, one thread, median of {TURNS}\n")
    for title, ways in (
        ("model alone", model_alone),
        ("with features", served | naive_rows),
        ("with features", lap_completed | naive_rows),
    ):
        _print_pair(title, ways)
    _print_tail(model_alone["native, all battles at once"])


def _a_full_tick(predictor: MixturePredictor) -> tuple[RaceState, list[Battle], Memory]:
    """Return a simulated race in its middle with every car in battle with the next."""
    engine = RaceEngine(predictor)
    for message in SimulatedFeed(1).messages():
        engine.take(message)
        if engine.state.race.lap >= LAP:
            break
    race = engine.state.race
    running = [car for car in race.in_order() if car.is_running][: BATTLES + 1]
    cars = {car.number: replace(car, interval=TimeGap(1.0)) for car in running}
    race = replace(race, cars={**race.cars, **cars})
    battles = [
        Battle(
            DriverNumber(behind.number), DriverNumber(ahead.number), place, 1.0, race.as_of,
            race.as_of, LAP - 3,
        )
        for place, (ahead, behind) in enumerate(pairwise(running), start=1)
    ]  # fmt: skip
    return race, battles, engine.state.memory


class _Naive:
    """Forecasts with the same trees as a typical project would: through their libraries."""

    def __init__(self, bundle: Bundle) -> None:
        import lightgbm
        import xgboost

        self._models: list[tuple[Any, list[str], list[int]]] = []
        random = np.random.default_rng(0)
        parts = bundle.parts
        experts = {**parts.experts, "interruption": parts.interruption.expert}
        for name in (*EXPERTS, "three", "interruption"):
            expert = experts[name]
            seen = expert.columns.tolist()
            names = [bundle.parts.columns[i].name for i in seen]
            frame = pd.DataFrame(random.normal(size=(40, len(seen))), columns=names)
            kind = bundle.training["libraries"][name]
            trees = int(bundle.training["trees"][name])
            wrapper: Any = (
                lightgbm.LGBMClassifier(n_estimators=1, n_jobs=1, verbose=-1)
                if kind == "lightgbm"
                else xgboost.XGBClassifier(n_estimators=trees, n_jobs=1)
            )
            wrapper.fit(frame, np.arange(40) % (len(OUTCOMES) if name == "interruption" else 2))
            _swap_booster(wrapper, kind, name)
            self._models.append((wrapper, names, seen))
        stacker = random.normal(size=(60, len(EXPERTS)))
        self._stacker = LogisticRegression().fit(stacker, np.arange(60) % 2)

    def predict(self, row: Any) -> float:  # noqa: ANN401  an array row of either precision
        """Return one battle's probability."""
        opinions = [
            float(model.predict_proba(pd.DataFrame([row[seen]], columns=names))[0, 1])
            for model, names, seen in self._models
        ]
        return float(self._stacker.predict_proba([opinions[: len(EXPERTS)]])[0, 1])


def _swap_booster(wrapper: Any, kind: str, name: str) -> None:  # noqa: ANN401  library objects
    """Put the trained trees behind a wrapper, so that both ways walk the same ones."""
    import lightgbm
    import xgboost

    wrapper._Booster = (
        lightgbm.Booster(model_file=SHIPPED / f"{name}.txt")
        if kind == "lightgbm"
        else xgboost.Booster({"nthread": 1}, model_file=SHIPPED / f"{name}.ubj")
    )


def _print_pair(title: str, ways: dict[str, Callable[[], object]]) -> None:
    (fast_name, fast), (naive_name, naive) = ways.items()
    fast_s, naive_s = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(NAIVE_TURNS):
            naive_s.append(_timed(naive))
            fast_s += [_timed(fast) for _ in range(TURNS // NAIVE_TURNS)]
    quick, slow = statistics.median(fast_s), statistics.median(naive_s)
    sys.stdout.write(
        f"  {title}: {fast_name} {quick * 1e6:,.0f} us; {naive_name} {slow * 1e6:,.0f} us: "
        f"{slow / quick:.0f} times\n"
    )


def _print_tail(work: Callable[[], object]) -> None:
    with _busy_neighbours():
        times = sorted(_timed(work) for _ in range(1000))
    half, last = times[500], times[990]
    sys.stdout.write(
        f"  beside {BUSY} busy neighbours: p50 {half * 1e6:,.0f} us, p99 {last * 1e6:,.0f} us, "
        f"{last / half:.1f} times\n"
    )


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def _busy_neighbours() -> Iterator[None]:
    """Keep as many processes busy as a small server has cores."""
    running = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(BUSY)]
    for process in running:
        process.start()
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.join()


def _spin() -> None:
    while True:
        sum(range(1000))
