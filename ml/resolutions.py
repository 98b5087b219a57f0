"""Add to battles at the line when each was decided."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def with_resolutions(table: pd.DataFrame, archive: Path) -> pd.DataFrame:
    """Return the table with `resolve_t`: when the later of the two cars completed the next lap, ms.

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
