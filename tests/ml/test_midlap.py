"""Forecasts in mid-lap are judged by who is ahead a lap later."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ml.midlap import SHARES, judge_midlap
from pitwall.feeds.timing import list_races
from pitwall.prediction.predictor import LogisticPredictor


def test_mid_lap_forecasts_of_a_sprint_rank_its_passes(shared: Path) -> None:
    archive = shared / "data" / "timing"
    races = {entry.race_id: entry.session_id for entry in list_races(archive)}
    rows = pd.read_parquet(shared / "eval" / "rows.parquet")
    battles = rows[rows.session_id == races["2024-united-states-grand-prix-sprint"]]

    found = judge_midlap(archive, battles, LogisticPredictor.load())

    assert [judged.share for judged in found] == list(SHARES)
    for judged in found:
        assert 0 < judged.rows <= len(battles)
        assert judged.roc_auc > 0.7
