"""Test real descriptions of circuits against the laps of real cars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from pitwall.__main__ import main
from pitwall.analysis.circuit_lookup import key_in
from pitwall.analysis.lap_comparison import corners_on_lap
from pitwall.circuits import CircuitFolder
from pitwall.domain.circuits import CircuitGuide, Point
from pitwall.feeds.timing import TimingFeed
from tests.short_feeds import Short


class Real(NamedTuple):
    """A race of which both telemetry and the corners are there."""

    name: str
    race_id: str
    circuit: str
    f1_key: int
    corners: int


RACES = (
    Real("Dutch", "2025-dutch-grand-prix-race", "zandvoort", 55, 14),
    Real("Australian", "2025-australian-grand-prix-race", "melbourne", 10, 14),
    Real("Chinese", "2025-chinese-grand-prix-race", "shanghai", 49, 16),
)
LAPS = 3
WITHIN_M = 50.0  # the timing's clock and the telemetry's differ by up to half a second


class DrivenLap(NamedTuple):
    """Where a car was, from the line to the line."""

    length_m: float
    outline: list[Point]


def quickest_laps(data: Path, name: str, session_id: int) -> Iterator[DrivenLap]:
    own = [("session_id", "==", session_id)]
    laps = pq.read_table(data / "timing" / "laps.parquet", filters=own).to_pandas()
    laps = laps[laps.lap_ms.notna() & laps.pit_in_ms.isna() & laps.pit_out_ms.isna()]
    cars: pd.DataFrame = pq.read_table(
        data / "telemetry" / f"telemetry_4hz_{name.lower()}_2025.parquet",
        columns=["car", "t_ms", "speed", "x", "y"],
    ).to_pandas()
    for lap in laps.sort_values("lap_ms").head(LAPS).itertuples():
        began, ended = lap.t_ms - lap.lap_ms, lap.t_ms
        rows = cars[(cars.car == lap.car) & (cars.t_ms >= began) & (cars.t_ms < ended)]
        rows = rows.sort_values("t_ms")
        at_s = np.concatenate([[began], rows.t_ms, [ended]]) / 1000
        speed_mps = np.interp(at_s, rows.t_ms / 1000, rows.speed / 3.6)
        outline = [(x / 10, y / 10) for x, y in zip(rows.x, rows.y, strict=True)]
        yield DrivenLap(float(np.trapezoid(speed_mps, at_s)), outline)


@pytest.mark.slow
@pytest.mark.parametrize("real", RACES, ids=lambda real: real.name)
async def test_corners_that_are_looked_up_are_where_the_file_says(
    shared: Path, tmp_path: Path, real: Real
) -> None:
    data = shared / "data"
    feed = TimingFeed(data / "timing", real.race_id)
    folder = CircuitFolder(tmp_path)
    body = (data / "telemetry" / f"corners_{real.name}.json").read_bytes()
    folder.save(real.circuit, 2025, body)
    f1_key = key_in(Short(feed, 50).messages())

    guide = await folder.guide(real.circuit, 2025, f1_key)

    assert f1_key == real.f1_key
    assert guide is not None
    laps = list(quickest_laps(data, real.name, feed.race.session_id))
    assert len(laps) == LAPS
    untold = CircuitGuide(tuple(replace(each, distance_m=None) for each in guide.corners))
    for lap in laps:
        told = corners_on_lap(guide, lap.length_m)
        found = corners_on_lap(untold, lap.length_m, lap.outline)
        names = [str(nth) for nth in range(1, real.corners + 1)]
        assert [each.name for each in told] == [each.name for each in found] == names
        away_m = [abs(one.at_m - other.at_m) for one, other in zip(told, found, strict=True)]
        assert max(away_m) < WITHIN_M


def test_a_real_file_is_kept_from_the_terminal(
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PITWALL_DATA", str(tmp_path))
    file = shared / "data" / "telemetry" / "corners_Dutch.json"

    assert main(["circuits", "add", str(file), "--circuit", "zandvoort", "--year", "2025"]) == 0
    assert main(["circuits"]) == 0

    listed = capsys.readouterr().out.splitlines()[-1]
    assert listed == "zandvoort  2025  14 corners, 14 with their distance; zandvoort-2025.json"
