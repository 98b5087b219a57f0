"""Battles at feed cadence: a row every five seconds of every battle while it lasts.

A row's label says whether the attacker is ahead one lap later, a lap being as long as his last
one was. The rows are read from the same state as a live forecast, between the lines and at them;
where the forecaster would refuse to answer there is no row.
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
from pitwall.domain.race import RaceState
from pitwall.feeds.timing import TimingFeed
from pitwall.feeds.timing.tables import RaceEntry
from pitwall.prediction.columns.knowledge import Knowledge
from pitwall.prediction.features import FeatureCache, feature_matrix, feature_names
from pitwall.prediction.forecast import why_no_forecast
from pitwall.prediction.situation import lap_duration_s

EVERY_S: Final = 5
FIRST_SEASON: Final = 2023  # what a gap means between the lines shows in two seasons
TESTED_FROM: Final = 2025  # seasons before only teach the gap-only forecast
SPARSE_S: Final = 55  # between their rows: two a lap say nearly all, and lie anywhere in the lap
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Asked:
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
    story, book, timeline = RaceStory(messages), FeatureCache(), Timeline()
    knowledge = Knowledge(rules=read_rules())
    every_s = EVERY_S if entry.year >= TESTED_FROM else SPARSE_S
    first, last = messages[0].sent_at, messages[-1].sent_at
    battles: tuple[Battle, ...] = ()
    asked: list[_Asked] = []
    matrices = [np.empty((0, len(feature_names())), dtype=np.float32)]
    for second in range(int((last - first).total_seconds())):
        race = story.at(first + second * _SECOND)
        timeline.note(race)
        battles, _ = follow_battles(race, battles)
        if second % every_s:
            continue
        open_now = [battle for battle in battles if not why_no_forecast(race, battle)]
        if open_now:
            matrices.append(feature_matrix(race, open_now, knowledge, book).astype(np.float32))
            asked += [_row(race, battle, second) for battle in open_now]
    table = pd.DataFrame(np.concatenate(matrices), columns=list(feature_names()))
    return table.join(_told(entry, asked, timeline))


def _row(race: RaceState, battle: Battle, second: int) -> _Asked:
    attacker, defender = race.cars[battle.attacker], race.cars[battle.defender]
    lap_s = lap_duration_s(attacker)
    drivers = (attacker.driver, defender.driver)
    names = (*(one.code for one in drivers), *(one.team for one in drivers))
    return _Asked(battle, second, lap_s, attacker.laps_completed, names)


def _told(entry: RaceEntry, asked: list[_Asked], timeline: Timeline) -> pd.DataFrame:
    """Return who, when, and what came of it."""
    outcomes = [
        timeline.outcome(one.battle.attacker, one.battle.defender, one.second, round(one.lap_s))
        for one in asked
    ]
    return pd.DataFrame(
        {
            "session_id": entry.session_id,
            "year": entry.year,
            "lap": [one.lap for one in asked],
            "t_ms": [1000 * one.second for one in asked],
            "resolve_t": [1000.0 * (one.second + one.lap_s) for one in asked],
            "attacker": [int(one.battle.attacker) for one in asked],
            "defender": [int(one.battle.defender) for one in asked],
            "outcome": outcomes,
            "y1": [{PASS: 1.0, HOLD: 0.0}.get(outcome, np.nan) for outcome in outcomes],
            "y3": np.nan,
            "attacker_code": [one.name[0] for one in asked],
            "defender_code": [one.name[1] for one in asked],
            "attacker_team": [one.name[2] for one in asked],
            "defender_team": [one.name[3] for one in asked],
            "race_id": entry.race_id,
            "circuit": entry.circuit,
            "quality": entry.quality,
        }
    )
