"""Find the battles at the line in an archive's lap table.

The same definition as the fixed evaluation rows: on one lap, the attacker crosses the line next
after the defender and less than 2.0 s later. A row depends only on crossings up to its own, so
that an archive cut at an instant gives the same rows up to there.
"""

from __future__ import annotations

from typing import Final

import pandas as pd

_LIMIT_MS: Final = 2000
_FIRST_LAP: Final = 2
ROW_KEYS: Final = ("session_id", "lap", "t_ms", "attacker", "defender")


def line_rows(laps: pd.DataFrame) -> pd.DataFrame:
    """Return the battles at the line of the races in a lap table, in order of race and time.

    Args:
        laps: `session_id, car, lap, t_ms` of the archive; laps without a time are left out.

    Returns:
        `session_id, lap, t_ms, attacker, defender, gap_ms, attacker_pos`, all whole numbers.
    """
    known = laps[["session_id", "car", "lap", "t_ms"]].dropna().astype("int64")
    known = known.drop_duplicates(["session_id", "car", "lap"], keep="last")
    known = known.sort_values(["session_id", "lap", "t_ms"], kind="stable")
    of_lap = known.groupby(["session_id", "lap"])
    rows = pd.DataFrame(
        {
            "session_id": known.session_id,
            "lap": known.lap,
            "t_ms": known.t_ms,
            "attacker": known.car,
            "defender": of_lap.car.shift(),
            "gap_ms": of_lap.t_ms.diff(),
            "attacker_pos": of_lap.cumcount() + 1,
        }
    )
    is_battle = (rows.gap_ms > 0) & (rows.gap_ms < _LIMIT_MS) & (rows.lap >= _FIRST_LAP)
    rows = rows[is_battle].astype("int64")
    return rows.sort_values(["session_id", "t_ms", "attacker"]).reset_index(drop=True)
