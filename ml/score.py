"""Forecast given battles of any archive with the shipped model.

    python -m ml.score --archive DIR --rows ROWS.parquet --out PREDS.parquet

The rows are battles at the line, or at any instant where they have a `gap_age_ms`. The predictor
is the one that the server uses: each race is replayed, and every battle at the line is forecast in
turn, so that the running residuals are as they would have been live, and each row sees no message
sent after its own instant.

The output has the rows' keys, in the order of the rows, and:

    p_overtake, p_overtake_3          the second never below the first
    p_om, p_boost, p_aero             the probability from the situation and one expert alone
    w_om, w_boost, w_aero             each expert's share of the moved logit, without signs
    p_pooled                          the yardstick: one model on all features, trained and
                                      calibrated on the same rows
    c_base, c_om, c_boost, c_aero     logits that add up to the logit of `p_overtake`
    p_low, p_high                     the 90 % interval
    p_kept                            that a pass made now still stands two laps later
    refused                           a word where no forecast is given, else empty
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ml.archive_forecasts import score
from ml.cluster import on
from pitwall.prediction.bundle import SHIPPED

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m ml.score", description=__doc__)
    parser.add_argument("--archive", type=Path, required=True, help="folder of the archive")
    parser.add_argument("--rows", type=Path, required=True, help="battles to forecast")
    parser.add_argument("--out", type=Path, required=True, help="parquet file to write")
    parser.add_argument("--model", type=Path, default=SHIPPED, help="bundle to score with")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--dask", metavar="SCHEDULER", help="address of a Dask scheduler")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    rows = pd.read_parquet(chosen.rows)
    with on(chosen.dask):
        forecasts = score(chosen.archive, rows, chosen.model, chosen.jobs)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    forecasts.to_parquet(chosen.out, index=False)
    log.info(
        "%d forecasts of %d races -> %s", len(forecasts), forecasts.session_id.nunique(), chosen.out
    )


if __name__ == "__main__":
    main()
