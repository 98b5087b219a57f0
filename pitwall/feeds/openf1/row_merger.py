"""Merge the rows of a session from MQTT and REST into the newest version of each.

MQTT rows may be lost, repeated or out of order. A row counts once by its `_key`; of two versions
the one with the higher `_id` is newer; and REST's answers fill in what is missing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from pitwall.feeds.openf1 import lap_rows
from pitwall.feeds.openf1.frame_reader import CHANGED, WHOLE
from pitwall.feeds.openf1.rows import (
    MEASURED,
    TOGETHER,
    Row,
    car_of,
    instant_of,
    is_sound,
    key_of,
)
from pitwall.feeds.openf1.session_rows import is_timed
from pitwall.wire.message import RawFrame

_MOST_ROWS = 20_000  # of one endpoint: ten times what a long race has
_SEEN = 20_000  # single measurements remembered: ten minutes without telemetry
_NEWEST_LAPS = 3  # of one car: the last one that ended, the one under way, and one between
_NEWEST_CONTROL = 80  # rows of race control from which the flags of the track are told
# A stop or a lap time may arrive seconds after the instant it names, later than newer rows.
_LATE_BY = timedelta(seconds=10)
_AHEAD_AT_MOST = timedelta(minutes=30)  # more than this machine's clock should ever be wrong
_UNUSED = frozenset({"_id", "_key", "segments_sector_1", "segments_sector_2", "segments_sector_3"})
_OF_CARS = frozenset({"laps", "stints", "pit"})


@dataclass(slots=True)
class _KnownRow:
    row: dict[str, object]
    id: int | None
    arrived_at: datetime


@dataclass(slots=True)
class RowCounts:
    """Counts of the rows so far, by what became of them.

    Attributes:
        taken: Rows with new content.
        repeated: Rows without new content.
        overtaken: Older versions that came after newer ones.
        foreign: Rows of another session.
        unsound: Rows with an impossible value or instant.
    """

    taken: int = 0
    repeated: int = 0
    overtaken: int = 0
    foreign: int = 0
    unsound: int = 0


@dataclass(slots=True)
class Changes:
    """What has changed since the last frame: cars, rows of race control, descriptions."""

    cars: set[int] = field(default_factory=set)
    control: list[tuple[object, ...]] = field(default_factory=list)
    described: bool = False


class RowMerger:
    """Merges the rows of one session, whichever way and order they come in.

    Args:
        session_key: The session whose rows are merged.

    Attributes:
        newest_at: The newest instant of any row; None before the first.
        tally: Counts of rows by what became of them.
    """

    def __init__(self, session_key: int) -> None:
        self.session_key = session_key
        self.newest_at: datetime | None = None
        self.tally = RowCounts()
        self._rows: dict[str, dict[tuple[object, ...], _KnownRow]] = {name: {} for name in TOGETHER}
        self._of_car: dict[tuple[str, int | None], list[tuple[object, ...]]] = {}
        self._newest: dict[tuple[str, int | None], dict[str, object]] = {}
        self._seen: OrderedDict[tuple[object, ...], None] = OrderedDict()
        self._changes = Changes()

    def take(self, endpoint: str, rows: Iterable[Row], arrived_at: datetime) -> bool:
        """Merge rows; return whether any had new content.

        Args:
            endpoint: The endpoint of the rows.
            rows: From MQTT with `_id`, from REST without.
            arrived_at: When they arrived; for REST when they were requested, as rows that MQTT
                sent since then are newer.
        """
        if endpoint not in MEASURED and endpoint not in self._rows:
            return False
        new = 0
        for row in rows:
            if not is_sound(row) or _is_ahead(row, arrived_at):
                self.tally.unsound += 1
            elif not self._is_ours(endpoint, row):
                self.tally.foreign += 1
            elif endpoint in MEASURED:
                new += self._measure(endpoint, row)
            else:
                new += self._keep(endpoint, row, arrived_at)
        self.tally.taken += new
        return new > 0

    def has(self, endpoint: str) -> bool:
        """Return whether any row of an endpoint is known."""
        return bool(self._rows.get(endpoint)) or any(name == endpoint for name, _ in self._newest)

    def changed_frame(self, received_at: datetime) -> RawFrame | None:
        """Return the changed rows that only mean something together; None when none changed."""
        changes, self._changes = self._changes, Changes()
        content: dict[str, object] = {}
        for endpoint in sorted(_OF_CARS if changes.cars else ()):
            content[endpoint] = self._of_cars(endpoint, changes.cars)
        if changes.control:
            content["race_control"], content["new"] = self._newest_control(changes.control)
        if changes.described:
            content |= {name: self._all(name) for name in ("sessions", "meetings", "drivers")}
        return self._frame(CHANGED, content, received_at, self.newest_at) if content else None

    def whole_frame(self, received_at: datetime) -> RawFrame:
        """Return all rows of a snapshot."""
        self._changes = Changes()
        content: dict[str, object] = {name: self._all(name) for name in TOGETHER if name != "laps"}
        content["laps"] = self._of_cars("laps", None)
        content["race_control"] = self._control()
        for endpoint in ("position", "intervals", "weather"):
            content[endpoint] = [row for (name, _), row in self._newest.items() if name == endpoint]
        at = self.newest_at - _LATE_BY if self.newest_at else None
        return self._frame(WHOLE, content, received_at, at)

    def _is_ours(self, endpoint: str, row: Row) -> bool:
        return endpoint == "meetings" or row.get("session_key") in {self.session_key, None}

    def _measure(self, endpoint: str, row: Row) -> bool:
        key = (endpoint, *key_of(endpoint, row))
        at = instant_of(row)
        if at is None or key in self._seen:
            self.tally.repeated += 1
            return False
        self._seen[key] = None
        if len(self._seen) > _SEEN:
            self._seen.popitem(last=False)
        self._note(at)
        place = (endpoint, None if endpoint == "weather" else car_of(row))
        before = self._newest.get(place)
        if endpoint in {"car_data", "location"} or len(self._newest) > _MOST_ROWS:
            return True
        before_at = instant_of(before) if before else None
        if before_at is not None and at < before_at:
            self.tally.overtaken += 1
            return False
        content = {name: value for name, value in row.items() if value is not None}
        self._newest[place] = {**(before or {}), **content}
        return True

    def _keep(self, endpoint: str, row: Row, arrived_at: datetime) -> bool:
        rows, key = self._rows[endpoint], key_of(endpoint, row)
        known, number = rows.get(key), _id_of(row)
        content = {name: value for name, value in row.items() if name not in _UNUSED}
        if known is None:
            if len(rows) >= _MOST_ROWS:
                return False
            rows[key] = _KnownRow(content, number, arrived_at)
            self._of_car.setdefault((endpoint, car_of(row)), []).append(key)
        else:
            merged = self._merged(known, content, number, arrived_at)
            if merged == known.row:
                self.tally.repeated += 1
                return False
            known.row = merged
        self._note_changed(endpoint, key, row)
        return True

    def _merged(
        self, known: _KnownRow, content: dict[str, object], number: int | None, arrived_at: datetime
    ) -> dict[str, object]:
        """Return a row merged with another version of it; a null removes nothing.

        Fields that only the older version has stay.
        """
        given = {name: value for name, value in content.items() if value is not None}
        if number is not None and known.id is not None:
            is_newer = number > known.id
        else:
            is_newer = arrived_at >= known.arrived_at
        if not is_newer:
            self.tally.overtaken += 1
            return {**given, **{n: v for n, v in known.row.items() if v is not None}}
        known.id, known.arrived_at = number if number is not None else known.id, arrived_at
        return {**known.row, **given}

    def _note_changed(self, endpoint: str, key: tuple[object, ...], row: Row) -> None:
        car = car_of(row)
        if endpoint in _OF_CARS:
            self._changes.cars |= {car} if car is not None else set()
        elif endpoint == "race_control":
            self._changes.control.append(key)
        else:
            self._changes.described = True
        self._note(instant_of(row) or instant_of(row, "date_start"))

    def _note(self, at: datetime | None) -> None:
        if at is not None and (self.newest_at is None or at > self.newest_at):
            self.newest_at = at

    def _all(self, endpoint: str) -> list[dict[str, object]]:
        return [known.row for known in self._rows[endpoint].values()]

    def _of_cars(self, endpoint: str, cars: set[int] | None) -> list[dict[str, object]]:
        """Return the rows of some cars, or of all; for laps only the last few of each."""
        content: list[dict[str, object]] = []
        known = {car for name, car in self._of_car if name == endpoint and car is not None}
        for car in sorted(known if cars is None else known & cars):
            rows = [self._rows[endpoint][key].row for key in self._of_car[endpoint, car]]
            if endpoint == "laps":
                rows = lap_rows.newest(rows, _NEWEST_LAPS)
            content += rows
        return content

    def _control(self) -> list[dict[str, object]]:
        rows = [row for row in self._all("race_control") if instant_of(row) is not None]
        return sorted(rows, key=lambda row: str(instant_of(row)))

    def _newest_control(self, new: list[tuple[object, ...]]) -> tuple[list[dict[str, object]], int]:
        """Return the last rows of race control, and how many at their end are new."""
        rows = self._control()[-_NEWEST_CONTROL:]
        fresh = set(new)
        first = next((i for i, r in enumerate(rows) if key_of("race_control", r) in fresh), None)
        return rows, 0 if first is None else len(rows) - first

    def _frame(
        self, channel: str, content: dict[str, object], received_at: datetime, at: datetime | None
    ) -> RawFrame:
        if any(is_timed(session) for session in self._all("sessions")):
            content["timed"] = True  # frames are read alone, and laps are counted in another way
        text = orjson.dumps({"at": at, **content})
        return RawFrame(received_at, text, channel)


def _is_ahead(row: Row, arrived_at: datetime) -> bool:
    """Return whether a row's stamp is so far ahead that it would stay the newest for long."""
    at = instant_of(row)
    return at is not None and at - arrived_at > _AHEAD_AT_MOST


def _id_of(row: Row) -> int | None:
    number = row.get("_id")
    return number if isinstance(number, int) and not isinstance(number, bool) else None
