"""Define queries of stored races, and the pages of their answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class HistoryTable(StrEnum):
    """The tables of a stored race, in the order in which pages give them."""

    ENTRIES = "entries"
    STATUSES = "statuses"
    RACE_CONTROL = "race_control"
    WEATHER = "weather"
    STINTS = "stints"
    STANDINGS = "standings"
    LAPS = "laps"
    TIMING = "timing"
    PREDICTIONS = "predictions"
    TELEMETRY = "telemetry"


@dataclass(frozen=True, slots=True)
class RaceFilter:
    """Which races to list; None matches any.

    Attributes:
        circuit: Its key, such as `zandvoort`.
        kind: The name of the session, such as `Race` or `Qualifying`, in any case.
        source: `live`, `recorded`, `reconstructed` or `simulated`.
        driver: The key of a driver who took part.
    """

    year: int | None = None
    circuit: str | None = None
    kind: str | None = None
    source: str | None = None
    driver: str | None = None


@dataclass(frozen=True, slots=True)
class RaceSummary:
    """A race as shown in lists; see the table `races` for the fields.

    Attributes:
        revision: Rises whenever part of the race is written.
    """

    id: str
    number: int
    name: str
    kind: str
    year: int
    circuit_id: str | None
    circuit: str | None
    starts_at: datetime | None
    first_at: datetime | None
    last_at: datetime | None
    source: str
    feed: str
    state: str
    laps: int
    total_laps: int | None
    messages: int
    model_version: str
    revision: int


@dataclass(frozen=True, slots=True)
class Selection:
    """A part of a race.

    Attributes:
        since, until: From `since` on, and before `until`; None is no limit. Rows without an
            instant, which are entries and stints, are not limited.
        drivers: Car numbers, codes or keys of drivers; empty means all. Rows that concern no
            car, such as the weather, are not limited; a prediction matches either of its two cars.
    """

    since: datetime | None = None
    until: datetime | None = None
    drivers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of rows, and the cursor of the next page.

    Attributes:
        rows: Pairs of table and row; column names contain the unit.
        next_cursor: None on the last page.
    """

    rows: tuple[tuple[HistoryTable, Mapping[str, Any]], ...]
    next_cursor: str | None
