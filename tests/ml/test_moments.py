"""Test the rows at any second of a real sprint: features, labels, names and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.moments import KEYS, moment_rows
from pitwall.domain.forecasts import Refusal
from pitwall.feeds.timing import RaceEntry
from pitwall.prediction.features import feature_names
from tests.ml.archives import cut

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows(shared: Path, entry: RaceEntry) -> pd.DataFrame:
    """Return the sprint's moments."""
    table = pd.read_parquet(shared / "eval" / "moments.parquet", columns=list(KEYS))
    return table[table.session_id == entry.session_id]


@pytest.fixture(scope="module")
def table(archive: Path, entry: RaceEntry, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the table of the sprint."""
    return moment_rows(archive, entry, rows)


def test_every_moment_has_its_row(table: pd.DataFrame, rows: pd.DataFrame) -> None:
    keys = ["t_ms", "attacker", "defender"]
    expected = rows.sort_values(keys, ignore_index=True)[list(KEYS)]

    assert len(rows) > 50
    pd.testing.assert_frame_equal(table.sort_values(keys, ignore_index=True)[list(KEYS)], expected)


def test_the_gap_is_never_newer_than_the_moment_and_is_the_one_given_or_that_at_the_line(
    table: pd.DataFrame,
) -> None:
    given = np.isclose(table.interval_s, table.gap_ms / 1000, atol=1e-3)

    assert given.mean() > 0.5
    assert (table.interval_s >= 0).all()
    assert (table.attacker_code.str.len() == 3).all()
    assert (table.attacker_team != "").all()


def test_labels_agree_with_each_other(table: pd.DataFrame) -> None:
    passed = table.y1 == 1

    assert table.y1.equals(table.y.astype(float))
    assert table.y3[passed].eq(1).all()
    assert table.kept[~passed].isna().all()
    assert table.kept[passed].notna().any()
    assert set(table.y3.dropna()) <= {0.0, 1.0}
    assert table.y3[table.y1.isna()].isna().all()
    assert table.resolve_t.notna().equals(table.y1.notna())
    assert (table.resolve_t.dropna() > table.t_ms[table.resolve_t.notna()]).all()


def test_nearly_all_that_is_decided_is_forecast(table: pd.DataFrame) -> None:
    assert set(table.refused) <= {"", *map(str, Refusal)}
    assert table.refused[table.y1.notna()].eq("").mean() > 0.98


def test_a_moment_sees_nothing_that_was_sent_after_it(
    archive: Path, entry: RaceEntry, rows: pd.DataFrame, table: pd.DataFrame, tmp_path: Path
) -> None:
    columns = [*feature_names(), "refused", "attacker_code"]
    at = int(sorted(set(rows.t_ms.tolist()))[len(set(rows.t_ms)) // 2])
    shorter = cut(archive, entry.session_id, at, tmp_path / "cut")

    again = moment_rows(shorter, entry, rows[rows.t_ms <= at])
    expected = table[table.t_ms <= at].reset_index(drop=True)
    pd.testing.assert_frame_equal(again[columns], expected[columns], check_exact=True)
