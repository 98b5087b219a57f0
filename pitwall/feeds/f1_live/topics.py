"""List the topics of F1 live timing that are public, and those that need an F1 TV account.

A new topic begins here; the client subscribes to whatever is listed.
"""

from __future__ import annotations

# Open to everyone as of the 2026 season.
PUBLIC = (
    "Heartbeat",
    "SessionInfo",
    "DriverList",
    "SessionStatus",
    "SessionData",
    "TrackStatus",
    "LapCount",
    "TimingData",
    "TimingAppData",
    "RaceControlMessages",
    "WeatherData",
    "ExtrapolatedClock",
    "TopThree",
    "TimingStats",
    "TyreStintSeries",
    "OvertakeSeries",
)

# An account is needed for these since August 2025.
WITH_ACCOUNT = (
    "CarData.z",
    "Position.z",
    "DriverRaceInfo",
    "ChampionshipPrediction",
    "TeamRadio",
    "PitStopSeries",
)
