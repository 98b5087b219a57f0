"""Define the tables as SQLModel classes, which tests compare with the migrations of `alembic`.

`accounts` holds people, `races` races and their entries, `forecasts` forecasts and their outcomes,
`playback` the messages and rows of a race, `ledger` every forecast for good, and `webhooks` who is
told of what happens. Live data is written to `races`, `forecasts`, `playback`, `ledger` and the
deliveries of `webhooks`, never to `accounts`.
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
from pitwall.store.tables.webhooks import DeliveryRow, HookPlaceRow, WebhookRow

metadata = SQLModel.metadata

__all__ = [
    "NO_SHARE",
    "ApiKeyRow",
    "CarSampleRow",
    "CircuitRow",
    "CompactForecast",
    "ControlRow",
    "DeliveryRow",
    "DriverRow",
    "EndingRow",
    "EntryRow",
    "ForecastWord",
    "HookPlaceRow",
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
    "WebhookRow",
    "metadata",
    "views",
]
