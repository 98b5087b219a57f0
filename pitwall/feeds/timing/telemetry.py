"""Read telemetry of the timing archive, and rewrite it as `CarData.z` and `Position.z`.

A file has a row for each reading: `session_id, car, t_ms, speed` (km/h), `throttle` (%; above
100 is no reading), `brake` (0 or 1), `x`, `y`, and where they are known `rpm`, `gear` (9 is
reverse: Melbourne 2025 has 70 s of it, on the grass) and `drs` (1 is open).

What four races of 2025 show: readings from lights out to each car's flag, a quarter of a second
apart and never more than 1.5 s, none of them twice. No place is (0, 0), and none is beyond 1.2 km
of the origin: no 16-bit number has wrapped around. A car's place jumps by 30 to 270 m some five
times a race and stays where it is then: the feed corrected itself, so that is passed on. Places
are in tenths of a metre, but Monaco's are in metres.

Some of the archive's readings were interpolated between two measured ones, up to half a
second apart. So a burst is sent half a second after the newest reading that it may hold: by then
both measured ones were known.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.timed_lines import TimedLine
from pitwall.wire.encode import encode_zipped, utc_text

log = logging.getLogger(__name__)

FOLDER: Final = "telemetry"

CHANNELS: Final = ("rpm", "speed", "gear", "throttle", "brake", "drs")  # as the feed orders them

_KEY: Final = "session_id"

_PLACE: Final = ("x", "y")

_NEEDED: Final = ("t_ms", "car", "speed")

_TENTHS: Final = 10

_UNITS_IN_A_METRE: Final = (10, 1)  # that files use

_UNIT_WITHIN: Final = 0.2  # the four races are within 0.01 of theirs

_SHORTEST_M: Final = 1000.0  # that all cars together must have driven for the unit to show

_LONGEST_STEP_S: Final = 2.0

_KMH: Final = 3.6

Vector = npt.NDArray[np.float64]

Integers = npt.NDArray[np.int64]

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class CarReadings:
    """All readings of a race in order of time, then car; arrays of one length.

    Attributes:
        t_ms: Milliseconds on the archive's clock.
        car: Car numbers.
        channels: By column, those that the file has, as it gives them; None is no reading.
        x, y: Tenths of a metre in the feed's own axes, NaN where a car has no place; None
            without places, or where their unit cannot be told.
    """

    t_ms: Integers
    car: Integers
    channels: Mapping[str, npt.NDArray[Any]]
    x: Vector | None
    y: Vector | None


def folder_beside(archive: Path) -> Path | None:
    """Return the folder `telemetry` in an archive's folder or beside it; None without one."""
    whole = archive.resolve()
    places = (whole / FOLDER, whole.parent / FOLDER)
    return next((place for place in places if place.is_dir()), None)


def find_file(folder: Path, session_id: int) -> Path | None:
    """Return the first file, by name, that has readings of a race, as its own statistics say.

    Raises:
        FeedUnavailableError: A parquet file of the folder cannot be read.
    """
    files = sorted(folder.glob("*.parquet"))
    return next((file for file in files if _read(file, _holds, session_id)), None)


def read_telemetry(file: Path, session_id: int) -> CarReadings:
    """Return a race's readings, by column: some 40 MB for half a million.

    Raises:
        FeedUnavailableError: The file cannot be read or lacks a column.
    """
    found = _read(file, _table, session_id)
    if missing := {*_NEEDED} - {*found.column_names}:
        what = ", ".join(sorted(missing))
        raise FeedUnavailableError(f"The telemetry {file} lacks the columns {what}.")
    t_ms, car = (found[name].to_numpy().astype(np.int64) for name in ("t_ms", "car"))
    channels = {name: _values(found[name]) for name in CHANNELS if name in found.column_names}
    x = y = None
    if {*_PLACE} <= {*found.column_names}:
        x, y = (found[name].to_numpy().astype(np.float64) for name in _PLACE)
        nowhere = (x == 0) & (y == 0)  # as the feed says of a car without a place
        x[nowhere] = y[nowhere] = np.nan
        unit = _units_in_a_metre(t_ms, car, found["speed"].to_numpy(), (x, y))
        if unit is None:
            log.warning(
                "positions are in an unknown unit and are left out", extra={"file": str(file)}
            )
            x = y = None
        else:
            x, y = x * (_TENTHS / unit), y * (_TENTHS / unit)
    return CarReadings(t_ms, car, channels, x, y)


def _read(file: Path, read: Callable[[Any, int], Answer], session_id: int) -> Answer:
    try:
        with pq.ParquetFile(file) as opened:
            return read(opened, session_id)
    except (OSError, pa.ArrowException) as error:
        raise FeedUnavailableError(f"{file} is not a readable parquet file.") from error


