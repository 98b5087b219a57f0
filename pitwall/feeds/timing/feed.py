"""Play a race of the timing archive, and list the races it holds."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pitwall.domain.sessions import Source
from pitwall.errors import RaceNotFoundError
from pitwall.feeds.timed_lines import TimedLine, in_order
from pitwall.feeds.timing import laps, order, session
from pitwall.feeds.timing.tables import (
    RaceEntry,
    Row,
    by_car,
    entry_of,
    read_rows,
    read_sessions,
    zero_of,
)
from pitwall.feeds.timing.telemetry import burst_lines, find_file, read_telemetry
from pitwall.wire.message import RawMessage

_NEVER: tuple[list[int], list[bool]] = ([], [])
_ANY_DISTANCE = 999
WITH_TELEMETRY = "+telemetry"


def list_races(archive_dir: Path) -> list[RaceEntry]:
    """Return the archive's races, oldest first.

    Raises:
        FeedUnavailableError: There is no archive here.
    """
    sessions = sorted(read_sessions(archive_dir), key=lambda row: row["start_local"])
    return [entry_of(row) for row in sessions]


class TimingFeed:
    """A `RecordedFeed` that rewrites one race of the archive as wire messages.

    No message is emitted before its content was known. What the archive lacks is not made
    up, with three inferences, each documented where it is made: grid places from the order
    before the start, cars that have stopped, and the clock of races without race control.

    Attributes:
        race: The description of the race.
    """

    def __init__(self, archive_dir: Path, race: str, telemetry_dir: Path | None = None) -> None:
        """Choose a race by `race_id`, or by the archive's own number as text.

        Args:
            archive_dir: The folder of the archive's tables.
            race: Which race.
            telemetry_dir: The folder of the cars' telemetry; None leaves telemetry out.

        Raises:
            RaceNotFoundError: The archive has no such race.
            FeedUnavailableError: There is no archive here, or broken telemetry.
        """
        self._archive = archive_dir
        self._session = _find(read_sessions(archive_dir), race)
        self.race = entry_of(self._session)
        session_id = self.race.session_id
        self._telemetry = find_file(telemetry_dir, session_id) if telemetry_dir else None

    @property
    def name(self) -> str:
        """`timing:` and the race, with a suffix where the feed includes telemetry."""
        return f"timing:{self.race.race_id}{WITH_TELEMETRY if self._telemetry else ''}"

    @property
    def source(self) -> Source:
        """Reconstructed, always."""
        return Source.RECONSTRUCTED

    def messages(self) -> Iterator[RawMessage]:
        """Yield the race's messages in order of `sent_at`; about 30,000, with telemetry 42,000.

        Raises:
            FeedUnavailableError: A table of the archive is missing.
        """
        statuses = self._rows("session_status", ["t_ms", "status"])
        flags = self._rows("track_status", ["t_ms", "status", "message"])
        order_rows = self._rows("timing_stream", order.COLUMNS)
        zero = zero_of(self._session, statuses)
        counts = self._rows("lap_count", ["t_ms", "lap", "total"])
        lines = list(self._whole_race_lines(zero))
        lines += session.flag_lines(flags, statuses, counts)
        lines += _car_lines(
            order_rows,
            self._rows("laps", laps.COLUMNS),
            order.running_spells(statuses, flags),
            _distance(counts),
        )
        lines += session.grid_line(order_rows, _started(statuses))
        lines += list(session.heartbeat_lines(lines, zero))
        yield from in_order(lines, zero, self._bursts(zero))

    def _bursts(self, zero: datetime) -> Iterator[TimedLine]:
        if self._telemetry is not None:
            yield from burst_lines(read_telemetry(self._telemetry, self.race.session_id), zero)

    def _rows(self, table: str, columns: list[str]) -> list[Row]:
        return read_rows(self._archive, table, self.race.session_id, columns)

    def _whole_race_lines(self, zero: datetime) -> Iterator[TimedLine]:
        yield session.info_line(self._session)
        yield session.driver_line(self._rows("drivers", session.DRIVER_COLUMNS))
        yield from session.tyre_lines(self._rows("tyres", session.TYRE_COLUMNS), self.race.year)
        yield from session.weather_lines(self._rows("weather", session.WEATHER_COLUMNS))
        if self.race.has_clock:
            control = self._rows("race_control", session.CONTROL_COLUMNS)
            yield from session.control_lines(control, zero)


def _car_lines(
    order_rows: list[Row], lap_rows: list[Row], spells: list[tuple[int, int]], distance: int
) -> Iterator[TimedLine]:
    led = order.leading_spells(order_rows)
    crossings: dict[int, list[int]] = {}
    of_cars: dict[int, list[TimedLine]] = {}
    for car, rows in by_car(lap_rows):
        rows.sort(key=lambda row: row["lap"])
        crossings[car] = sorted(laps.known_at(row) for row in rows)
        spell = led.get(car, _NEVER)
        leading = [
            min(row["lap"] + 1, distance) if order.led_at(spell, laps.known_at(row)) else None
            for row in rows
        ]
        of_cars[car] = [*laps.lap_lines(car, rows, leading), *laps.pit_lines(car, rows)]
    activity = {
        car: sorted([*times, *(line.ms for line in of_cars.get(car, ()))])
        for car, times in order.updated_at(order_rows).items()
    }
    yield from order.order_lines(order_rows, crossings, distance)
    for lines in of_cars.values():
        yield from lines
    yield from order.stopped_lines(activity, spells)


def _distance(counts: list[Row]) -> int:
    """Return the number of laps first announced; if none was, more than any race has.

    Two races of the archive first announce a distance of 0.
    """
    ordered = sorted(counts, key=lambda row: row["t_ms"])
    return next((row["total"] for row in ordered if row["total"]), _ANY_DISTANCE)


def _started(statuses: list[Row]) -> int:
    return min((row["t_ms"] for row in statuses if row["status"] == "Started"), default=0)


def _find(sessions: list[Row], race: str) -> Row:
    by_name = {entry_of(row).race_id: row for row in sessions}
    by_number = {str(row["session_id"]): row for row in sessions}
    found = by_name.get(race) or by_number.get(race)
    if found is not None:
        return found
    near = difflib.get_close_matches(race.lower(), by_name, n=3, cutoff=0.4)
    hint = f"The nearest are {', '.join(near)}." if near else "No name is near it."
    raise RaceNotFoundError(f"The timing archive has no race {race!r}. {hint}")
