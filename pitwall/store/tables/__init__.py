"""The tables, as SQLModel; what `alembic` compares the migrations with.

`accounts` names people, `races` names races and who drove in them, `forecasts` keeps what was
forecast and what came of it, `playback` keeps what a race consisted of, `ledger`
keeps every forecast for good. Live data writes to the last three and to `races`; never to
`accounts`.
"""

from sqlmodel import SQLModel

from pitwall.store.tables.accounts import ApiKey, LogIn, User
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
from pitwall.store.tables.races import Circuit, DriverRow, Entry, Race

metadata = SQLModel.metadata

__all__ = [
    "ApiKey",
    "CarSampleRow",
    "Circuit",
    "ControlRow",
    "DriverRow",
    "Entry",
    "Keyframe",
    "Lap",
    "LedgerCall",
    "LedgerCell",
    "LedgerEntry",
    "LedgerLap",
    "LedgerRunRow",
    "LogIn",
    "Prediction",
    "Race",
    "RawChunk",
    "StatusRow",
    "StintRow",
    "TimingRow",
    "User",
    "WeatherRow",
    "metadata",
]
