"""Hold the example values of the API documentation, which all describe one moment of a race.

It is the Dutch Grand Prix of 2025, played from a timing archive, on lap 27: Lando Norris is
0.816 s behind Oscar Piastri and the lead. The forecasts are what the model named here gave for
this moment, rounded. It gave no contributions yet: they, the points, weights and experts' forecasts
that follow from them, `p_kept`, and the part that a reason moved only show the format. So do values
that depend on when and where one asks, such as ages, ids and counts of frames. The user is called
Ada.
"""

from __future__ import annotations

from typing import Any, Final

RACE_ID: Final = "2025-dutch-grand-prix-race"
FEED: Final = f"timing:{RACE_ID}"
SOURCE: Final = "reconstructed"

AT: Final = "2025-08-31T13:39:30Z"
"""The instant, on the race's clock."""
A_LAP_LATER: Final = "2025-08-31T13:40:45Z"
AS_OF: Final = "2025-08-31T13:39:29.807000Z"
OPENED_AT: Final = "2025-08-31T13:38:27.197000Z"

STARTED_AT: Final = "2026-11-24T18:00:00Z"
ASKED_AT: Final = "2026-11-24T18:46:29Z"

_MCLAREN: Final = {"team": "McLaren", "compound": "HARD", "tyre_life_laps": 3, "pit_stops": 1}
ATTACKER: Final[dict[str, Any]] = {"number": 4, "code": "NOR", "name": "Lando Norris"} | _MCLAREN
DEFENDER: Final[dict[str, Any]] = {"number": 81, "code": "PIA", "name": "Oscar Piastri"} | _MCLAREN
INTERVAL_S: Final = 0.816
P_OVERTAKE: Final = 0.0426
REASONS: Final = [
    "+0.98 closest 0.3 s in the last minute and a half",
    "-0.38 running pace 0.3 s a lap slower",
    "+0.37 36% of the race done",
]
EXPLANATION: Final[list[dict[str, Any]]] = [
    {
        "expert": "situation",
        "contribution": 0.98,
        "words": "closest 0.3 s in the last minute and a half",
    },
    {"expert": "aero", "contribution": -0.38, "words": "running pace 0.3 s a lap slower"},
    {"expert": "situation", "contribution": 0.37, "words": "36% of the race done"},
]
EXPERTS: Final[list[dict[str, Any]]] = [
    {
        "expert": "om", "p_overtake": 0.0745, "weight": 0.092,
        "contribution": 0.06, "points": 0.0032, "is_estimated": True,
    },
    {
        "expert": "boost", "p_overtake": 0.0479, "weight": 0.6288,
        "contribution": -0.41, "points": -0.0214, "is_estimated": True,
    },
    {
        "expert": "aero", "p_overtake": 0.0594, "weight": 0.2791,
        "contribution": -0.182, "points": -0.0096, "is_estimated": True,
    },
]  # fmt: skip

WHAT_IF: Final = {"interval_s": 0.8, "for_lead": 1, "team_mates": 1}
"""A made-up battle much like theirs, with nothing else known; the model's answer follows."""
WHAT_IF_P_OVERTAKE: Final = 0.0719
WHAT_IF_REASONS: Final = ["+0.18 defender leads", "+0.07 gap 0.8 s"]
WHAT_IF_EXPLANATION: Final[list[dict[str, Any]]] = [
    {"expert": "situation", "contribution": 0.18, "words": "defender leads"},
    {"expert": "situation", "contribution": 0.07, "words": "gap 0.8 s"},
]
WHAT_IF_MIXED: Final[dict[str, Any]] = {
    "p_overtake_3": 0.4316,
    "p_low": 0.0365,
    "p_high": 0.1366,
    "base": -2.2,
    "p_situation": 0.0998,
    "p_kept": 0.83,
    "experts": [
        {
            "expert": "om", "p_overtake": 0.1043, "weight": 0.1092,
            "contribution": 0.05, "points": 0.0039, "is_estimated": True,
        },
        {
            "expert": "boost", "p_overtake": 0.0759, "weight": 0.655,
            "contribution": -0.3, "points": -0.0233, "is_estimated": True,
        },
        {
            "expert": "aero", "p_overtake": 0.0905, "weight": 0.2358,
            "contribution": -0.108, "points": -0.0084, "is_estimated": True,
        },
    ],
    "p_interrupted": 0.0294,
    "p_pit": 0.0079,
    "p_neutralised": 0.0199,
    "p_retired": 0.0016,
}  # fmt: skip

MODEL_VERSION: Final = "mixture-2fc9953aaedb"
MODEL_HASH: Final = "2fc9953aaedb21d1a12a76c36f623deac3d59310b75fd964fa4f4f46e0c6989d"
TRAINED_AT: Final = "2026-11-28T05:15:51Z"
RULES_VERSION: Final = "8556bd811f7d"
SCORES: Final = {
    "train < 2025, test 2025": {
        "log_loss": 0.1126,
        "log_loss_gap_only": 0.17193,
        "pr_auc": 0.66638,
        "ece": 0.00445,
        "log_loss_3_laps": 0.21843,
    }
}
"""Scores of this model, from `scores.json` beside it."""

PREDICTION_ROW: Final[dict[str, Any]] = {
    "made_at_utc": AT,
    "id": 22052,
    "attacker": "lando-norris",
    "defender": "oscar-piastri",
    "lap": 27,
    "position": 1,
    "interval_s": INTERVAL_S,
    "p_overtake": P_OVERTAKE,
    "p_overtake_3": 0.0854,
    "p_low": 0.0213,
    "p_high": 0.0834,
    "p_om": 0.0745,
    "w_om": 0.092,
    "p_boost": 0.0479,
    "w_boost": 0.6288,
    "p_aero": 0.0594,
    "w_aero": 0.2791,
    "p_pit": 0.0127,
    "p_neutralised": 0.0322,
    "p_retired": 0.0009,
    "model_version": MODEL_VERSION,
    "outcome": "held",
    "settled_at_utc": "2025-08-31T13:41:29Z",
    "c_base": -2.58,
    "c_om": 0.06,
    "c_boost": -0.41,
    "c_aero": -0.182,
    "p_kept": 0.83,
    "condition": "clean",
}
"""The stored forecast of this moment, and its outcome."""
CURSOR: Final = "WyJwcmVkaWN0aW9ucyIsMTc1NjY0NzU3MDAwMDAwMCwyMjA1Ml0"
"""The cursor after that row."""
RACES_CURSOR: Final = "WzE3NTY2NDUyMDAwMDAwMDAsMTRd"
"""The cursor after the race, in the list of races."""

USER_ID: Final = "0c0ffee0-1815-4a1d-8b5e-5eed0fa11ce5"
LOG_IN_ID: Final = "10910910-1843-4b1e-9c0d-e0fab4abba6e"
KEY_ID: Final = "4e10c0de-1852-4c5e-a1b2-1a57ca11ab1e"
REQUEST_ID: Final = "5e7a1f0c9b3d4e6f8a2c1d0b9e8f7a6c"
NO_UUID: Final = "no-uuid"
NO_UUID_BECAUSE: Final = "Input should be a valid UUID, invalid character: found `n` at 0"
FRAME_ETAG: Final = 'W/"1a20ee17f88-15bb-2-0"'
FILE_ETAG: Final = '"5b272c751fe2b6064aba"'
REVISION: Final = "1d5f60835a0b"
