"""Build rows at feed cadence: one every five seconds of every battle while it lasts.

A row's label says whether the attacker is ahead one lap later, where a lap takes as long as the
attacker's last one. The rows are read from the same state as a live forecast, between the lines
and at them. Only battles on slicks, on a clear track, both past their second lap and not fresh from
the pits have a row, so that scores compare with those of the first release; `ml.moments` has all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ml.replay import RaceStory
from ml.rulebook import read_rules
from ml.timeline import HOLD, PASS, Timeline
from pitwall.domain.battles import Battle, follow_battles
from pitwall.domain.forecasts import Condition
from pitwall.domain.race import RaceState
from pitwall.feeds.timing import TimingFeed
from pitwall.feeds.timing.tables import RaceEntry
from pitwall.prediction.columns.knowledge import Knowledge
from pitwall.prediction.conditions import condition, why_no_forecast
from pitwall.prediction.features import FeatureCache, feature_matrix, feature_names
from pitwall.prediction.situation import lap_duration_s

EVERY_S: Final = 5
FIRST_SEASON: Final = 2023  # what a gap means between the lines shows in two seasons
TESTED_FROM: Final = 2025  # seasons before only teach the gap-only forecast
SPARSE_S: Final = 55  # between the rows of those seasons: two a lap, anywhere in the lap
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _UnlabelledRow:
    """One row before its outcome is known."""

    battle: Battle
    second: int
    lap_s: float
    lap: int
    name: tuple[str, ...]


def cadence_table(archive: Path, entry: RaceEntry, _rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of one race with their features, outcome and label."""
    feed = TimingFeed(archive, entry.race_id)
    messages = list(feed.messages())
    story, features, timeline = RaceStory(messages), FeatureCache(), Timeline()
    knowledge = Knowledge(rules=read_rules())
    every_s = EVERY_S if entry.year >= TESTED_FROM else SPARSE_S
    first, last = messages[0].sent_at, messages[-1].sent_at
    battles: tuple[Battle, ...] = ()
    pending: list[_UnlabelledRow] = []
    matrices = [np.empty((0, len(feature_names())), dtype=np.float32)]
    for second in range(int((last - first).total_seconds())):
        race = story.at(first + second * _SECOND)
        timeline.note(race)
        battles, _ = follow_battles(race, battles)
        if second % every_s:
            continue
        answerable = [battle for battle in battles if _is_settled(race, battle)]
        if answerable:
            matrices.append(
                feature_matrix(race, answerable, knowledge, features).astype(np.float32)
            )
            pending += [_row(race, battle, second) for battle in answerable]
    table = pd.DataFrame(np.concatenate(matrices), columns=list(feature_names()))
    return table.join(_labels(entry, pending, timeline))


def _is_settled(race: RaceState, battle: Battle) -> bool:
    """Return whether a battle is forecast, and in a condition that every release forecast."""
    if why_no_forecast(race, battle):
        return False
    return condition(race, battle) in {Condition.CLEAN, Condition.RESTART}


def _row(race: RaceState, battle: Battle, second: int) -> _UnlabelledRow:
    attacker, defender = race.cars[battle.attacker], race.cars[battle.defender]
    lap_s = lap_duration_s(attacker)
    drivers = (attacker.driver, defender.driver)
    names = (*(one.code for one in drivers), *(one.team for one in drivers))
    return _UnlabelledRow(battle, second, lap_s, attacker.laps_completed, names)


def _labels(entry: RaceEntry, pending: list[_UnlabelledRow], timeline: Timeline) -> pd.DataFrame:
    """Return the keys, outcome and label of each row."""
    outcomes = [
        timeline.outcome(one.battle.attacker, one.battle.defender, one.second, round(one.lap_s))
        for one in pending
    ]
    return pd.DataFrame(
        {
            "session_id": entry.session_id,
            "year": entry.year,
            "lap": [one.lap for one in pending],
            "t_ms": [1000 * one.second for one in pending],
            "resolve_t": [1000.0 * (one.second + one.lap_s) for one in pending],
            "attacker": [int(one.battle.attacker) for one in pending],
            "defender": [int(one.battle.defender) for one in pending],
            "outcome": outcomes,
            "y1": [{PASS: 1.0, HOLD: 0.0}.get(outcome, np.nan) for outcome in outcomes],
            "y3": np.nan,
            "kept": np.nan,
            "kind": str(Condition.CLEAN),
            "attacker_code": [one.name[0] for one in pending],
            "defender_code": [one.name[1] for one in pending],
            "attacker_team": [one.name[2] for one in pending],
            "defender_team": [one.name[3] for one in pending],
            "race_id": entry.race_id,
            "circuit": entry.circuit,
            "quality": entry.quality,
        }
    )
