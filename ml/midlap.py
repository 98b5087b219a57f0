"""Judge forecasts between the lines, where the model was not trained but is read.

A forecast in mid-lap is taken to mean: ahead a lap from now. The rows whose battles the
next three laps leave undisturbed are followed to several points of the lap after the line,
and the running order a lap later says what came of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ml.replay import RaceStory, zero_of_race
from ml.scores import score
from pitwall.domain.battles import Battle, interval_between
from pitwall.domain.race import CarState, RaceState
from pitwall.feeds.timing import TimingFeed
from pitwall.prediction.predictor import LogisticPredictor

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
OPENS_BELOW_S = 2.0


@dataclass(frozen=True, slots=True)
class MidLap:
    """Forecasts at one share of the lap done, and what came of them a lap later."""

    share: float
    rows: int
    forecast: float
    observed: float
    log_loss: float
    roc_auc: float
    ece: float


class _Task(NamedTuple):
    """Something to read at an instant: the lap at share 0, then a forecast, then its outcome."""

    at: datetime
    row: int
    share: float
    p: float = -1.0


class _Outcome(NamedTuple):
    share: float
    p: float
    passed: float


def judge_midlap(
    archive: Path, battles: pd.DataFrame, predictor: LogisticPredictor
) -> list[MidLap]:
    """Return how forecasts fare at `SHARES` of the lap, on rows that stay undisturbed."""
    rows = battles[battles.y3.notna()]
    found = [
        outcome
        for session_id, race_rows in rows.groupby("session_id")
        for outcome in _follow(archive, int(str(session_id)), race_rows, predictor)
    ]
    return [_judged(share, [one for one in found if one.share == share]) for share in SHARES]


def _follow(
    archive: Path, session_id: int, rows: pd.DataFrame, predictor: LogisticPredictor
) -> Iterator[_Outcome]:
    zero = zero_of_race(archive, session_id)
    story = RaceStory(TimingFeed(archive, str(session_id)).messages())
    pairs = list(zip(rows.attacker.tolist(), rows.defender.tolist(), strict=True))
    tasks = [
        _Task(zero + timedelta(milliseconds=t_ms), row, 0.0)
        for row, t_ms in enumerate(rows.t_ms.tolist())
    ]
    heapq.heapify(tasks)
    while tasks:
        task = heapq.heappop(tasks)
        race = story.at(task.at)
        attacker, defender = (race.cars.get(number) for number in pairs[task.row])
        if attacker is None or defender is None or not attacker.last_lap_s:
            continue
        lap = timedelta(seconds=attacker.last_lap_s)
        if task.share == 0:
            for share in SHARES:
                heapq.heappush(tasks, _Task(task.at + share * lap, task.row, share))
        elif task.p >= 0:
            passed = (attacker.position or 0) < (defender.position or 0)
            yield _Outcome(task.share, task.p, float(passed))
        elif (p := _forecast(race, attacker, defender, predictor)) is not None:
            heapq.heappush(tasks, _Task(task.at + lap, task.row, task.share, p))


def _forecast(
    race: RaceState, attacker: CarState, defender: CarState, predictor: LogisticPredictor
) -> float | None:
    """Return p if the two are still in battle, one place apart; else None."""
    if (attacker.position or 0) - (defender.position or 0) != 1:
        return None
    measured = interval_between(defender, attacker)
    if measured is None or measured[0] >= OPENS_BELOW_S:
        return None
    place, now = defender.position or 0, race.as_of
    battle = Battle(attacker.number, defender.number, place, *measured, now, 0)
    return predictor.forecast(race, [battle])[0].p_overtake


def _judged(share: float, outcomes: list[_Outcome]) -> MidLap:
    p = np.array([one.p for one in outcomes])
    y = np.array([one.passed for one in outcomes])
    scores = score(y, p)
    return MidLap(
        share,
        len(y),
        float(p.mean()),
        float(y.mean()),
        scores.log_loss,
        scores.roc_auc,
        scores.ece,
    )
