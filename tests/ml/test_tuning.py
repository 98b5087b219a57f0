"""Tuning draws from its space alone, keeps every draw, and looks at no test season."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml import tuning
from ml.members import MEMBERS
from ml.tuning import SPACES, VALIDATION_SEASONS, draws_of, judged
from tests.ml.mixture_tables import RECIPE, the_table
from tests.prediction.small_bundle import small_table


def test_draws_begin_with_what_is_in_use_and_stay_in_the_space() -> None:
    member = next(one for one in MEMBERS if one.name == "boost")
    draws = draws_of(member, 20, seed=1)

    assert draws[0] == member
    for draw in draws[1:]:
        assert draw.rounds in SPACES["boost"]["rounds"]
        for name, value in draw.settings.items():
            assert value in SPACES["boost"][name]
    assert draws_of(member, 20, seed=1) == draws
    assert draws_of(member, 20, seed=2) != draws


def test_test_seasons_change_nothing() -> None:
    years = the_table().years + 2  # 2023 to 2025
    table = replace(the_table(), years=years)
    later = years > max(VALIDATION_SEASONS)
    flipped = replace(table, y1=np.where(later, 1 - table.y1, table.y1))
    member = next(one for one in RECIPE.members if one.name == "om")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuning, "VALIDATION_SEASONS", (2024,))
        assert judged(table, member, 1) == judged(flipped, member, 1)


def test_the_command_adds_every_draw_to_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = small_table()
    frame.assign(year=frame.year + 1).to_parquet(tmp_path / "battles.parquet")  # 2022 to 2024
    monkeypatch.setattr(tuning, "MEMBERS", RECIPE.members)
    monkeypatch.setitem(tuning.SPACES, "om", {"rounds": (4,), "num_leaves": (4, 6)})
    log = tmp_path / "log.jsonl"
    for _ in range(2):
        tuning.main(
            f"--data {tmp_path / 'battles.parquet'} --member om --draws 2 --jobs 1 "
            f"--log {log}".split()
        )

    kept = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert len(kept) == 4
    assert set(kept[0]["log_loss"]) == {"2023", "2024"}
    assert kept[1]["space"] == {"rounds": [4], "num_leaves": [4, 6]}
