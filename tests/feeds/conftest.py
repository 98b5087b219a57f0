"""Make a small timing archive for tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pitwall.feeds.timing import TimingFeed
from pitwall.feeds.timing.tables import Row
from pitwall.wire.message import RawMessage

ZERO = datetime(2025, 8, 31, 12, 0, tzinfo=UTC)
NAIVE_ZERO = ZERO.replace(tzinfo=None)
RACE = "2025-dutch-grand-prix-race"
Archive = Callable[..., Path]


def lap(number: int, t_ms: int, **fields: Any) -> Row:
    empty = dict.fromkeys(
        [
            *("lap_ms", "s1_ms", "s2_ms", "s3_ms", "s1_t_ms", "s2_t_ms", "s3_t_ms"),
            *("pit_in_ms", "pit_out_ms", "v_i1", "v_i2", "v_fl", "v_st"),
        ]
    )
    return {"car": 44, "lap": number, "t_ms": t_ms, **empty, **fields}


def order(t_ms: int, car: int = 44, **fields: Any) -> Row:
    empty = dict.fromkeys(["gap_ms", "gap_laps", "int_ms", "int_laps"])
    return {"t_ms": t_ms, "car": car, "pos": 1, **empty, "leader": False, **fields}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Return a maker of small archives; tables named in its call replace the usual ones."""

    def make(t0_utc: datetime | None = NAIVE_ZERO, **tables: list[Row]) -> Path:
        session = {
            "session_id": 7,
            "year": 2025,
            "event": "Dutch Grand Prix",
            "session": "Race",
            "location": "Zandvoort",
            "country": "Netherlands",
            "circuit_key": 55,
            "circuit": "Zandvoort",
            "meeting_key": 1,
            "session_key": 2,
            "path": "2025/x/",
            "start_local": NAIVE_ZERO + timedelta(hours=3),
            "gmt_offset_s": 7200.0,
            "pos_quality": "good",
            "t0_utc": t0_utc,
        }
        driver = dict.fromkeys(
            ["RacingNumber", "BroadcastName", "FullName", "TeamColour", "FirstName", "LastName"]
        )
        rows: dict[str, list[Row]] = {
            "sessions": [session],
            "drivers": [{**driver, "num": "44", "Tla": "HAM", "TeamName": "Ferrari"}],
            "timing_stream": [order(4000, leader=True), order(700_000, gap_ms=1500, int_ms=300)],
            "laps": [lap(1, 650_000, lap_ms=80_000)],
            "tyres": [tyre(5000, compound="SOFT", new="True"), tyre(6000, new="False")],
            "track_status": [{"t_ms": 10, "status": "1", "message": "AllClear"}],
            "session_status": [{"t_ms": 600_000, "status": "Started"}],
            "lap_count": [{"t_ms": 20, "lap": 1, "total": None}],
            "race_control": [control(timedelta(minutes=5))],
            "weather": [weather(60_000)],
            **tables,
        }
        for table, found in rows.items():
            keyed = [{"session_id": 7, **row} for row in found]
            pq.write_table(pa.Table.from_pylist(keyed), tmp_path / f"{table}.parquet")
        return tmp_path

    return make


def tyre(t_ms: int, **fields: Any) -> Row:
    empty = dict.fromkeys(["lap_number", "lap_ms", "total_laps", "start_laps", "compound", "new"])
    return {"t_ms": t_ms, "car": 44, "stint": 0, **empty, **fields}


def control(after: timedelta) -> Row:
    empty = dict.fromkeys(["status", "flag", "scope", "sector", "racingnumber", "lap"])
    return {"utc": NAIVE_ZERO + after, "category": "Drs", "message": "DRS ENABLED", **empty}


def weather(t_ms: int) -> Row:
    numbers = {"airtemp": 20.5, "humidity": 50.0, "pressure": 990.0, "tracktemp": 30.0}
    return {"t_ms": t_ms, **numbers, "rainfall": True, "winddirection": 90, "windspeed": 1.5}


def play(folder: Path) -> list[RawMessage]:
    return list(TimingFeed(folder, RACE).messages())
