"""What can be asked of a race that is kept, and how answers are cut into pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class HistoryTable(StrEnum):
    """What is kept of a race, in the order in which pages give it."""

    ENTRIES = "entries"
    STATUSES = "statuses"
    RACE_CONTROL = "race_control"
    WEATHER = "weather"
    STINTS = "stints"
    LAPS = "laps"
    TIMING = "timing"
    PREDICTIONS = "predictions"
    TELEMETRY = "telemetry"


@dataclass(frozen=True, slots=True)
class RaceFilter:
    """Which races to list; None is any.

    Attributes:
        circuit: Its key, such as `zandvoort`.
        kind: `Race` or `Sprint`, in any case.
        source: `live`, `recorded`, `reconstructed` or `simulated`.
        driver: The key of somebody who drove in it.
    """

    year: int | None = None
    circuit: str | None = None
    kind: str | None = None
    source: str | None = None
    driver: str | None = None


@dataclass(frozen=True, slots=True)
class RaceSummary:
    """A race as lists show it; see the table `races` for the fields.

    Attributes:
        revision: Rises whenever anything of the race is written.
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
        since, until: From this instant on, up to but without that one; None is no limit. Rows
            without an instant, entries and stints, are not limited.
        drivers: Car numbers, codes or keys of drivers; empty is everybody. Rows that concern no
            car, such as the weather, are not limited; a prediction is given for either of its two.
    """

    since: datetime | None = None
    until: datetime | None = None
    drivers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some rows, and where the next page begins.

    Attributes:
        rows: Table and row, column names with units.
        next_cursor: None on the last page.
    """

    rows: tuple[tuple[HistoryTable, Mapping[str, Any]], ...]
    next_cursor: str | None
