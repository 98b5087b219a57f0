"""Compare two cars on the same lap, by distance, with the corners of the circuit.

No channel has the distance along the lap. It is the integral of the speed, scaled so that both laps
are equally long; the timing gives the beginning and end of each lap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pitwall.domain.circuits import CircuitGuide, CornerOnLap, Point
from pitwall.domain.records import LapRow
from pitwall.domain.stored_races import HistoryTable, RaceSummary, Selection
from pitwall.domain.stories import LapOfBoth
from pitwall.ports.races import RaceReader

BESIDE_M: Final = 60.0  # a corner farther from the outline belongs to another circuit

_FEWEST_POINTS: Final = 30

Vector = npt.NDArray[np.float64]


def corners_on_lap(
    guide: CircuitGuide, length_m: float, outline: Sequence[Point] = ()
) -> tuple[CornerOnLap, ...]:
    """Return the corners along a lap, in order of driving, without those of unknown place.

    A distance in the guide is used as it is, because the length of the lap on which it was measured
    is unknown. A corner without a distance is placed on the outline.

    Args:
        guide: Describes the lap's circuit.
        length_m: The length of the lap.
        outline: One lap around the circuit from the line on, in the feed's axes, metres; the last
            point lies before the first. Empty where it is not known.
    """
    projected = _projected(guide, length_m, outline)
    distances = [
        (corner.name, at_m if corner.distance_m is None else corner.distance_m)
        for corner, at_m in zip(guide.corners, projected, strict=True)
    ]
    placed = [
        CornerOnLap(name, at_m) for name, at_m in distances if at_m is not None and at_m <= length_m
    ]
    return tuple(sorted(placed, key=lambda corner: corner.at_m))


def _projected(
    guide: CircuitGuide, length_m: float, outline: Sequence[Point]
) -> list[float | None]:
    """Return the distance along the lap at which the outline is nearest to each corner."""
    if len(outline) < _FEWEST_POINTS:
        return [None] * len(guide.corners)
    begins = np.array(outline, dtype=float)
    steps = np.roll(begins, -1, axis=0) - begins
    long_m = np.hypot(steps[:, 0], steps[:, 1])
    whole_m = float(long_m.sum())
    if whole_m <= 0:
        return [None] * len(guide.corners)
    before_m = np.cumsum(long_m) - long_m
    return [
        None if nearest is None else nearest * length_m / whole_m
        for nearest in (
            _nearest_m(np.array(corner.at), begins, steps, before_m) for corner in guide.corners
        )
    ]


def _nearest_m(place: Vector, begins: Vector, steps: Vector, before_m: Vector) -> float | None:
    """Return the distance along the outline of a place; None if it lies too far from it."""
    squared = np.maximum((steps**2).sum(axis=1), 1e-9)
    share = np.clip(((place - begins) * steps).sum(axis=1) / squared, 0.0, 1.0)
    beside = place - (begins + steps * share[:, None])
    off_m = np.hypot(beside[:, 0], beside[:, 1])
    nth = int(off_m.argmin())
    if off_m[nth] > BESIDE_M:
        return None
    return float(before_m[nth] + share[nth] * np.sqrt(squared[nth]))


POINTS: Final = 400  # along the lap

FEWEST_READINGS_A_S: Final = 1.0

LONGEST_HOLE_S: Final = 4.0

_MARGIN: Final = timedelta(seconds=2)

_MOST_ROWS: Final = 6_000

_KMH: Final = 3.6

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Channels:
    """One car's channels at each distance; None for a channel that the feed does not have.

    Attributes:
        brake_pct: 0 to 100; many feeds have 0 and 100 only.
        drs: The feed's code; 10 and above is open.
    """

    speed_kmh: Sequence[float]
    throttle_pct: Sequence[float] | None
    brake_pct: Sequence[float] | None
    gear: Sequence[float] | None
    drs: Sequence[float] | None


@dataclass(frozen=True, slots=True)
class LapCompared:
    """The same lap of two cars, compared.

    Attributes:
        distance_m: Distance from the line, in equal steps; estimated from the speeds.
        delta_s: How much later than the defender the attacker is at each distance, counted from
            the line: when it falls, the attacker gains. Its last value is the difference of the
            lap times.
        sectors_m: Where the first and the second sector end, by the defender's times; empty where
            these are not known.
        corners: The corners in order of driving; empty without a description of the circuit.
        corners_from: The source of that description, for people; "" without corners.
    """

    lap: int
    distance_m: Sequence[float]
    delta_s: Sequence[float]
    attacker: Channels
    defender: Channels
    sectors_m: tuple[float, ...]
    corners: tuple[CornerOnLap, ...] = ()
    corners_from: str = ""


async def compare_lap(reader: RaceReader, race: RaceSummary, both: LapOfBoth) -> LapCompared | None:
    """Return the comparison of a lap; None without both cars' telemetry and lap times.

    Raises:
        StoreError: The database cannot be reached.
    """
    spans = (_span(both.attacker), _span(both.defender))
    if spans[0] is None or spans[1] is None:
        return None
    part = Selection(
        min(spans[0][0], spans[1][0]) - _MARGIN,
        max(spans[0][1], spans[1][1]) + _MARGIN,
        (str(both.attacker.car), str(both.defender.car)),
    )
    page = await reader.page(race, [HistoryTable.TELEMETRY], part, _MOST_ROWS)
    rows = [row for _, row in page.rows]
    return await asyncio.to_thread(_compared, both, rows, spans[0], spans[1])


def _span(lap: LapRow) -> tuple[datetime, datetime] | None:
    if lap.lap_time_s is None:
        return None
    return lap.completed_at - timedelta(seconds=lap.lap_time_s), lap.completed_at


def _compared(
    both: LapOfBoth,
    rows: Sequence[Row],
    attacking: tuple[datetime, datetime],
    defending: tuple[datetime, datetime],
) -> LapCompared | None:
    attacker = _driven([row for row in rows if row["car"] == both.attacker.car], attacking)
    defender = _driven([row for row in rows if row["car"] == both.defender.car], defending)
    if attacker is None or defender is None:
        return None
    length_m = (attacker.distance_m[-1] + defender.distance_m[-1]) / 2
    places = np.linspace(0.0, length_m, POINTS)
    back, front = attacker.stretched(length_m), defender.stretched(length_m)
    delta = np.interp(places, back.distance_m, back.time_s) - np.interp(
        places, front.distance_m, front.time_s
    )
    sectors = (both.defender.sector_1_s, both.defender.sector_2_s)
    ends = np.cumsum([each if each is not None else np.nan for each in sectors])
    return LapCompared(
        lap=both.lap,
        distance_m=np.round(places).tolist(),
        delta_s=np.round(delta, 3).tolist(),
        attacker=back.channels(places),
        defender=front.channels(places),
        sectors_m=tuple(np.round(np.interp(ends, front.time_s, front.distance_m)).tolist())
        if np.isfinite(ends).all()
        else (),
    )


@dataclass(frozen=True, slots=True)
class _Driven:
    """A car's readings on one lap, from line to line, in seconds and metres from the start."""

    time_s: Vector
    distance_m: Vector
    values: Mapping[str, Vector | None]

    def stretched(self, length_m: float) -> _Driven:
        return _Driven(self.time_s, self.distance_m * (length_m / self.distance_m[-1]), self.values)

    def channels(self, places: Vector) -> Channels:
        def smooth(name: str, digits: int) -> list[float] | None:
            readings = self.values[name]
            if readings is None:
                return None
            values: list[float] = np.round(
                np.interp(places, self.distance_m, readings), digits
            ).tolist()
            return values

        def stepped(name: str) -> list[float] | None:
            """Return the newest reading at each place, because there are no half gears."""
            readings = self.values[name]
            if readings is None:
                return None
            nth = np.searchsorted(self.distance_m, places, side="right") - 1
            values: list[float] = np.round(readings[np.maximum(nth, 0)]).tolist()
            return values

        return Channels(
            speed_kmh=smooth("speed_kmh", 1) or [],
            throttle_pct=smooth("throttle_pct", 0),
            brake_pct=stepped("brake_pct"),
            gear=stepped("gear"),
            drs=stepped("drs"),
        )


