"""Forecast given battles of any archive with the server's own code; see `ml.score`.

Code that runs in other processes is here and not in the command, since a module that is run as
a program cannot be imported there under its own name.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from ml.line_rows import ROW_KEYS, line_rows
from ml.races import with_progress
from ml.replay import RaceStory, battle_of, zero_of_race
from pitwall.domain.battles import Battle
from pitwall.domain.race import RaceState
from pitwall.feeds.timing import TimingFeed
from pitwall.prediction.bundle import SHIPPED
from pitwall.prediction.columns.spec import EXPERTS
from pitwall.prediction.conditions import refusal
from pitwall.prediction.memory import NO_MEMORY, Memory, at_the_line, noted
from pitwall.prediction.predictor import MixturePredictor

ANSWERS: Final = (
    *("p_overtake", "p_overtake_3"),
    *(f"p_{name}" for name in EXPERTS),
    *(f"w_{name}" for name in EXPERTS),
    "p_pooled",
    *("c_base", *(f"c_{name}" for name in EXPERTS)),
    *("p_low", "p_high", "p_kept"),
)
_AGE: Final = "gap_age_ms"


def score(
    archive: Path, rows: pd.DataFrame, model: Path = SHIPPED, n_jobs: int = 2
) -> pd.DataFrame:
    """Return the rows' keys with the forecasts of each, in the order of the rows.

    Args:
        archive: A folder in the layout of the timing archive.
        rows: Battles; the columns of `ROW_KEYS` and `gap_ms, attacker_pos` are read. Rows with a
            `gap_age_ms` are moments, read as the state was then; those without are at the line.
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
    answers: dict[int, list[float | str]] = {}
    for at_ms, of_instant in groupby(_in_time(archive, session_id, rows), itemgetter("t_ms")):
        at = zero + timedelta(milliseconds=int(at_ms))
        moments = []
        for row in of_instant:
            if row["at_line"]:
                memory = _at_line(predictor, story, row, at, memory, answers)
            else:
                moments.append(row)
        if moments:
            battles = [battle_of(row, at) for row in moments]
            found = _forecasts(predictor, story.at(at), battles, memory)[0]
            answers |= {row["index"]: one for row, one in zip(moments, found, strict=True)}
    columns = [*ANSWERS, "refused"]
    return pd.DataFrame.from_dict(answers, orient="index", columns=columns)


def _at_line(
    predictor: MixturePredictor,
    story: RaceStory,
    row: Mapping[Hashable, Any],
    at: datetime,
    memory: Memory,
    answers: dict[int, list[float | str]],
) -> Memory:
    """Forecast a battle at the line, and return the memory with it."""
    battle = battle_of(row, at)
    race = story.at_crossing(at, int(row["lap"]), (battle.defender, battle.attacker))
    (answer,), plain = _forecasts(predictor, race, [battle], memory)
    if row["index"] >= 0:
        answers[row["index"]] = answer
    if answer[-1]:  # live, a battle without a forecast leaves no residual
        return memory
    return noted(memory, [at_the_line(race, battle)], plain)


def _forecasts(
    predictor: MixturePredictor, race: RaceState, battles: Sequence[Battle], memory: Memory
) -> tuple[list[list[float | str]], list[float]]:
    """Return the answers on battles of one instant, and the plain forecasts of those with one."""
    refused = [str(refusal(race, battle) or "") for battle in battles]
    asked = [battle for battle, why in zip(battles, refused, strict=True) if not why]
    if not asked:
        return [[*_NOTHING, why] for why in refused], []
    features, residuals = predictor.rows(race, asked, memory)
    opinions = predictor.mixture.opinions(features, residuals)
    numbers = np.column_stack(
        [
            *(opinions.p_overtake, opinions.p_overtake_3, opinions.p_experts, opinions.shares),
            predictor.mixture.pooled(features),
            *(opinions.base, opinions.contributions),
            *(opinions.low, opinions.high, opinions.p_kept),
        ]
    ).tolist()
    given = iter(numbers)
    answers = [[*(_NOTHING if why else next(given)), why] for why in refused]
    return answers, opinions.p_plain.tolist()


_NOTHING: Final = (float("nan"),) * len(ANSWERS)


def _in_time(archive: Path, session_id: int, rows: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Return the rows and all other battles at the line, by time; `index` is -1 for the others."""
    laps = pd.read_parquet(archive / "laps.parquet", filters=[("session_id", "==", session_id)])
    ages = rows[_AGE] if _AGE in rows else pd.Series(np.nan, index=rows.index)
    asked = rows[[*ROW_KEYS, "gap_ms", "attacker_pos"]].assign(
        **{"at_line": ages.isna(), _AGE: ages.fillna(0)}
    )
    asked = asked.reset_index(names="index")
    others = line_rows(laps).assign(**{"index": -1, "at_line": True, _AGE: 0})
    keys = [*ROW_KEYS, "at_line"]
    both = pd.concat([asked, others], ignore_index=True)
    both = both[both["index"].ge(0) | ~both.duplicated(keys)]
    ordered = both.sort_values(["t_ms", "at_line", "attacker"], kind="stable")
    return [dict(zip(ordered.columns, row, strict=True)) for row in ordered.itertuples(index=False)]


@lru_cache(maxsize=1)
def _predictor(model: Path) -> MixturePredictor:
    """Return the predictor; each process reads the bundle once."""
    return MixturePredictor.load(model)
