"""Build rows at any second: the features and labels of the moments of the fixed evaluation.

A moment is one battle at one instant, between the lines or at them, in every condition. The rows
themselves (which battle, when, and whether the attacker was ahead a lap later) come from outside;
this module reads the race state at each instant, as a live forecast would, and adds what the rows
do not say: the outcome within three laps, and whether a pass still stood two laps later.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ml.hindsight import Hindsight
from ml.replay import NAMES, RaceStory, battle_of, names_of, zero_of_race
from ml.rulebook import read_rules
from pitwall.feeds.timing import TimingFeed
from pitwall.feeds.timing.tables import RaceEntry
from pitwall.prediction.columns.knowledge import Knowledge
from pitwall.prediction.conditions import refusal
from pitwall.prediction.features import FeatureCache, feature_matrix, feature_names

KEYS: Final = (
    *("session_id", "year", "lap", "t_ms", "attacker", "defender", "gap_ms", "gap_age_ms"),
    *("attacker_pos", "horizon_ms", "outcome", "y", "kind"),
)


def moment_rows(archive: Path, entry: RaceEntry, rows: pd.DataFrame) -> pd.DataFrame:
    """Return one race's moments with features, names, labels and the reason for no forecast.

    Args:
        archive: The timing archive.
        entry: The race.
        rows: Its moments, with the columns of `KEYS`.
    """
    zero = zero_of_race(archive, entry.session_id)
    story = RaceStory(TimingFeed(archive, str(entry.session_id)).messages())
    cache, knowledge = FeatureCache(), Knowledge(rules=read_rules())
    ordered = rows.sort_values(["t_ms", "attacker_pos"], kind="stable").reset_index(drop=True)
    matrices, facts = [np.empty((0, len(feature_names())), dtype=np.float32)], []
    for t_ms, of_instant in ordered.groupby("t_ms", sort=True):
        at = zero + timedelta(milliseconds=int(str(t_ms)))
        race = story.at(at)
        battles = [battle_of(row, at) for row in of_instant.to_dict("records")]
        matrices.append(feature_matrix(race, battles, knowledge, cache).astype(np.float32))
        facts += [(*names_of(race, one), refusal(race, one) or "") for one in battles]
    features = pd.DataFrame(np.concatenate(matrices), columns=list(feature_names()))
    seen = Hindsight.of(archive, entry.session_id)
    end_ms = (ordered.t_ms + ordered.horizon_ms).to_numpy(np.float64)
    table = ordered.join(features).join(pd.DataFrame(facts, columns=[*NAMES, "refused"]))
    return table.assign(
        y1=ordered.y,
        y3=seen.within_three(ordered, ordered.y.to_numpy(np.float64)),
        kept=seen.kept(ordered, ordered.y.to_numpy(np.float64), end_ms),
        resolve_t=np.where(np.isfinite(ordered.y), end_ms, np.nan),
        race_id=entry.race_id,
        circuit=entry.circuit,
        quality=entry.quality,
    )
