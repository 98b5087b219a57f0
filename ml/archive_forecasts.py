"""Forecast given battles of any archive with the server's own code; see `ml.score`.

Code that runs in other processes is here and not in the command, since a module that is run as
a program cannot be imported there under its own name.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pandas as pd
from joblib import Parallel, delayed

from ml.line_rows import ROW_KEYS, line_rows
from ml.races import with_progress
from ml.replay import RaceStory, battle_of, zero_of_race
from pitwall.feeds.timing import TimingFeed
from pitwall.prediction.bundle import SHIPPED
from pitwall.prediction.columns.spec import EXPERTS
from pitwall.prediction.forecast import why_no_forecast
from pitwall.prediction.memory import NO_MEMORY, at_the_line, noted
from pitwall.prediction.predictor import MixturePredictor

ANSWERS: Final = (
    *("p_overtake", "p_overtake_3"),
    *(f"p_{name}" for name in EXPERTS),
    *(f"w_{name}" for name in EXPERTS),
    "p_pooled",
)


def score(
    archive: Path, rows: pd.DataFrame, model: Path = SHIPPED, n_jobs: int = 2
) -> pd.DataFrame:
    """Return the rows' keys with the forecasts of each, in the order of the rows.

    Args:
        archive: A folder in the layout of the timing archive.
        rows: Battles at the line; the columns of `ROW_KEYS` and `gap_ms, attacker_pos` are read.
        model: The bundle.
        n_jobs: Number of processes.

    Raises:
        ModelError: The bundle is missing or damaged.
        RaceNotFoundError: The archive lacks a race of the rows.
    """
    MixturePredictor.load(model)  # reports a damaged bundle once, not in every process
    races = [
        (int(str(session_id)), of_race)
        for session_id, of_race in rows.reset_index(drop=True).groupby("session_id")
    ]
    work = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(score_race)(archive, session_id, of_race, model) for session_id, of_race in races
    )
    forecasts = pd.concat(with_progress(work, len(races))).sort_index()
    return rows.reset_index(drop=True)[list(ROW_KEYS)].join(forecasts)


def score_race(archive: Path, session_id: int, rows: pd.DataFrame, model: Path) -> pd.DataFrame:
    """Return the forecasts of one race's rows, by row index."""
    predictor = _predictor(model).for_playback()
    zero = zero_of_race(archive, session_id)
    story = RaceStory(TimingFeed(archive, str(session_id)).messages())
    memory = NO_MEMORY
    answers: dict[int, list[float]] = {}
    for row in _in_time(archive, session_id, rows):
        at = zero + timedelta(milliseconds=int(row["t_ms"]))
        battle = battle_of(row, at)
        race = story.at_crossing(at, int(row["lap"]), (battle.defender, battle.attacker))
        features, residuals = predictor.rows(race, [battle], memory)
        gated = predictor.mixture.gated(features, residuals)
        opinions = predictor.mixture.opinions(features, residuals, gated)
        if row["index"] >= 0:
            answers[row["index"]] = [
                float(opinions.p_overtake[0]),
                float(opinions.p_overtake_3[0]),
                *opinions.p_experts[0].tolist(),
                *opinions.shares[0].tolist(),
                float(predictor.mixture.pooled(features)[0]),
            ]
        if not why_no_forecast(race, battle):  # live, other battles leave no residual
            memory = noted(memory, [at_the_line(race, battle)], opinions.p_plain.tolist())
    return pd.DataFrame.from_dict(answers, orient="index", columns=list(ANSWERS))


def _in_time(archive: Path, session_id: int, rows: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Return the rows and all other battles at the line, by time; `index` is -1 for the others."""
    laps = pd.read_parquet(archive / "laps.parquet", filters=[("session_id", "==", session_id)])
    rows_asked = rows[[*ROW_KEYS, "gap_ms", "attacker_pos"]].reset_index(names="index")
    others = line_rows(laps).assign(index=-1)
    both = pd.concat([rows_asked, others], ignore_index=True)
    both = both[both["index"].ge(0) | ~both.duplicated(list(ROW_KEYS))]
    ordered = both.sort_values(["t_ms", "attacker"], kind="stable")
    return [dict(zip(ordered.columns, row, strict=True)) for row in ordered.itertuples(index=False)]


@lru_cache(maxsize=1)
def _predictor(model: Path) -> MixturePredictor:
    """Return the predictor; each process reads the bundle once."""
    return MixturePredictor.load(model)
