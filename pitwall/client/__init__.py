"""Read a pitwall server from Python, without any of the server's own dependencies.

    from pitwall.client import Pitwall, Race

    Race("2025-dutch-grand-prix-race").laps()
    for battle in Pitwall().live_battles(min_p=0.2).battles:
        print(battle.pair, battle.p_overtake)

`docs/client.md` describes it; `docs/notebooks` has recipes.
"""

from pitwall.client.answers import (
    AccountInfo,
    BattleNow,
    BattlesNow,
    CarInBattle,
    CarNow,
    ExpertSays,
    ForecastParts,
    Forecasts,
    LedgerRaceScore,
    LedgerReport,
    LedgerScore,
    MadeUpFeature,
    MadeUpForecast,
    RaceNow,
    ReliabilityGroup,
    ServerHealth,
    SessionNow,
    StoredRace,
    WhatMoved,
)
from pitwall.client.asking import RetryPolicy
from pitwall.client.clients import AsyncPitwall, AsyncRace, Pitwall, Race
from pitwall.client.errors import (
    ClientError,
    InvalidField,
    InvalidRequestError,
    LogInNeededError,
    MissingLibraryError,
    NotAllowedError,
    NotOnServerError,
    ProblemDetails,
    ProblemError,
    RateLimitedError,
    ServerFailedError,
    UnreachableError,
    UnreadableAnswerError,
)
from pitwall.client.stream import (
    BattleOpened,
    BattleOver,
    EventsMissed,
    FlagShown,
    News,
    NothingNew,
    PassMade,
)

__all__ = [
    "AccountInfo",
    "AsyncPitwall",
    "AsyncRace",
    "BattleNow",
    "BattleOpened",
    "BattleOver",
    "BattlesNow",
    "CarInBattle",
    "CarNow",
    "ClientError",
    "EventsMissed",
    "ExpertSays",
    "FlagShown",
    "ForecastParts",
    "Forecasts",
    "InvalidField",
    "InvalidRequestError",
    "LedgerRaceScore",
    "LedgerReport",
    "LedgerScore",
    "LogInNeededError",
    "MadeUpFeature",
    "MadeUpForecast",
    "MissingLibraryError",
    "News",
    "NotAllowedError",
    "NotOnServerError",
    "NothingNew",
    "PassMade",
    "Pitwall",
    "ProblemDetails",
    "ProblemError",
    "Race",
    "RaceNow",
    "RateLimitedError",
    "ReliabilityGroup",
    "RetryPolicy",
    "ServerFailedError",
    "ServerHealth",
    "SessionNow",
    "StoredRace",
    "UnreachableError",
    "UnreadableAnswerError",
    "WhatMoved",
]
