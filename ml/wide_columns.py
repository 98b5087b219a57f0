"""What the mixture needs of the wide table beyond its features: names, views and resolutions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pandas as pd

from pitwall.prediction.wide.matrix import WIDE_FEATURES

ROLES: Final = {
    "gap": "interval_s",
    "since_neutral": "since_neutral_pair_laps",
    "race_fraction": "race_share",
    "year": "season_year",
}


def write_columns(path: Path) -> None:
    """Write the features' names and views, and those that the gate reads, as JSON."""
    columns = [[spec.name, list(spec.views)] for spec in WIDE_FEATURES]
    path.write_text(json.dumps({"roles": ROLES, "columns": columns}, indent=1), encoding="utf-8")


def with_resolutions(table: pd.DataFrame, archive: Path) -> pd.DataFrame:
    """Return the table with `resolve_t`: when the later of the two completed the next lap, ms.

    NaN where one of them never did: such a battle was never decided.
    """
    laps = pd.read_parquet(archive / "laps.parquet", columns=["session_id", "car", "lap", "t_ms"])
    laps = laps.dropna().astype({"session_id": int, "car": int, "lap": int, "t_ms": float})
    once = laps.drop_duplicates(["session_id", "car", "lap"], keep="last")
    crossed = once.set_index(["session_id", "car", "lap"]).t_ms
    both = [
        crossed.reindex(
            pd.MultiIndex.from_arrays([table.session_id, table[role], table.lap + 1])
        ).to_numpy()
        for role in ("attacker", "defender")
    ]
    return table.assign(resolve_t=pd.DataFrame(both).max(axis="index", skipna=False).to_numpy())
