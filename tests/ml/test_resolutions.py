"""Test that the training table says when each battle was decided."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from ml.resolutions import with_resolutions


def test_a_battle_is_resolved_by_the_later_crossing_and_never_without_both(tmp_path: Path) -> None:
    crossings = [(1, 4, 6, 600.0), (1, 81, 6, 601.0), (1, 4, 7, 700.0)]
    laps = pd.DataFrame(crossings, columns=["session_id", "car", "lap", "t_ms"])
    laps.to_parquet(tmp_path / "laps.parquet")
    table = pd.DataFrame(
        {"session_id": [1, 1], "lap": [5, 6], "attacker": [81, 81], "defender": [4, 4]}
    )

    resolved = with_resolutions(table, tmp_path).resolve_t

    np.testing.assert_array_equal(resolved, [601.0, np.nan])
