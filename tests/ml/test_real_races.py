"""Rows of real sprints: nothing later than a row reaches its features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.dataset import build
from ml.fitting import fit
from ml.races import race_table
from ml.replay import race_features
from pitwall.feeds.timing import list_races
from pitwall.prediction.features import FEATURES, feature_names
from pitwall.prediction.model_file import load_model, to_document
from pitwall.prediction.predictor import LogisticPredictor
from tests.ml.archives import cut

SPRINTS = ("2023-azerbaijan-grand-prix-sprint", "2023-austrian-grand-prix-sprint")


@pytest.fixture(scope="module")
def archive(shared: Path) -> Path:
    """Return the folder of the timing archive."""
    return shared / "data" / "timing"


@pytest.fixture(scope="module")
def rows(shared: Path) -> pd.DataFrame:
    """Return the labelled evaluation rows of all races."""
    table = pd.read_parquet(shared / "eval" / "rows.parquet")
    return table[table.y1.notna()]


@pytest.fixture(scope="module")
def battles(archive: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the training table of two sprints."""
    entries = {entry.race_id: entry for entry in list_races(archive)}
    tables = [
        race_table(
            archive,
            entries[race_id],
            rows[rows.session_id == entries[race_id].session_id],
            race_features,
        )
        for race_id in SPRINTS
    ]
    return pd.concat(
        [table.assign(race_order=order) for order, table in enumerate(tables)], ignore_index=True
    )


def test_features_are_the_same_on_an_archive_cut_at_the_row(
    archive: Path, battles: pd.DataFrame, tmp_path: Path
) -> None:
    columns = [*feature_names(), "refused"]
    race = battles[battles.race_order == 0].assign(attacker_pos=2)
    instants = sorted(set(race.t_ms.tolist()))

    for t_ms in (instants[3], instants[len(instants) // 2], instants[-2]):
        known = race[race.t_ms <= t_ms]
        session_id = int(known.session_id.iloc[0])
        shorter = cut(archive, session_id, t_ms, tmp_path / str(t_ms))
        again = race_features(shorter, session_id, known)
        pd.testing.assert_frame_equal(again[columns], known[columns], check_exact=True)


def test_the_interval_of_a_row_is_the_gap_at_the_line(battles: pd.DataFrame) -> None:
    np.testing.assert_allclose(battles.interval_s, battles.gap_ms / 1000)


def test_hardly_anything_is_missing_and_nothing_is_refused(battles: pd.DataFrame) -> None:
    missing = battles[list(feature_names())].isna().mean()

    assert missing.max() < 0.02
    assert set(battles.refused) == {""}


def test_a_second_build_reads_the_races_it_has_kept(
    shared: Path, archive: Path, rows: pd.DataFrame, battles: pd.DataFrame, tmp_path: Path
) -> None:
    one = rows[rows.session_id == battles.session_id.iloc[0]].head(20)
    file = tmp_path / "rows.parquet"
    one.to_parquet(file)

    first = build(archive, file, tmp_path / "kept", n_jobs=1)
    kept = sorted((tmp_path / "kept").iterdir())
    written = [path.stat().st_mtime_ns for path in kept]
    second = build(archive, file, tmp_path / "kept", n_jobs=1)

    pd.testing.assert_frame_equal(first, second)
    assert [path.stat().st_mtime_ns for path in kept] == written
    assert len(kept) == 1


def test_the_shipped_model_beats_the_rate_of_passes(battles: pd.DataFrame) -> None:
    predictor = LogisticPredictor(load_model())
    matrix = battles[list(feature_names())].to_numpy(dtype=np.float64)

    p = predictor.probabilities(matrix)

    y = battles.y1.to_numpy()
    log_loss = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    rate = y.mean()
    assert log_loss < -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))


def test_training_on_real_races_is_reproducible(battles: pd.DataFrame) -> None:
    # Two sprints are too few to fix the signs: only the two gap columns keep their values.
    kept = {spec.name for spec in FEATURES if spec.topic == "gap"}
    simple = battles.assign(**{name: 0.0 for name in feature_names() if name not in kept})

    first, second = (to_document(fit(simple)) for _ in range(2))

    assert first["content_hash"] == second["content_hash"]
