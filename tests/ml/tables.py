"""Made-up training tables whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pitwall.prediction.features import feature_names

CIRCUITS = ("Monza", "Monaco", "Sakhir")


def a_table(races: int = 12, rows: int = 120, seed: int = 3) -> pd.DataFrame:
    """Return races in which a closer attacker, closing in, passes more often."""
    random = np.random.default_rng(seed)
    parts = [_a_race(race, rows, random) for race in range(races)]
    return pd.concat(parts, ignore_index=True)


def _a_race(race: int, rows: int, random: np.random.Generator) -> pd.DataFrame:
    gap_s = random.uniform(0.05, 2.0, rows)
    values = {name: random.normal(size=rows) for name in feature_names()}
    change = np.tanh(random.normal(size=rows))
    logits = -1.5 * gap_s - 1.5 * change
    passed = random.uniform(size=rows) < 1 / (1 + np.exp(-logits))
    own = {
        "interval_s": gap_s,
        "interval_below_1s_s": np.maximum(0.0, 1.0 - gap_s),
        "interval_change_1lap_s": change,
    }
    return pd.DataFrame(values | own).assign(
        session_id=100 + race,
        race_order=race,
        race_id=f"race-{race}",
        year=2021 + race // 3,
        circuit=CIRCUITS[race % 3],
        quality="good",
        lap=np.arange(rows) // 4 + 2,
        t_ms=np.arange(rows) * 25_000,
        attacker=2,
        defender=1,
        gap_ms=(gap_s * 1000).astype(int),
        y1=passed.astype(float),
    )
