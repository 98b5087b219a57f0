"""Define every feature of a battle once, for training and serving alike.

`feature_matrix(race, battles, knowledge, cache)` joins the columns that the modules of `columns`
compute from the race state, the battles, earlier seasons and the rules, at the line or anywhere in
the lap. Differences are attacker minus defender. A missing value is NaN, never 0. The cache only
saves time: without one the values are the same, also after the race went back or another began.

Reading all laps of a race into a cache takes half a second; cutting a copy back takes a few
milliseconds, as a cache drops by itself the laps that a race state does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from pitwall.domain.battles import Battle
from pitwall.domain.race import RaceState
from pitwall.prediction.columns import (
    conditions,
    control,
    energy,
    history,
    line,
    pace,
    profile,
    race_so_far,
    scene,
    sectors,
    stream,
    traffic,
    traps,
    tyres,
)
from pitwall.prediction.columns.control import ControlCache
from pitwall.prediction.columns.energy_table import EnergyTable
from pitwall.prediction.columns.history import Names
from pitwall.prediction.columns.knowledge import NOTHING_KNOWN, Knowledge
from pitwall.prediction.columns.lap_table import FieldReference, LapTable
from pitwall.prediction.columns.passes import PassTable
from pitwall.prediction.columns.readings import ReadingCache
from pitwall.prediction.columns.scene import KeptOfLaps
from pitwall.prediction.columns.spec import Column, Columns, FeatureSpec
from pitwall.prediction.columns.topics import views_of
from pitwall.prediction.memory import RecordCache

GROUPS: Final[dict[str, tuple[FeatureSpec, ...]]] = {
    "line": line.SPECS,
    "tyres": tyres.SPECS,
    "sectors": sectors.SPECS,
    "stream": stream.SPECS,
    "profile": profile.SPECS,
    "pace": pace.SPECS,
    "traps": traps.SPECS,
    "energy": energy.SPECS,
    "traffic": traffic.SPECS,
    "race so far": race_so_far.SPECS,
    "earlier seasons": history.SPECS,
    "control": control.SPECS,
    "conditions": conditions.SPECS,
}

Matrix = npt.NDArray[np.float64]

FEATURES: Final = tuple(spec for specs in GROUPS.values() for spec in specs)


_NAMES: Final = tuple(spec.name for spec in FEATURES)


class FeatureCache(scene.SceneCache):
    """Data kept between the ticks of one race; it changes no value, only the computing time."""

    def __init__(self) -> None:
        super().__init__()
        self.control = control.ControlCache()
        self.record = RecordCache()

    def clear(self) -> None:
        """Forget everything; the next tick reads its race afresh."""
        vars(self).update(vars(FeatureCache()))


def feature_matrix(
    race: RaceState,
    battles: Sequence[Battle],
    knowledge: Knowledge = NOTHING_KNOWN,
    cache: FeatureCache | None = None,
) -> Matrix:
    """Return X, shape (n_battles, n_features), float64, NaN for missing.

    A battle whose cars are not in the race state gives a row of NaN.

    Args:
        race: The field at this instant.
        battles: Attacker and defender, with their newest interval.
        knowledge: Earlier seasons and the rules; without, every circuit and name is average.
        cache: The cache, which the caller keeps from tick to tick; cleared by an error, which may
            have left it half updated.
    """
    if not battles:
        return np.empty((0, len(FEATURES)))
    cache = FeatureCache() if cache is None else cache
    try:
        at = scene.scene_of(race, battles, knowledge, cache)
        with np.errstate(divide="ignore", invalid="ignore"):  # a faulty feed sends sectors of 0 s
            columns = _columns(at, cache)
    except BaseException:
        cache.clear()
        raise
    matrix = np.ascontiguousarray(np.array([columns[name] for name in _NAMES]).T)
    matrix[np.isinf(matrix)] = np.nan
    absent = [a is None or d is None for a, d in zip(at.attackers, at.defenders, strict=True)]
    matrix[np.array(absent)] = np.nan
    return matrix


def feature_names(view: str | None = None) -> tuple[str, ...]:
    """Return the names of the columns of X, in order; only those that `view` sees, if given."""
    return tuple(one.name for one in feature_columns() if view is None or one.is_seen_by(view))


def feature_columns() -> tuple[Column, ...]:
    """Return the columns of X as the parts of the mixture see them, in order."""
    return tuple(Column(spec.name, views_of(spec.name)) for spec in FEATURES)


def names_of(at: scene.Scene) -> list[Names]:
    """Return the names under which each battle is looked up in the tables of earlier seasons."""
    return [
        Names(
            at.race.info.circuit,
            a.driver.code if a else "",
            d.driver.code if d else "",
            a.driver.team if a else "",
            d.driver.team if d else "",
        )
        for a, d in zip(at.attackers, at.defenders, strict=True)
    ]


def _columns(at: scene.Scene, cache: FeatureCache) -> Columns:
    readings = stream.pair_readings(at)
    of_line = line.values(at)
    of_stream = stream.values(at, readings)
    heard = cache.control.of(at.race)
    return {
        **of_line,
        **tyres.values(at),
        **sectors.values(at),
        **of_stream,
        **profile.values(at, readings, of_stream),
        **pace.values(at, of_line),
        **traps.values(at),
        **energy.values(at),
        **traffic.values(at, readings.position, readings.age_s),
        **race_so_far.values(at),
        **history.values(at.knowledge.history.of(at.race.info.year), names_of(at)),
        **control.values(at, heard),
        **conditions.values(at, heard),
    }


_CACHES = (
    FeatureCache,
    LapTable,
    KeptOfLaps,
    PassTable,
    EnergyTable,
    FieldReference,
    ReadingCache,
    ControlCache,
    RecordCache,
)

T = TypeVar("T")


def copy_of(cache: FeatureCache) -> FeatureCache:
    """Return a copy that may be written to without changing `cache`.

    Frozen values are shared, so that lap records keep their identity, by which they are recognised.
    """
    return _copied(cache)


def _copied(value: T) -> T:
    made: object = value
    if isinstance(value, _CACHES):
        made = copy(value)
        for name, own in vars(value).items():
            setattr(made, name, _copied(own))
    elif isinstance(value, dict):
        made = {key: _copied(own) for key, own in value.items()}
    elif isinstance(value, list):
        nested = bool(value) and isinstance(value[0], list)
        made = [_copied(own) for own in value] if nested else value.copy()
    elif isinstance(value, np.ndarray):
        made = value.copy()
    return made  # type: ignore[return-value]  # of the same type by construction
