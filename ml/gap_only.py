"""Fit the forecast by the gap alone, for the ledger: `python -m ml.gap_only --cadence FILE`.

The rows are those of `ml.dataset --cadence`, of seasons before `ml.cadence.TESTED_FROM`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from ml.cadence import TESTED_FROM
from ml.stacking import fit_logistic
from pitwall.prediction import gap_only as serving

OUT = Path(serving.__file__).with_name("gap_only.json")


def main() -> None:
    """Fit the three coefficients and write them to the file that the server reads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cadence", type=Path, required=True, help="rows at feed cadence")
    chosen = parser.parse_args()
    rows = pd.read_parquet(chosen.cadence, columns=["year", "race_id", "interval_s", "y1"])
    OUT.write_text(json.dumps(fitted(rows), indent=1) + "\n", encoding="utf-8")


def fitted(rows: pd.DataFrame) -> dict[str, object]:
    """Return the coefficients and a description of the rows they were fitted on.

    Args:
        rows: With year, race_id, interval_s in seconds, and y1: 1 passed, 0 held, NaN undecided.
    """
    known = rows[np.isfinite(rows["y1"]) & (rows["year"] < TESTED_FROM)]
    gaps = known["interval_s"].to_numpy(np.float64)
    passed = known["y1"].to_numpy(np.float64)
    design = np.column_stack([gaps, np.log(gaps + serving.NEAR_S), np.ones(len(gaps))])
    by_gap, by_logarithm, constant = fit_logistic(design, passed).tolist()
    return {
        "gap_s": round(by_gap, 6),
        "log_gap": round(by_logarithm, 6),
        "constant": round(constant, 6),
        "source": "timing archive, instants between the lines",
        "seasons": sorted({int(year) for year in known["year"]}),
        "races": int(known["race_id"].nunique()),
        "rows": len(known),
        "passes": int(passed.sum()),
    }


if __name__ == "__main__":
    main()
