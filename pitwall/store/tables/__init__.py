"""The tables, as SQLModel; what `alembic` compares the migrations with.

`accounts` names people, `races` names races and who drove in them, `forecasts` keeps what was
forecast and what came of it, `playback` keeps what a race consisted of, `ledger`
keeps every forecast for good. Live data writes to the last three and to `races`; never to
`accounts`.
"""

from sqlmodel import SQLModel

from pitwall.store.tables.accounts import ApiKeyRow, LogInRow, UserRow
from pitwall.store.tables.forecasts import Prediction
from pitwall.store.tables.ledger import LedgerCall, LedgerCell, LedgerEntry, LedgerLap, LedgerRunRow
from pitwall.store.tables.playback import (
    CarSampleRow,
    ControlRow,
    Keyframe,
    Lap,
    RawChunk,
    StatusRow,
    StintRow,
    TimingRow,
    WeatherRow,
)
from pitwall.store.tables.races import CircuitRow, DriverRow, EntryRow, RaceRow

metadata = SQLModel.metadata

__all__ = [
    "ApiKeyRow",
    "CarSampleRow",
    "CircuitRow",
    "ControlRow",
    "DriverRow",
    "EntryRow",
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
    "StatusRow",
    "StintRow",
    "TimingRow",
    "UserRow",
    "WeatherRow",
    "metadata",
]
