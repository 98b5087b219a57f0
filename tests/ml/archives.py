"""Cut a timing archive at an instant, as the fixed evaluation of forecasts does."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

SPRINT = "2023-azerbaijan-grand-prix-sprint"
TABLES = ("drivers", "timing_stream", "laps", "tyres", "track_status")
MORE_TABLES = ("session_status", "lap_count", "race_control", "weather")
WHOLE_RACE = ("neutral_s", "median_update_s", "est_battles_lt2s_ge10s", "est_overtakes")
STAMPED = {
    "s1_t_ms": ("s1_t_ms", "s1_ms"),
    "s2_t_ms": ("s2_t_ms", "s2_ms"),
    "pit_in_ms": ("pit_in_ms",),
    "pit_out_ms": ("pit_out_ms",),
}


def cut(archive: Path, session_id: int, t_ms: int, into: Path) -> Path:
    """Write one race of an archive as it was known at `t_ms`, and return the new archive."""
    into.mkdir(parents=True, exist_ok=True)
    sessions = pd.read_parquet(archive / "sessions.parquet")
    sessions = sessions[sessions.session_id == session_id].reset_index(drop=True)
    zero = sessions.t0_utc.iloc[0]
    checks = [name for name in sessions.columns if name.startswith("pos_check")]
    whole_race = [*WHOLE_RACE, *checks]
    sessions = sessions.assign(**dict.fromkeys(whole_race, float("nan")))
    sessions.to_parquet(into / "sessions.parquet")
    for name in (*TABLES, *MORE_TABLES):
        table = pd.read_parquet(archive / f"{name}.parquet")
        table = table[table.session_id == session_id]
        if name == "race_control":
            known = pd.isna(zero) | (table.utc > zero + pd.Timedelta(milliseconds=t_ms))
            table = table[~known]
        elif "t_ms" in table:
            table = table[table.t_ms <= t_ms]
        if name == "laps":
            table = _without_later_cells(table, t_ms)
        table.to_parquet(into / f"{name}.parquet")
    return into


def _without_later_cells(laps: pd.DataFrame, t_ms: int) -> pd.DataFrame:
    laps = laps.copy()
    for stamp, cells in STAMPED.items():
        later = (laps[stamp] > t_ms).fillna(value=False).astype(bool)
        laps.loc[later, list(cells)] = pd.NA
    return laps
