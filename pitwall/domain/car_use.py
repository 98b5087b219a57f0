"""Sum up by sector how a car is driven: throttle, brake, coasting and power.

Only the sums are stored, because a race has half a million readings. A missing reading is None,
never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

_FULL_PCT = 99.0
_OFF_PCT = 5.0
_FAST_KMH = 200.0  # above this a car on full throttle is on a straight
_APART_S = (0.2, 1.6)  # outside these bounds two readings say too little about acceleration
_DRAG_PER_M = 0.00125  # half of air density times drag area over mass; within 20 % for every car
_KMH = 3.6


@dataclass(frozen=True, slots=True)
class CarSample:
    """One reading of a car's own channels; a missing value is None, never 0.

    Attributes:
        speed_kmh, rpm, gear: As sent.
        throttle_pct, brake_pct: 0 to 100; None where the feed sent 104, which is no reading.
        drs: The feed's DRS code (8 eligible; 10, 12, 14 open); None from 2026.
    """

    at: datetime
    speed_kmh: float | None = None
    rpm: float | None = None
    gear: int | None = None
    throttle_pct: float | None = None
    brake_pct: float | None = None
    drs: int | None = None


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """Where a car is, in the feed's own axes, tenths of a metre.

    Attributes:
        z: None from feeds that know no height.
    """

    at: datetime
    x: float
    y: float
    z: float | None
    on_track: bool

    @property
    def metres(self) -> tuple[float, float] | None:
        """Where it is, metres; None at (0, 0), which the feed sends for a car it cannot locate."""
        return (self.x / 10.0, self.y / 10.0) if self.x or self.y else None


@dataclass(frozen=True, slots=True)
class SectorUse:
    """What the readings of one sector add up to.

    Attributes:
        readings: How many had speed, throttle and brake.
        full, braking: How many were on full throttle; how many on the brake.
        coasting: How many were fast, off the throttle and off the brake (lift and coast).
        top_kmh: Highest speed.
        pulls: How many pairs of successive readings were fast and on full throttle.
        pull_w_kg: Sum over these pairs of the power that moved the car, W/kg: acceleration times
            speed, plus the power lost to the drag of a typical car.
    """

    readings: int = 0
    full: int = 0
    braking: int = 0
    coasting: int = 0
    top_kmh: float = 0.0
    pulls: int = 0
    pull_w_kg: float = 0.0

    def with_reading(self, sample: CarSample, before: CarSample | None) -> SectorUse:
        """Return the sums with one more reading; an incomplete reading adds nothing."""
        speed, throttle, brake = sample.speed_kmh, sample.throttle_pct, sample.brake_pct
        if speed is None or throttle is None or brake is None:
            return self
        on_brake = brake > 0
        pull = _pull_w_kg(before, sample)
        return SectorUse(
            self.readings + 1,
            self.full + (throttle >= _FULL_PCT),
            self.braking + on_brake,
            self.coasting + (throttle <= _OFF_PCT and not on_brake and speed >= _FAST_KMH),
            max(self.top_kmh, speed),
            self.pulls + (pull is not None),
            self.pull_w_kg + (pull or 0.0),
        )


@dataclass(frozen=True, slots=True)
class Drive:
    """The sums of a car's lap under way.

    Attributes:
        done: Sectors that are over.
        here: The sector under way.
        last: The newest reading.
    """

    done: tuple[SectorUse, ...] = ()
    here: SectorUse = SectorUse()
    last: CarSample | None = None

    def with_reading(self, sample: CarSample) -> Drive:
        """Return the drive after one more reading; an old or repeated one changes nothing."""
        if self.last is not None and sample.at <= self.last.at:
            return self
        return Drive(self.done, self.here.with_reading(sample, self.last), sample)

    def at_sector_end(self, index: int) -> Drive:
        """Return the drive after the end of sector `index`, from 0; a repeat changes nothing."""
        if len(self.done) > index:
            return self
        missing = (SectorUse(),) * (index - len(self.done))
        return Drive((*self.done, *missing, self.here), SectorUse(), self.last)

    def after(self, sectors_s: Mapping[int, float | None], *, lap_over: bool) -> Drive:
        """Return the drive after an update of sector times, by index, None for a cleared one."""
        ended = self
        for index in (0, 1):
            if sectors_s.get(index) is not None:
                ended = ended.at_sector_end(index)
        return ended.at_line()[1] if lap_over else ended

    def at_line(self) -> tuple[tuple[SectorUse, ...], Drive]:
        """Return the three sectors of the lap just done, () without readings, and the next lap."""
        ended = self.at_sector_end(2)
        has_readings = any(sector.readings for sector in ended.done)
        return (ended.done if has_readings else ()), replace(ended, done=())


def _pull_w_kg(before: CarSample | None, sample: CarSample) -> float | None:
    if before is None or before.speed_kmh is None or sample.speed_kmh is None:
        return None
    full = min(before.throttle_pct or 0.0, sample.throttle_pct or 0.0) >= _FULL_PCT
    apart_s = (sample.at - before.at).total_seconds()
    slowest = min(before.speed_kmh, sample.speed_kmh)
    if not full or slowest < _FAST_KMH or not _APART_S[0] <= apart_s <= _APART_S[1]:
        return None
    mean = (before.speed_kmh + sample.speed_kmh) / 2.0 / _KMH
    gained = (sample.speed_kmh - before.speed_kmh) / _KMH / apart_s
    return mean * gained + _DRAG_PER_M * mean**3
