"""Define the tables as SQLModel classes, which tests compare with the migrations of `alembic`.

`accounts` holds people, `races` races and their entries, `forecasts` forecasts and their outcomes,
`playback` the messages and rows of a race, and `ledger` every forecast for good. Live data is
written to the last three and to `races`, never to `accounts`.
"""

from sqlmodel import SQLModel

from pitwall.store.tables.accounts import ApiKeyRow, LogInRow, UserRow
from pitwall.store.tables.forecasts import (
    NO_SHARE,
    CompactForecast,
    ForecastWord,
    Prediction,
    views,
)
from pitwall.store.tables.ledger import LedgerCall, LedgerCell, LedgerEntry, LedgerLap, LedgerRunRow
from pitwall.store.tables.playback import (
    CarSampleRow,
    ControlRow,
    EndingRow,
    Keyframe,
    Lap,
    RawChunk,
    StandingRow,
    StatusRow,
    StintRow,
    TimingRow,
    WeatherRow,
)
from pitwall.store.tables.races import CircuitRow, DriverRow, EntryRow, RaceRow

metadata = SQLModel.metadata

__all__ = [
    "NO_SHARE",
    "ApiKeyRow",
    "CarSampleRow",
    "CircuitRow",
    "CompactForecast",
    "ControlRow",
    "DriverRow",
    "EndingRow",
    "EntryRow",
    "ForecastWord",
    "Keyframe",
    "Lap",
    "LedgerCall",
    "LedgerCell",
    "LedgerEntry",
    "LedgerLap",
    "LedgerRunRow",
    "LogInRow",
    "Prediction",
    "RaceRow",
    "RawChunk",
    "StandingRow",
    "StatusRow",
    "StintRow",
    "TimingRow",
    "UserRow",
    "WeatherRow",
    "metadata",
    "views",
]
