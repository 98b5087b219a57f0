"""Read the strip of a stored race: what its gap chart, tyre chart, flags and rain are made of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from pitwall.aio import OnceCache
from pitwall.domain.crossings import crossing_s
from pitwall.domain.race import Phase
from pitwall.domain.race_strip import RaceStrip, StripCar, StripReading
from pitwall.domain.stored_races import HistoryTable, RaceSummary, Selection
from pitwall.ports.races import RaceReader

HELD: Final = 16
FRESH_S: Final = 4.0  # all readers of a race under way share what is this old
_MOST_ROWS: Final = 10_000  # a race has some 1,500 laps, 200 readings of the weather and 60 stints
_TABLES: Final = (
    HistoryTable.ENTRIES,
    HistoryTable.STATUSES,
    HistoryTable.WEATHER,
    HistoryTable.STINTS,
    HistoryTable.LAPS,
)

Row = Mapping[str, Any]


class RaceStrips:
    """Caches the strips of the races that people look at.

    Args:
        reader: Reads stored races.
        monotonic: A clock of seconds that never goes back.
    """

    def __init__(self, reader: RaceReader, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._reader = reader
        self._monotonic = monotonic
        self._strips: OnceCache[tuple[str, int], RaceStrip] = OnceCache(HELD)

    async def of(self, race_id: str) -> RaceStrip:
        """Return the strip of a race, at most some seconds old.

        Raises:
            RaceNotFoundError: Nothing of the race is stored.
            StoreError: The database cannot be reached.
        """
        key = (race_id, int(self._monotonic() / FRESH_S))
        return await self._strips.get(key, lambda: self._read(race_id))

    async def _read(self, race_id: str) -> RaceStrip:
        race = await self._reader.race(race_id)
        page = await self._reader.page(race, _TABLES, Selection(), _MOST_ROWS)
        rows: dict[HistoryTable, list[Row]] = {table: [] for table in _TABLES}
        for table, row in page.rows:
            rows[table].append(row)
        return strip_of(race, rows)


def strip_of(race: RaceSummary, rows: Mapping[HistoryTable, list[Row]]) -> RaceStrip:
    """Return the strip of a race from its rows."""
    crossings = _crossings(rows[HistoryTable.LAPS])
    stints: dict[int, list[tuple[int, str]]] = {}
    for row in rows[HistoryTable.STINTS]:
        if row["from_lap"] is not None:
            stints.setdefault(row["car"], []).append((row["from_lap"], row["compound"] or ""))
    statuses = rows[HistoryTable.STATUSES]
    return RaceStrip(
        race_id=race.id,
        started=next(
            (
                row["at_utc"]
                for row in statuses
                if (row["kind"], row["value"]) == ("phase", Phase.STARTED)
            ),
            None,
        ),
        total_laps=race.total_laps,
        cars=tuple(
            StripCar(
                row["car"],
                row["code"] or str(row["car"]),
                row["team_colour"] or "",
                crossings.get(row["car"], {}),
                tuple(sorted(stints.get(row["car"], []))),
            )
            for row in rows[HistoryTable.ENTRIES]
        ),
        statuses=tuple((row["at_utc"], row["value"]) for row in statuses if row["kind"] == "track"),
        weather=tuple(
            StripReading(row["at_utc"], row["rainfall"], row["track_c"])
            for row in rows[HistoryTable.WEATHER]
        ),
        line=_line(crossings),
    )


def _crossings(laps: Iterable[Row]) -> dict[int, dict[int, datetime]]:
    """Return when each car completed each of its laps."""
    crossings: dict[int, dict[int, datetime]] = {}
    for row in sorted(laps, key=lambda row: (row["car"], row["lap"])):
        if row["deleted"]:
            continue
        of_car, reported = crossings.setdefault(row["car"], {}), row["completed_at_utc"]
        before = of_car.get(row["lap"] - 1)
        crossed_s = crossing_s(
            None if before is None else before.timestamp(),
            reported.timestamp(),
            row["lap_time_s"],
            raced=row["track_clear"] and not row["pitted"],
        )
        of_car[row["lap"]] = reported - timedelta(seconds=reported.timestamp() - crossed_s)
    return crossings


def _line(crossings: Mapping[int, Mapping[int, datetime]]) -> tuple[datetime, ...]:
    """Return when the first car completed each lap, up to the first lap that nobody did.

    After a red flag a feed may give the numbers of some laps again; a lap that seems to end before
    the one ahead of it ends the line.
    """
    first: dict[int, datetime] = {}
    for laps in crossings.values():
        for lap, at in laps.items():
            first[lap] = min(first.get(lap, at), at)
    line: list[datetime] = []
    while (ended := first.get(len(line) + 1)) is not None:
        line.append(ended)
    rising = next((n + 1 for n, (a, b) in enumerate(pairwise(line)) if b <= a), len(line))
    return tuple(line[:rising])
