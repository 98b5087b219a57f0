"""The sporting and technical rules that a forecast rests on, season by season, as data.

They are written in `ml/rules/*.toml`, travel inside the model's bundle, and are read from there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from pitwall.errors import ModelError

Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Regime:
    """What held for some seasons.

    Attributes:
        name: Such as `2022-25`.
        first_season, last_season: Both included.
        system: `DRS` or `Overtake Mode`.
        detection_s: Interval at the detection point that allows it, s.
        motor_kw: Most that the electric motor gives: (speed in km/h, kW) points, rising speeds.
        overtake_motor_kw: The same in Overtake Mode; None where there is no such mode.
        overtake_extra_mj: Energy that the mode adds, MJ.
        boost_cap_kw: Most that boost adds, kW; None where there is none.
        store_mj: What a battery holds between empty and full, MJ.
    """

    name: str
    first_season: int
    last_season: int
    system: str
    detection_s: float
    motor_kw: Curve
    overtake_motor_kw: Curve | None
    overtake_extra_mj: float
    boost_cap_kw: float | None
    store_mj: float

    def motor_at(
        self, speed_kmh: npt.NDArray[np.float64], *, overtake: bool = False
    ) -> npt.NDArray[np.float64]:
        """Return the most that the motor gives at these speeds, kW, of any shape."""
        curve = self.overtake_motor_kw if overtake and self.overtake_motor_kw else self.motor_kw
        speeds, powers = zip(*curve, strict=True)
        return np.asarray(np.interp(speed_kmh, speeds, powers))


@dataclass(frozen=True, slots=True)
class Rules:
    """All regimes, oldest first."""

    regimes: tuple[Regime, ...] = ()

    def of(self, season: int) -> Regime | None:
        """Return what holds in a season; None where nothing is written."""
        return next((r for r in self.regimes if r.first_season <= season <= r.last_season), None)

    @property
    def version(self) -> str:
        """Twelve digits of the hash of everything written; `none` without rules."""
        if not self.regimes:
            return "none"
        text = json.dumps(self.to_document(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def to_document(self) -> list[dict[str, Any]]:
        """Return the regimes as plain JSON values."""
        return [asdict(regime) for regime in self.regimes]

    @classmethod
    def from_document(cls, document: Sequence[Mapping[str, Any]]) -> Rules:
        """Return the rules from what `to_document` gave.

        Raises:
            ModelError: Two regimes claim the same season.
        """
        regimes = sorted((_regime(one) for one in document), key=lambda one: one.first_season)
        for before, after in pairwise(regimes):
            if before.last_season >= after.first_season:
                message = f"the rules {before.name} and {after.name} claim the same season"
                raise ModelError(message)
        return cls(tuple(regimes))


def _regime(one: Mapping[str, Any]) -> Regime:
    overtake = one.get("overtake_motor_kw")
    cap = one.get("boost_cap_kw")
    return Regime(
        name=str(one["name"]),
        first_season=int(one["first_season"]),
        last_season=int(one["last_season"]),
        system=str(one["system"]),
        detection_s=float(one["detection_s"]),
        motor_kw=_curve(one["motor_kw"]),
        overtake_motor_kw=None if overtake is None else _curve(overtake),
        overtake_extra_mj=float(one.get("overtake_extra_mj", 0.0)),
        boost_cap_kw=None if cap is None else float(cap),
        store_mj=float(one["store_mj"]),
    )


def _curve(points: Sequence[Sequence[float]]) -> Curve:
    return tuple((float(speed), float(power)) for speed, power in points)
