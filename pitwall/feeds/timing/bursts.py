"""Rewrite the cars' readings as `CarData.z` and `Position.z`: a burst of each, once a second.

What the archive calls a reading was partly laid between two that were measured, up to half a
second apart. So a burst is sent half a second after the newest reading that it may hold: by then
both were known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pitwall.feeds.recording.contents import TimedLine
from pitwall.feeds.timing.telemetry import CHANNELS, CarReadings
from pitwall.wire.encode import encode_zipped, utc_text

BURST_MS: Final = 1000
DELAY_MS: Final = 500
_NUMBERS: Final = dict(zip(CHANNELS, ("0", "2", "3", "4", "5", "45"), strict=True))
# The archive says yes or no. The feed's brake is 0 or 100 in every reading of Mexico 2025. Its
# wing is 10, 12 or 14 when open, 12 in 86 of 100 such readings there; 0 is its word for shut, as
# whether it might be opened, 8, is not known here.
_YES: Final = {"brake": 100, "drs": 12}

Row = tuple[int, int, Any]  # t_ms, car, and what is read


def burst_lines(readings: CarReadings, zero: datetime) -> Iterator[TimedLine]:
    """Yield the bursts in order of time, each made when it is asked for."""
    keys = [_NUMBERS[name] for name in readings.channels]
    channels = [_coded(name, values) for name, values in readings.channels.items()]
    # A burst ends with a whole second and holds what is newer than the one before it.
    seconds = -(-readings.t_ms // BURST_MS)
    for begin, end in _stretches(seconds):
        sent_ms = int(seconds[begin]) * BURST_MS + DELAY_MS
        part = slice(begin, end)
        who = [values[part].tolist() for values in (readings.t_ms, readings.car)]
        told = zip(*(values[part].tolist() for values in channels), strict=True)
        cars = [
            (ms, car, {"Channels": dict(zip(keys, row, strict=True))})
            for ms, car, row in zip(*who, told, strict=True)
        ]
        entries = _entries(cars, zero, ("Utc", "Cars"))
        yield TimedLine(sent_ms, "CarData.z", encode_zipped({"Entries": entries}))
        if readings.x is not None and readings.y is not None:
            places = zip(*who, readings.x[part].tolist(), readings.y[part].tolist(), strict=True)
            # The feed says OnTrack of all cars, those in the garage too.
            points = [
                (ms, car, {"Status": "OnTrack", "X": round(x), "Y": round(y)})
                for ms, car, x, y in places
                if x == x and y == y
            ]
            if points:
                located = _entries(points, zero, ("Timestamp", "Entries"))
                yield TimedLine(sent_ms, "Position.z", encode_zipped({"Position": located}))


def _stretches(seconds: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each run of equal numbers."""
    edges = (np.flatnonzero(np.diff(seconds)) + 1).tolist()
    if len(seconds):
        yield from zip([0, *edges], [*edges, len(seconds)], strict=True)


def _entries(rows: Sequence[Row], zero: datetime, keys: tuple[str, str]) -> list[dict[str, Any]]:
    """Return an entry for each instant; `rows` come in order of time."""
    entries: dict[int, dict[str, Any]] = {}
    for ms, car, read in rows:
        entries.setdefault(ms, {})[str(car)] = read
    return [
        {keys[0]: utc_text(zero + timedelta(milliseconds=ms)), keys[1]: cars}
        for ms, cars in entries.items()
    ]


def _coded(name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a channel in the feed's own code."""
    yes = _YES.get(name)
    if yes is None:
        return values
    return np.array([None if v is None else yes * bool(v) for v in values.tolist()], dtype=object)
