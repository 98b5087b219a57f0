"""Test forecasts of any archive: the server's code makes them, and no later message is used."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.archive_forecasts import ANSWERS, score
from ml.line_rows import ROW_KEYS, line_rows
from ml.replay import RaceStory, battle_of, zero_of_race
from ml.score import main
from pitwall.domain.forecasts import Refusal
from pitwall.errors import ModelError
from pitwall.feeds.timing import RaceEntry, TimingFeed
from pitwall.prediction.memory import Memory
from pitwall.prediction.predictor import MixturePredictor
from tests.ml.archives import SPRINT, cut
from tests.prediction.small_bundle import write

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def rows(shared: Path, entry: RaceEntry) -> pd.DataFrame:
    """Return all evaluation rows of the sprint."""
    table = pd.read_parquet(shared / "eval" / "rows.parquet")
    return table[table.session_id == entry.session_id]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small bundle."""
    directory = tmp_path_factory.mktemp("bundle")
    write(directory)
    return directory


@pytest.fixture(scope="module")
def scored(archive: Path, rows: pd.DataFrame, model: Path) -> pd.DataFrame:
    """Return the sprint's rows with their forecasts."""
    return score(archive, rows, model, n_jobs=1)


def test_every_row_is_answered_in_its_place(scored: pd.DataFrame, rows: pd.DataFrame) -> None:
    assert list(scored.columns) == [*ROW_KEYS, *ANSWERS, "refused"]
    keys = rows[list(ROW_KEYS)].reset_index(drop=True)
    pd.testing.assert_frame_equal(scored[list(ROW_KEYS)], keys)
    given = scored[scored.refused == ""]
    assert len(given) > 0.7 * len(scored)
    assert given[list(ANSWERS)].notna().all(axis=None)
    assert scored[scored.refused != ""][list(ANSWERS)].isna().all(axis=None)
    assert set(scored.refused) <= {"", *map(str, Refusal)}
    assert (given.p_overtake_3 >= given.p_overtake).all()
    weights = given[["w_om", "w_boost", "w_aero"]].sum(axis=1)
    assert weights.tolist() == pytest.approx([1.0] * len(given))
    logits = given[["c_base", "c_om", "c_boost", "c_aero"]].sum(axis=1)
    p = given.p_overtake.to_numpy()
    assert np.log(p / (1 - p)) == pytest.approx(logits.to_numpy(), abs=1e-9)