def _holds(opened: Any, session_id: int) -> bool:  # noqa: ANN401  pyarrow has no types
    return any(
        pc.any(pc.equal(opened.read_row_group(group, [_KEY])[_KEY], session_id)).as_py()
        for group in _groups(opened, session_id)
    )


def _groups(opened: Any, session_id: int) -> list[int]:  # noqa: ANN401
    """Return the row groups that, by their statistics, may hold the race."""
    if _KEY not in opened.schema.names:
        return []
    column = opened.schema.names.index(_KEY)
    groups = range(opened.metadata.num_row_groups)
    statistics = {
        group: opened.metadata.row_group(group).column(column).statistics for group in groups
    }
    return [
        group
        for group, known in statistics.items()
        if known is None or not known.has_min_max or known.min <= session_id <= known.max
    ]


def _table(opened: Any, session_id: int) -> Any:  # noqa: ANN401
    wanted = [n for n in (_KEY, "t_ms", "car", *CHANNELS, *_PLACE) if n in opened.schema.names]
    found = opened.read_row_groups(_groups(opened, session_id), columns=wanted)
    found = found.filter(pc.equal(found[_KEY], session_id))
    keys = [name for name in ("t_ms", "car") if name in wanted]
    return found.sort_by([(name, "ascending") for name in keys])


def _values(column: Any) -> npt.NDArray[Any]:  # noqa: ANN401
    """Return a channel as numbers, or as objects where some of it is None."""
    if column.null_count:
        return np.array(column.to_pylist(), dtype=object)
    found: npt.NDArray[Any] = column.to_numpy()
    return found


def _units_in_a_metre(
    t_ms: Integers, car: Integers, speed_kmh: Vector, place: tuple[Vector, Vector]
) -> int | None:
    """Return the unit in which the distances of positions match the cars' speeds.

    None where neither unit fits, or where the cars have hardly moved.
    """
    order = np.lexsort((t_ms, car))
    t_s, car, mps = t_ms[order] / 1000.0, car[order], speed_kmh[order] / _KMH
    x, y = (axis[order] for axis in place)
    took_s = np.diff(t_s)
    driven_m = took_s * (mps[1:] + mps[:-1]) / 2.0
    step = np.hypot(np.diff(x), np.diff(y))
    usable = (np.diff(car) == 0) & (took_s <= _LONGEST_STEP_S) & np.isfinite(step * driven_m)
    whole_m = driven_m[usable].sum()
    if whole_m < _SHORTEST_M:
        return None
    ratio = step[usable].sum() / whole_m
    fitting = [unit for unit in _UNITS_IN_A_METRE if abs(ratio / unit - 1.0) <= _UNIT_WITHIN]
    return fitting[0] if fitting else None


BURST_MS: Final = 1000

DELAY_MS: Final = 500

_NUMBERS: Final = dict(zip(CHANNELS, ("0", "2", "3", "4", "5", "45"), strict=True))

# The archive says yes or no. The feed's brake is 0 or 100 in every reading of Mexico 2025. Its
# wing is 10, 12 or 14 when open, 12 in 86 of 100 such readings there; 0 is its word for shut, as
# whether it might be opened, 8, is not known here.
_YES: Final = {"brake": 100, "drs": 12}

Row = tuple[int, int, Any]  # t_ms, car, and what is read


def burst_lines(readings: CarReadings, zero: datetime) -> Iterator[TimedLine]:
    """Yield the bursts in order of time, each made on demand."""
    keys = [_NUMBERS[name] for name in readings.channels]
    channels = [_coded(name, values) for name, values in readings.channels.items()]
    # A burst ends with a whole second and holds what is newer than the one before it.
    seconds = -(-readings.t_ms // BURST_MS)
    for begin, end in _stretches(seconds):
        sent_ms = int(seconds[begin]) * BURST_MS + DELAY_MS
        part = slice(begin, end)
        times_and_cars = [values[part].tolist() for values in (readings.t_ms, readings.car)]
        rows = zip(*(values[part].tolist() for values in channels), strict=True)
        cars = [
            (ms, car, {"Channels": dict(zip(keys, row, strict=True))})
            for ms, car, row in zip(*times_and_cars, rows, strict=True)
        ]
        entries = _entries(cars, zero, ("Utc", "Cars"))
        yield TimedLine(sent_ms, "CarData.z", encode_zipped({"Entries": entries}))
        if readings.x is not None and readings.y is not None:
            places = zip(
                *times_and_cars, readings.x[part].tolist(), readings.y[part].tolist(), strict=True
            )
            # The feed says OnTrack for all cars, even those in the garage.
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
