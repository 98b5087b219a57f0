"""Write `CarData.z` and `Position.z` of a simulated race: a burst of samples about each second.

The bytes of a sample are made once and then looked up, since a race has half a million of them. A
car's speed on a straight follows from its battery and its tow, as the timing's traps do.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace
from datetime import timedelta
from random import Random

from pitwall.feeds.simulated.cars import RaceCar
from pitwall.feeds.simulated.lap_shape import Spot
from pitwall.feeds.simulated.outbox import Outbox
from pitwall.feeds.simulated.setup import RaceSetup

_BURST_S = 1.0
_SAMPLE_S = 0.27  # 3.7 a second
_VARIANTS_KMH = (-4, -1, 2, 5)  # so that two cars at one place do not read the same
_SLOW_S = 0.63  # a car that lost this much in one mini-sector shows it in its speed
_FAST_KMH = 223  # above this a car is on a straight, where slipstream and power matter
_COAST_SPOTS = 6  # tenths of a second that a charging driver lifts before braking
_LANE_KMH = 80
_SLOW = 0.62  # of racing speed, behind a safety car or from a standing start
_COOL_DOWN = 2.2  # of a racing lap's time, for the lap after the flag
_GEARS_KMH = (0, 75, 110, 145, 180, 215, 250, 285)
_STILL = b'{"Channels":{"0":0,"2":0,"3":0,"4":104,"5":104,"45":0}}'
_GRIDDED = b'{"Channels":{"0":4000,"2":0,"3":1,"4":0,"5":0,"45":0}}'


class Telemetry:
    """Reads the cars between timing loops; mutable, it knows when the next burst is due."""

    def __init__(self, setup: RaceSetup, cars: list[RaceCar], rng: Random) -> None:
        spots = setup.shape.spots
        self._setup = setup
        self._cars = cars
        self._rng = rng
        self._racing: dict[tuple[int, int, bool], bytes] = {}
        self._lifts = [_lifts(spots, cell) for cell in range(len(spots))]
        self._slow = [_channels(s.speed_kmh * _SLOW, s) for s in spots]
        self._lane = [_channels(_LANE_KMH, s) for s in spots]
        self._on = [_place(s, "OnTrack") for s in spots]
        self._off = [_place(s, "OffTrack") for s in spots]
        self._keys = [b'"%d":' % car.entrant.number for car in cars]

    def burst(self, at_s: float, outbox: Outbox) -> float:
        """Send the samples of the second before `at_s`; return when the next burst is due."""
        stamps = [at_s - _BURST_S + k * _SAMPLE_S + 0.1 for k in range(self._rng.choice((3, 4, 4)))]
        channels: list[bytes] = []
        places: list[bytes] = []
        for stamp_s in stamps:
            cells = [self._cell(car, stamp_s) for car in self._cars]
            utc = self._utc(stamp_s)
            cars = b",".join(
                key + self._sample(car, cell, stamp_s)
                for key, car, cell in zip(self._keys, self._cars, cells, strict=True)
            )
            channels.append(b'{"Utc":"%s","Cars":{%s}}' % (utc, cars))
            entries = b",".join(
                key + (self._on if car.running or car.finished else self._off)[cell]
                for key, car, cell in zip(self._keys, self._cars, cells, strict=True)
            )
            places.append(b'{"Timestamp":"%s","Entries":{%s}}' % (utc, entries))
        outbox.put(at_s, "CarData.z", _zipped(b'{"Entries":[%s]}' % b",".join(channels)))
        outbox.put(at_s + 0.15, "Position.z", _zipped(b'{"Position":[%s]}' % b",".join(places)))
        return at_s + _BURST_S * self._rng.uniform(0.9, 1.2)

    def _cell(self, car: RaceCar, at_s: float) -> int:
        """Return where on the lap a car is: an index of the lap's spots."""
        spots = len(self._on)
        if at_s < 0.0:
            return spots - 1 - car.index
        if car.finished:
            lap_s = _COOL_DOWN * self._setup.shape.lap_s
            return min(int(spots * (at_s - car.at_s) / lap_s) % spots, spots - 1)
        loops = len(self._setup.shape.minis)
        part = 0.0
        if car.running and car.passed_at_s:
            # A car exactly at a loop has no plan for the next one yet.
            part = (at_s - car.at_s) / max(0.01, car.exit_at_s - car.at_s)
        start, end = self._setup.shape.loops_at[car.progress % loops :][:2]
        return int(spots * (start + max(0.0, min(0.999, part)) * (end - start)))

    def _sample(self, car: RaceCar, cell: int, at_s: float) -> bytes:
        if at_s < 0.0:
            return _GRIDDED
        if not (car.running or car.finished):
            return _STILL
        if car.in_lane:
            return self._lane[cell]
        mini_s = car.exit_at_s - car.at_s
        if car.finished or mini_s > self._mini_s(car) + _SLOW_S:
            return self._slow[cell]
        return self._at_speed(car, cell, (at_s - car.at_s) / max(0.01, mini_s))

    def _mini_s(self, car: RaceCar) -> float:
        minis = self._setup.shape.minis
        return minis[car.progress % len(minis)].base_s

    def _at_speed(self, car: RaceCar, cell: int, part: float) -> bytes:
        """Return the channels of a car that races; `part` is its share of the mini-sector."""
        spot = self._setup.shape.spots[cell]
        faster_kmh = _VARIANTS_KMH[(car.index + cell // 40) % 4]
        if spot.speed_kmh > _FAST_KMH and not spot.brake_pct:
            share = max(0.0, min(1.0, part))
            surge = share * car.surge + (1.0 - share) * car.surged
            faster_kmh += round((surge + car.entrant.trim) * spot.speed_kmh)
        lifts = car.charging and self._lifts[cell]
        key = (cell, faster_kmh, lifts)
        channels = self._racing.get(key)
        if channels is None:
            throttle_pct = 0 if lifts else spot.throttle_pct
            shown = replace(spot, throttle_pct=throttle_pct)
            channels = self._racing[key] = _channels(spot.speed_kmh + faster_kmh, shown)
        return channels

    def _utc(self, at_s: float) -> bytes:
        at = self._setup.lights_out_at + timedelta(seconds=at_s)
        return at.strftime("%Y-%m-%dT%H:%M:%S.%f0Z").encode()


def _lifts(spots: tuple[Spot, ...], cell: int) -> bool:
    """Return whether a charging driver is off the throttle here, just before braking."""
    ahead = (spots[(cell + k) % len(spots)] for k in range(_COAST_SPOTS + 1))
    return not spots[cell].brake_pct and any(spot.brake_pct for spot in ahead)


def _channels(speed_kmh: float, spot: Spot) -> bytes:
    gear = max(1, sum(speed_kmh >= lowest for lowest in _GEARS_KMH))
    top = (*_GEARS_KMH, 340)[gear]
    rpm = round(7200 + 4600 * min(1.0, speed_kmh / top))
    values = (rpm, round(speed_kmh), gear, spot.throttle_pct, spot.brake_pct)
    return b'{"Channels":{"0":%d,"2":%d,"3":%d,"4":%d,"5":%d,"45":0}}' % values


def _place(spot: Spot, status: str) -> bytes:
    x, y = round(spot.x_m * 10.0), round(spot.y_m * 10.0)
    return b'{"Status":"%s","X":%d,"Y":%d,"Z":100}' % (status.encode(), x, y)


def _zipped(text: bytes) -> bytes:
    # Level 1: a race has ten thousand of these.
    packer = zlib.compressobj(level=1, wbits=-15)
    return b'"' + base64.b64encode(packer.compress(text) + packer.flush()) + b'"'