def _driven(rows: Sequence[Row], span: tuple[datetime, datetime]) -> _Driven | None:
    """Return one car's lap; None if its readings are too few or have a long hole."""
    rows = [row for row in rows if row["speed_kmh"] is not None]
    lasts_s = (span[1] - span[0]).total_seconds()
    at_s = np.array([(row["at_utc"] - span[0]).total_seconds() for row in rows])
    inside = (at_s > 0) & (at_s < lasts_s)
    if lasts_s <= 0 or inside.sum() < FEWEST_READINGS_A_S * lasts_s:
        return None
    time_s = np.concatenate([[0.0], at_s[inside], [lasts_s]])
    if np.diff(time_s).max() > LONGEST_HOLE_S:
        return None

    def channel(name: str) -> Vector | None:
        values = np.array([np.nan if row[name] is None else row[name] for row in rows], dtype=float)
        known = np.isfinite(values)
        return np.interp(time_s, at_s[known], values[known]) if known.any() else None

    channels = {
        name: channel(name) for name in ("speed_kmh", "throttle_pct", "brake_pct", "gear", "drs")
    }
    speed = channels["speed_kmh"]
    if speed is None:
        return None
    steps_m = np.diff(time_s) * (speed[1:] + speed[:-1]) / 2 / _KMH
    distance_m = np.concatenate([[0.0], np.cumsum(steps_m)])
    return _Driven(time_s, distance_m, channels) if distance_m[-1] > 0 else None