def test_moments_of_every_kind_are_scored_as_the_state_was_then(
    archive: Path, shared: Path, rows: pd.DataFrame, model: Path, tmp_path: Path
) -> None:
    moments = pd.read_parquet(shared / "eval" / "moments.parquet")
    session_id = int(rows.session_id.iloc[0])
    moments = moments[moments.session_id == session_id]
    found = score(archive, moments, model, n_jobs=1)

    assert (found.refused == "")[moments.y.notna().to_numpy()].mean() > 0.98
    assert found.refused.eq("").equals(found[list(ANSWERS)].notna().all(axis=1))
    assert found[found.refused != ""][list(ANSWERS)].isna().all(axis=None)
    at = int(moments.t_ms.iloc[len(moments) // 2])
    asked = moments[moments.t_ms == at]
    shorter = cut(archive, session_id, at, tmp_path / "cut")
    again = score(shorter, asked, model, n_jobs=1)
    expected = found[(moments.t_ms == at).to_numpy()].reset_index(drop=True)
    pd.testing.assert_frame_equal(again, expected, check_exact=True)


def test_moments_and_battles_at_the_line_can_be_asked_about_together(
    archive: Path, shared: Path, rows: pd.DataFrame, scored: pd.DataFrame, model: Path
) -> None:
    moments = pd.read_parquet(shared / "eval" / "moments.parquet")
    few = moments[moments.session_id == rows.session_id.iloc[0]].iloc[20:40]
    line = rows.iloc[[30, 60]]
    asked = pd.concat([line.drop(columns=["gap_age_ms"], errors="ignore"), few])

    together = score(archive, asked, model, n_jobs=1)
    at_line = scored.iloc[[30, 60]].reset_index(drop=True)
    pd.testing.assert_frame_equal(together.head(2), at_line, check_exact=True)
    alone = score(archive, few, model, n_jobs=1)
    rest = together.iloc[2:].reset_index(drop=True)
    pd.testing.assert_frame_equal(rest, alone, check_exact=True, check_dtype=False)


def test_an_archive_cut_at_a_row_gives_the_same_forecast(
    archive: Path, rows: pd.DataFrame, scored: pd.DataFrame, model: Path, tmp_path: Path
) -> None:
    session_id = int(rows.session_id.iloc[0])
    instants = sorted(set(rows.t_ms.tolist()))

    for t_ms in (instants[5], instants[len(instants) // 2], instants[-2]):
        asked = rows[rows.t_ms == t_ms]
        shorter = cut(archive, session_id, t_ms, tmp_path / str(t_ms))
        again = score(shorter, asked, model, n_jobs=1)
        expected = scored[scored.t_ms == t_ms].reset_index(drop=True)
        pd.testing.assert_frame_equal(again, expected, check_exact=True)


def test_a_forecast_does_not_depend_on_which_rows_are_asked_about(
    archive: Path, rows: pd.DataFrame, scored: pd.DataFrame, model: Path
) -> None:
    few = rows.iloc[[40, 10, 25]]

    again = score(archive, few, model, n_jobs=1)
    pd.testing.assert_frame_equal(again, scored.iloc[[40, 10, 25]].reset_index(drop=True))


def test_what_serves_says_the_same(
    archive: Path, rows: pd.DataFrame, scored: pd.DataFrame, model: Path
) -> None:
    predictor = MixturePredictor.load(model).for_playback()
    session_id = int(rows.session_id.iloc[0])
    story = RaceStory(TimingFeed(archive, SPRINT).messages())
    zero, memory, compared = zero_of_race(archive, session_id), Memory(), 0
    by_key = {tuple(row[:5]): row[5] for row in scored.itertuples(index=False)}

    for row in rows.sort_values(["t_ms", "attacker"], kind="stable").to_dict("records"):
        at = zero + timedelta(milliseconds=int(row["t_ms"]))
        battle = battle_of(row, at)
        race = story.at_crossing(at, int(row["lap"]), (battle.defender, battle.attacker))
        answers = predictor.forecast(race, [battle], memory)
        memory = answers.memory
        p = answers.forecasts[0].p_overtake
        if p is not None:
            assert p == pytest.approx(by_key[tuple(int(row[key]) for key in ROW_KEYS)], abs=1e-12)
            compared += 1

    assert compared > 100


def test_battles_at_the_line_are_those_of_the_fixed_rows(archive: Path, shared: Path) -> None:
    fixed = pd.read_parquet(shared / "eval" / "rows.parquet")
    columns = [*ROW_KEYS, "gap_ms", "attacker_pos"]
    own = line_rows(pd.read_parquet(archive / "laps.parquet"))

    theirs = set(map(tuple, fixed[columns].astype("int64").to_numpy().tolist()))
    ours = set(map(tuple, own[columns].to_numpy().tolist()))
    assert len(own) == len(fixed)
    assert len(theirs - ours) == 2  # two cars crossed in the same millisecond; either comes first


def test_the_command_writes_the_forecasts(
    archive: Path, rows: pd.DataFrame, scored: pd.DataFrame, model: Path, tmp_path: Path
) -> None:
    rows.head(3).to_parquet(tmp_path / "rows.parquet")
    out = tmp_path / "out" / "preds.parquet"
    # As people run it: as a program, with processes of its own.
    asked = [sys.executable, "-m", "ml.score", "--archive", archive]
    asked += ["--rows", tmp_path / "rows.parquet", "--out", out, "--model", model]
    subprocess.run([*map(str, asked), "--jobs", "2"], check=True, cwd=ROOT, capture_output=True)

    pd.testing.assert_frame_equal(pd.read_parquet(out), scored.head(3))


def test_a_wrong_model_is_told_before_anything_is_replayed(
    archive: Path, rows: pd.DataFrame, tmp_path: Path
) -> None:
    rows.head(1).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(ModelError, match="cannot read manifest"):
        main(
            f"--archive {archive} --rows {tmp_path / 'rows.parquet'} "
            f"--out {tmp_path / 'p.parquet'} --model {tmp_path / 'none'}".split()
        )
