"""Read the sporting and technical rules that forecasts depend on, season by season.

The rules are written in `ml/rules/*.toml`, copied into the model's bundle, and read from there.
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
    """The rules of some consecutive seasons.

    Attributes:
        name: Such as `2022-25`.
        first_season, last_season: Both included.
        system: `DRS` or `Overtake Mode`.
        detection_s: The largest interval at the detection point that allows it, s.
        motor_kw: The electric motor's maximum power: (speed in km/h, kW) points, rising speeds.
        overtake_motor_kw: The same in Overtake Mode; None where there is no such mode.
        overtake_extra_mj: Energy that the mode adds, MJ.
        boost_cap_kw: The most power that boost adds, kW; None where there is no boost.
        store_mj: The usable energy of a battery, MJ.
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
        """Return the motor's maximum power at these speeds, kW, of any shape."""
        curve = self.overtake_motor_kw if overtake and self.overtake_motor_kw else self.motor_kw
        speeds, powers = zip(*curve, strict=True)
        return np.asarray(np.interp(speed_kmh, speeds, powers))


@dataclass(frozen=True, slots=True)
class Rules:
    """All regimes, oldest first."""

    regimes: tuple[Regime, ...] = ()

    def of(self, season: int) -> Regime | None:
        """Return the regime of a season; None where there is none."""
        return next((r for r in self.regimes if r.first_season <= season <= r.last_season), None)

    @property
    def version(self) -> str:
        """The first twelve digits of the hash of all regimes; `none` without rules."""
        if not self.regimes:
            return "none"
        text = json.dumps(self.to_document(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def to_document(self) -> list[dict[str, Any]]:
        """Return the regimes as plain JSON values."""
        return [asdict(regime) for regime in self.regimes]

    @classmethod
    def from_document(cls, document: Sequence[Mapping[str, Any]]) -> Rules:
        """Return the rules from a document that `to_document` returned.

        Raises:
            ModelError: Two regimes are for the same season.
        """
        regimes = sorted((_regime(one) for one in document), key=lambda one: one.first_season)
        for before, after in pairwise(regimes):
            if before.last_season >= after.first_season:
                message = f"the rules {before.name} and {after.name} are for the same season"
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
