"""Hold the example values of the API documentation, which all describe one moment of a race.

It is the Dutch Grand Prix of 2025, played from a timing archive, on lap 27: Lando Norris is
0.816 s behind Oscar Piastri and the lead, two laps after a safety car. The forecasts are what the
model named here gave for this moment, rounded. Values that depend on when and where one asks, such
as ages, ids and counts of frames, only show the format. The user is called Ada.
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
P_OVERTAKE: Final = 0.009
REASONS: Final = [
    "+0.32 36% of the race done",
    "-0.18 DRS disabled by race control",
    "+0.16 attacker made 1, defender suffered 0 passes so far",
]
EXPLANATION: Final[list[dict[str, Any]]] = [
    {"expert": "situation", "contribution": 0.32, "words": "36% of the race done"},
    {"expert": "om", "contribution": -0.18, "words": "DRS disabled by race control"},
    {
        "expert": "situation",
        "contribution": 0.16,
        "words": "attacker made 1, defender suffered 0 passes so far",
    },
]
EXPERTS: Final[list[dict[str, Any]]] = [
    {
        "expert": "om", "p_overtake": 0.0113, "weight": 0.5769,
        "contribution": -0.3577, "points": -0.0043, "is_estimated": True,
    },
    {
        "expert": "boost", "p_overtake": 0.0164, "weight": 0.0239,
        "contribution": 0.0148, "points": 0.0002, "is_estimated": True,
    },
    {
        "expert": "aero", "p_overtake": 0.0126, "weight": 0.3991,
        "contribution": -0.2475, "points": -0.003, "is_estimated": True,
    },
]  # fmt: skip

WHAT_IF: Final = {"interval_s": 0.8, "for_lead": 1, "team_mates": 1}
"""A made-up battle much like theirs, with nothing else known; the model's answer follows."""
WHAT_IF_P_OVERTAKE: Final = 0.0946
WHAT_IF_REASONS: Final = ["+0.66 gap 0.8 s"]
WHAT_IF_EXPLANATION: Final[list[dict[str, Any]]] = [
    {"expert": "situation", "contribution": 0.66, "words": "gap 0.8 s"},
]
WHAT_IF_MIXED: Final[dict[str, Any]] = {
    "p_overtake_3": 0.1867,
    "p_low": 0.0521,
    "p_high": 0.1656,
    "base": -2.7762,
    "p_situation": 0.0586,
    "p_kept": 0.9184,
    "experts": [
        {
            "expert": "om", "p_overtake": 0.0712, "weight": 0.4005,
            "contribution": 0.2071, "points": 0.0144, "is_estimated": True,
        },
        {
            "expert": "boost", "p_overtake": 0.0668, "weight": 0.2684,
            "contribution": 0.1387, "points": 0.0097, "is_estimated": True,
        },
        {
            "expert": "aero", "p_overtake": 0.0688, "weight": 0.3311,
            "contribution": 0.1712, "points": 0.0119, "is_estimated": True,
        },
    ],
    "p_interrupted": 0.2563,
    "p_pit": 0.036,
    "p_neutralised": 0.1864,
    "p_retired": 0.0339,
}  # fmt: skip

MODEL_VERSION: Final = "mixture-e51358d6a8bd"
MODEL_HASH: Final = "e51358d6a8bd371c64af7d4c2b879000013e0ceb038981c087025323a9fddfd4"
TRAINED_AT: Final = "2026-11-28T07:58:52Z"
RULES_VERSION: Final = "8556bd811f7d"
SCORES: Final = {
    "train < 2025, test 2025": {
        "log_loss": 0.11141,
        "log_loss_gap_only": 0.17193,
        "pr_auc": 0.66921,
        "ece": 0.00582,
        "log_loss_3_laps": 0.21827,
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
    "p_overtake_3": 0.0338,
    "p_low": 0.0048,
    "p_high": 0.0169,
    "p_om": 0.0113,
    "w_om": 0.5769,
    "p_boost": 0.0164,
    "w_boost": 0.0239,
    "p_aero": 0.0126,
    "w_aero": 0.3991,
    "p_pit": 0.0084,
    "p_neutralised": 0.0222,
    "p_retired": 0.0018,
    "model_version": MODEL_VERSION,
    "outcome": "held",
    "settled_at_utc": "2025-08-31T13:41:29Z",
    "c_base": -4.1112,
    "c_om": -0.3577,
    "c_boost": 0.0148,
    "c_aero": -0.2475,
    "p_kept": 0.832,
    "condition": "restart",
}
"""The stored forecast of this moment, and its outcome."""
CURSOR: Final = "WyJwcmVkaWN0aW9ucyIsMTc1NjY0NzU3MDAwMDAwMCwyMjA1Ml0"
"""The cursor after that row."""
RACES_CURSOR: Final = "WzE3NTY2NDUyMDAwMDAwMDAsMTRd"
"""The cursor after the race, in the list of races."""

USER_ID: Final = "0c0ffee0-1815-4a1d-8b5e-5eed0fa11ce5"
LOG_IN_ID: Final = "10910910-1843-4b1e-9c0d-e0fab4abba6e"
KEY_ID: Final = "4e10c0de-1852-4c5e-a1b2-1a57ca11ab1e"
WEBHOOK_ID: Final = "0ff1ce00-1858-4d1a-9b0a-ca11ed0fface"
DELIVERY_ID: Final = "de11f00d-1858-5e4d-8a0b-0ddba11ad0be"
REQUEST_ID: Final = "5e7a1f0c9b3d4e6f8a2c1d0b9e8f7a6c"
NO_UUID: Final = "no-uuid"
NO_UUID_BECAUSE: Final = "Input should be a valid UUID, invalid character: found `n` at 0"
FRAME_ETAG: Final = 'W/"1a20ee17f88-15bb-2-0"'
FILE_ETAG: Final = '"5b272c751fe2b6064aba"'
VERSION: Final = "0.1.0"
REVISION: Final = "1d5f60835a0b"
