"""Train a small mixture of the real features on random rows: quick, but with useless forecasts."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from ml.mixture_table import battle_table
from ml.mixture_training import save, train
from ml.rulebook import read_rules
from pitwall.prediction.bundle import Bundle, load_bundle
from pitwall.prediction.columns.knowledge import Knowledge
from pitwall.prediction.features import feature_columns, feature_names
from pitwall.prediction.predictor import MixturePredictor
from tests.ml.mixture_tables import RECIPE, a_frame


@cache
def the_predictor() -> MixturePredictor:
    """Return one predictor for all tests; it has no state between calls."""
    return MixturePredictor(the_bundle())


@cache
def the_bundle() -> Bundle:
    """Return the bundle as it is read back."""
    with TemporaryDirectory() as directory:
        write(Path(directory))
        return load_bundle(Path(directory), feature_columns())


def write(directory: Path) -> None:
    """Write the bundle's files."""
    table = battle_table(small_table(), feature_columns())
    save(train(table, RECIPE), Knowledge(rules=read_rules()), directory)


def small_table() -> pd.DataFrame:
    """Return random battles with all features, as `ml.dataset` writes them."""
    frame = a_frame()
    random = np.random.default_rng(11)
    names = list(feature_names())
    noise = pd.DataFrame(random.normal(size=(len(frame), len(names))), columns=names)
    there = [name for name in names if name in frame]
    features = noise.assign(
        **{name: frame[name] for name in there},
        tyre_life_diff_laps=8 * frame.tyre_age_diff_laps,
        charge_diff_mj=-frame.charge_mj,
        overtake_enabled=(frame.drs_open > 0).astype(float),
    )
    others = frame[[name for name in frame.columns if name not in features]]
    teams = dict.fromkeys(("attacker_team", "defender_team"), "A")
    return others.join(features).assign(
        gap_ms=(1000 * frame.interval_s).astype(int),
        quality="good",
        answerable=True,
        refused="",
        attacker_code="AAA",
        defender_code="DDD",
        **teams,
    )
