"""Test rows of a real sprint: no later message reaches them, and the cache changes nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.dataset import battle_rows, with_history
from ml.replay import NAMES, RaceStory
from ml.rulebook import read_rules
from pitwall.domain.battles import Battle, follow_battles
from pitwall.feeds.timing import RaceEntry, TimingFeed
from pitwall.prediction.columns.knowledge import Knowledge
from pitwall.prediction.features import FeatureCache, feature_matrix, feature_names
from tests.ml.archives import cut

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows(shared: Path, entry: RaceEntry) -> pd.DataFrame:
    """Return all evaluation rows of the sprint."""
    table = pd.read_parquet(shared / "eval" / "rows.parquet")
    return table[table.session_id == entry.session_id]


@pytest.fixture(scope="module")
def battles(archive: Path, entry: RaceEntry, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the table of the sprint."""
    return battle_rows(archive, entry, rows)


def test_columns_are_the_same_on_an_archive_cut_at_the_row(
    archive: Path, entry: RaceEntry, rows: pd.DataFrame, battles: pd.DataFrame, tmp_path: Path
) -> None:
    columns = [*feature_names(), *NAMES, "answerable"]
    instants = sorted(set(rows.t_ms.tolist()))

    for t_ms in (instants[3], instants[len(instants) // 2], instants[-2]):
        known = rows[rows.t_ms <= t_ms]
        shorter = cut(archive, entry.session_id, t_ms, tmp_path / str(t_ms))
        again = battle_rows(shorter, entry, known)
        expected = battles.loc[known.index]
        pd.testing.assert_frame_equal(again[columns], expected[columns], check_exact=True)


def test_the_interval_of_a_row_is_the_gap_at_the_line(battles: pd.DataFrame) -> None:
    np.testing.assert_allclose(battles.interval_s, battles.gap_ms / 1000)


def test_what_matters_most_is_hardly_ever_missing(battles: pd.DataFrame) -> None:
    missing = battles[list(feature_names())].isna().mean()

    for name in ("gap_pair_1lap_s", "gap_projected_least_s", "reading_0_pair_s", "lap_diff_0lap_s"):
        assert missing[name] < 0.1, name
    assert not np.isinf(battles[list(feature_names())].to_numpy()).any()


def test_every_second_of_a_race_the_kept_book_equals_a_new_one(
    archive: Path, entry: RaceEntry
) -> None:
    feed = TimingFeed(archive, entry.race_id)
    story, book = RaceStory(feed.messages()), FeatureCache()
    first = next(iter(feed.messages())).sent_at
    knowledge = Knowledge(rules=read_rules())
    before: tuple[Battle, ...] = ()
    compared = 0

    for second in range(0, 6000, 41):
        race = story.at(first + timedelta(seconds=second))
        before, _ = follow_battles(race, before)
        kept = feature_matrix(race, before, knowledge, book)
        np.testing.assert_array_equal(kept, feature_matrix(race, before, knowledge))
        compared += len(before)

    assert compared > 100


def test_earlier_seasons_fill_only_later_ones(battles: pd.DataFrame) -> None:
    later = battles.assign(year=2024, quality="good")
    both = pd.concat([battles.assign(quality="good"), later], ignore_index=True)

    filled = with_history(both)

    own = filled[filled.year == 2023].history_circuit_log_ratio
    assert set(own) == {0.0}
    assert filled[filled.year == 2024].history_circuit_log_ratio.abs().min() > 0
