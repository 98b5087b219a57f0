"""Test how battles are found in forecasts."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import polars as pl
import pytest

from pitwall.client import Pitwall
from pitwall.client.battles import battles_in

START = datetime(2026, 8, 23, 13, tzinfo=UTC)


def forecasts(*rows: tuple[int, str, str, float, float, str | None]) -> dict[str, list[Any]]:
    """Return columns of forecasts: second, attacker, defender, gap, chance, outcome."""
    return {
        "made_at_utc": [START + timedelta(seconds=row[0]) for row in rows],
        "attacker": [row[1] for row in rows],
        "defender": [row[2] for row in rows],
        "lap": [1 + row[0] // 80 for row in rows],
        "position": [5 for _ in rows],
        "interval_s": [row[3] for row in rows],
        "p_overtake": [row[4] for row in rows],
        "outcome": [row[5] for row in rows],
    }


TWO_PAIRS = forecasts(
    (100, "a", "b", 0.9, 0.1, "held"),
    (0, "a", "b", 0.8, 0.2, "held"),
    (1, "a", "b", 0.5, 0.6, "held"),
    (11, "a", "b", 0.6, 0.4, "passed"),
    (5, "b", "a", 0.7, 0.3, None),
)


def test_a_pause_of_more_than_ten_seconds_begins_another_battle() -> None:
    found = battles_in(TWO_PAIRS)

    assert found["attacker"] == ["a", "b", "a"]
    assert found["forecasts"] == [3, 1, 1]
    assert found["outcome"] == ["passed", None, "held"]
    assert found["p_most"] == [0.6, 0.3, 0.1]
    assert found["closest_s"] == [0.5, 0.7, 0.9]
    assert found["p_most_at_utc"][0] == START + timedelta(seconds=1)
    assert (found["first_lap"][2], found["last_lap"][2]) == (2, 2)


def test_without_forecasts_there_are_no_battles() -> None:
    assert set(map(len, battles_in(forecasts()).values())) == {0}


@pytest.mark.parametrize("library", ["polars", "pandas"])
def test_either_library_finds_the_same(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    pl.DataFrame(TWO_PAIRS).write_parquet(file)
    answer = httpx.Response(200, content=file.getvalue())
    if library == "pandas":
        monkeypatch.setitem(sys.modules, "polars", None)

    transport = httpx.MockTransport(lambda _request: answer)
    with Pitwall("http://box", key="", transport=transport) as pitwall:
        battles = pitwall.race("a-race").battles()

    assert type(battles).__module__.partition(".")[0] == library
    assert battles["forecasts"].to_list() == [3, 1, 1]
    assert battles["attacker"].to_list() == ["a", "b", "a"]
