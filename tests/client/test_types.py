"""Test that mypy's strict mode knows the client's types in the programs of its users."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
from contextlib import aclosing
from typing import assert_type

import polars

from pitwall.client import (
    AsyncPitwall, BattleNow, BattlesNow, News, PassMade, Pitwall, Race, StoredRace
)

def blocking(pitwall: Pitwall) -> float | None:
    assert_type(pitwall.races(year=2025, kind="Race"), list[StoredRace])
    assert_type(Race("a-race").laps(drivers=["NOR", 81]), polars.DataFrame)
    assert_type(pitwall.race("a-race").battles(), polars.DataFrame)
    for news in pitwall.stream(min_p=0.4, events=["passed"]):
        assert_type(news, News)
        if isinstance(news, PassMade):
            assert_type(news.p_overtake_before, float | None)
    pitwall.stream(events=["passes"])  # type: ignore[list-item]
    pitwall.live_battles(min_q=0.4)  # type: ignore[call-arg]
    Race("a-race").laps(driver="NOR")  # type: ignore[call-arg]
    battles = pitwall.live_battles().battles
    assert_type(battles, tuple[BattleNow, ...])
    battles[0].p_overtake = 1.0  # type: ignore[misc]
    return battles[0].p_overtake

async def awaited() -> None:
    async with AsyncPitwall() as pitwall:
        assert_type(await pitwall.live_battles(), BattlesNow)
        assert_type(await pitwall.race("a-race").telemetry(), polars.DataFrame)
        async with aclosing(pitwall.stream()) as stream:
            async for news in stream:
                assert_type(news, News)
"""
# To read all of Polars would take mypy longer than all else; only the name matters here.
POLARS = "class DataFrame: ..."


@pytest.mark.slow
def test_a_users_program_passes_mypy_strict(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    site = tmp_path / "site"
    (site / "polars").mkdir(parents=True)
    (site / "polars" / "__init__.pyi").write_text(POLARS)
    (site / "pitwall").symlink_to(ROOT / "pitwall")
    checked = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file=", "program.py"),
            f"--cache-dir={os.devnull}",
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.stdout.strip() == "Success: no issues found in 1 source file"
