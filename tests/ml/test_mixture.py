"""Test that training is reproducible, keeps races whole, and uses no later data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.forward_chaining import FROZEN, chained_scores
from ml.group_ablation import group_costs
from ml.members import Member, Training, fit_member
from ml.mixture_table import BattleTable, battle_table, stacked
from ml.mixture_training import Trained, save, train
from ml.out_of_fold import fitted_together, out_of_fold, race_groups
from ml.split_scores import Judged, Split, scores_of
from ml.stacking import fit_classes, fit_logistic, residuals_of, sandwich
from ml.train import main
from ml.turns import fit_in_turns
from pitwall.prediction.bundle import load_bundle
from pitwall.prediction.columns.knowledge import Knowledge
from pitwall.prediction.columns.spec import EXPERTS, FeatureSpec
from pitwall.prediction.columns.topics import SITUATION
from pitwall.prediction.experts import read_expert
from pitwall.prediction.features import feature_columns
from pitwall.prediction.gate import OUTCOMES, class_chances
from pitwall.prediction.mixture import PARTS
from pitwall.prediction.stacker import sigmoid
from tests.ml.mixture_tables import (
    COLUMNS,
    RECIPE,
    a_frame,
    the_mixture,
    the_opinions,
    the_table,
)
from tests.prediction.small_bundle import small_table


def test_the_same_seed_gives_the_same_bundle_whatever_the_order(tmp_path: Path) -> None:
    again = battle_table(a_frame().sample(frac=1, random_state=3), COLUMNS)
    hashes = {
        save(trained, Knowledge(), tmp_path / str(i)).content_hash
        for i, trained in enumerate((the_mixture(), train(again, RECIPE)))
    }

    assert len(hashes) == 1


@pytest.mark.parametrize("name", ["om", "boost"])
def test_the_number_of_threads_changes_nothing(name: str) -> None:
    table = the_table()
    rows = np.isfinite(table.y1)
    training = Training(table.rows[rows], table.y1[rows], COLUMNS, np.ones(int(rows.sum())))
    member = replace(next(m for m in RECIPE.members if m.name == name), rounds=2)

    one, two = (fit_member(member, training, seed=0, threads=n).blob for n in (1, 2))
    assert one == two


def test_another_seed_gives_another_mixture() -> None:
    other = train(the_table(), replace(RECIPE, seed=1))

    assert _blob(other, "om") != _blob(the_mixture(), "om")


def test_folds_hold_whole_races_and_every_row_once() -> None:
    races = the_table().races
    groups = list(race_groups(races, 3, seed=0))

    assert (np.sum(groups, axis=0) == 1).all()
    for held_out in groups:
        assert not set(races[held_out]) & set(races[~held_out])


def test_no_row_is_judged_by_a_model_that_saw_its_race() -> None:
    table = the_table()
    race = table.races == table.races[0]
    flipped = replace(table, y1=np.where(race, 1 - table.y1, table.y1))
    parts = tuple(member for member in RECIPE.members if member.name in PARTS)

    found = out_of_fold(flipped, replace(RECIPE, members=parts)).margins
    for name, margins in the_opinions().margins.items():
        if name in PARTS:
            assert np.array_equal(found[name][race], margins[race])
            assert not np.array_equal(found[name], margins)


def test_parts_that_grow_in_turns_do_not_repeat_each_other() -> None:
    table = the_table()
    rows = np.isfinite(table.y1)
    training = Training(table.rows[rows], table.y1[rows], COLUMNS, np.ones(int(rows.sum())))
    members = {member.name: member for member in RECIPE.members}
    situation, om = members[SITUATION], replace(members["om"], rounds=30)
    twin = replace(om, name="twin", seed=9)

    def spread(*parts: Member) -> float:
        blobs = fit_in_turns([situation, *parts], training, 0)[1:]
        experts = [read_expert("lightgbm", blob, COLUMNS, "om") for blob in blobs]
        return float(sum(one.margins(training.rows).std() for one in experts))

    twice = spread(replace(om, rounds=60))
    assert spread(om, twin) == pytest.approx(twice, rel=0.1)  # one model, in two halves
    assert 2 * spread(om) > 1.2 * twice


def test_parts_in_turns_add_up_to_a_forecast_at_the_rate_of_passes() -> None:
    table = the_table()
    rows = np.isfinite(table.y1)
    training = Training(table.rows[rows], table.y1[rows], COLUMNS, np.ones(int(rows.sum())))
    [parts, *_] = fitted_together(RECIPE.members)

    blobs = fit_in_turns(parts, training, 0)
    margins = [
        read_expert(one.library, blob, COLUMNS, one.view).margins(training.rows)
        for one, blob in zip(parts, blobs, strict=True)
    ]
    assert [one.name for one in parts] == list(PARTS)
    assert sigmoid(np.sum(margins, axis=0)).mean() == pytest.approx(
        training.labels.mean(), abs=0.02
    )


def test_older_seasons_count_less_and_rows_at_the_line_more() -> None:
    table = replace(
        the_table().where(np.arange(len(the_table())) < 3),
        years=np.array([2023, 2024, 2025]),
        at_line=np.array([False, True, False]),
    )
    weights = replace(RECIPE, recency=0.5, line_weight=3).weights(table)

    assert weights.tolist() == [0.25, 1.5, 1.0]


def test_residuals_use_nothing_from_after_the_row() -> None:
    table = the_table()
    forecasts = sigmoid(the_opinions().margins["om"])
    whole = residuals_of(table, forecasts, seasons={})  # a season's level is of earlier races
    cut = 1_200_000
    later = table.resolved_ms > cut
    told = replace(table, y1=np.where(later, 1 - table.y1, table.y1))
    seen = table.t_ms <= cut

    changed = residuals_of(told, np.where(later, 0.99, forecasts), seasons={})
    assert np.array_equal(changed[seen], whole[seen])
    assert not np.array_equal(changed, whole)


def test_the_interruption_knows_all_outcomes_but_the_flag() -> None:
    table, frame = the_table(), a_frame()

    assert np.bincount(table.outcome + 1, minlength=5)[0] == (frame.outcome == "finished").sum()
    table = table.where(table.trains)
    chances = the_mixture().parts.interruption.chances(table.rows)
    asked = table.outcome >= 0
    rates = np.bincount(table.outcome[asked], minlength=len(OUTCOMES)) / asked.sum()
    assert chances.mean(axis=0) == pytest.approx(rates, abs=0.03)


def test_rows_that_could_not_be_asked_about_teach_no_interruption() -> None:
    frame = a_frame().assign(answerable=False)

    assert (battle_table(frame, COLUMNS).outcome == -1).all()


def test_logistic_coefficients_find_the_truth_and_keep_their_bounds() -> None:
    random = np.random.default_rng(0)
    design = np.column_stack([random.normal(size=(4000, 2)), np.ones(4000)])
    y = (random.uniform(size=4000) < sigmoid(design @ [1.5, -1.0, 0.5])).astype(float)

    assert fit_logistic(design, y) == pytest.approx([1.5, -1.0, 0.5], abs=0.15)
    assert fit_logistic(design, y, not_below_0=2)[1] == 0


def test_the_sandwich_is_wide_where_races_differ() -> None:
    random = np.random.default_rng(0)
    races = np.repeat(np.arange(40), 50)
    level = random.normal(scale=1.0, size=40)[races]
    y = (random.uniform(size=2000) < sigmoid(level)).astype(float)
    design, p = np.ones((2000, 1)), np.full(2000, y.mean())

    by_race = sandwich(design, y, p, races)[0, 0]
    assert by_race > 4 * sandwich(design, y, p, np.arange(2000))[0, 0]


def test_classes_are_calibrated_to_their_rates() -> None:
    random = np.random.default_rng(0)
    outcomes = random.choice(4, size=3000, p=[0.7, 0.15, 0.1, 0.05])
    slope, offsets = fit_classes(random.normal(size=(3000, 4)), outcomes)

    assert slope == pytest.approx(0, abs=0.1)
    chances = class_chances(np.zeros((1, 4)), slope, offsets)
    assert chances[0] == pytest.approx([0.7, 0.15, 0.1, 0.05], abs=0.03)


def test_the_mixture_beats_the_gap_alone_on_races_it_has_not_seen() -> None:
    test = battle_table(a_frame(races=4, seed=8), COLUMNS)
    found = scores_of(Judged(Split(2025), the_table(), the_opinions(), the_mixture(), test))

    for rows in ("line", "seconds"):
        scores = found[rows]["scores"]
        assert scores["mixture"]["log_loss"] < scores["gap only"]["log_loss"]
        assert set(found[rows]["cost_without"]) == set(EXPERTS)
    shares = found["contributions"]["shares"]
    assert sum(mean for mean, _ in shares.values()) == pytest.approx(1, abs=0.01)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_chaining_forward_forecasts_every_race_by_those_before_it() -> None:
    test = battle_table(a_frame(races=3, seed=8), COLUMNS)
    judged = Judged(Split(2025), the_table(), the_opinions(), the_mixture(), test)
    found = chained_scores(judged, RECIPE)

    at_line = np.isfinite(test.y1) & test.at_line
    assert (found["line"]["rows"], found["races"]) == (at_line.sum(), 3)
    assert set(found["line"]["scores"]) == {FROZEN, "mixture"}
    last = test.where(test.races == test.races.max())
    flipped = replace(last, y1=1 - last.y1)
    earlier = test.where(test.races < test.races.max())
    again = chained_scores(replace(judged, test=stacked(earlier, flipped)), RECIPE)
    assert again["line"]["scores"] != found["line"]["scores"]


def test_leaving_out_a_group_that_tells_something_costs() -> None:
    test = battle_table(a_frame(races=6, seed=8), COLUMNS)
    judged = Judged(Split(2025), the_table(), the_opinions(), the_mixture(), test)
    telling = ("tyre_age_diff_laps", "drs_open", "speed_diff_kmh", "closing_s")
    groups = {"own": tuple(FeatureSpec(name, "", "", "") for name in telling), "none": ()}

    found = group_costs(judged, RECIPE, groups)
    assert list(found) == ["own", "none"]
    assert found["own"][0] > 0


def test_the_command_writes_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = small_table()
    line = frame.at_line.to_numpy(dtype=bool)
    frame[line].drop(columns="at_line").to_parquet(tmp_path / "battles.parquet")
    frame[~line].assign(refused="").to_parquet(tmp_path / "moments.parquet")
    monkeypatch.setattr("ml.train.MixtureRecipe", lambda **_: RECIPE)
    files = [f"--data {tmp_path / 'battles.parquet'} --moments {tmp_path / 'moments.parquet'}"]
    main(" ".join([*files, f"--out {tmp_path / 'bundle'}"]).split())

    bundle = load_bundle(tmp_path / "bundle", feature_columns())
    table = the_table()
    assert bundle.training["rows"] == _labelled(table.where(table.trains))
    assert bundle.training["rows_at_line"] == _labelled(table.where(table.at_line))
    assert bundle.knowledge.rules.regimes
    assert 2022 in bundle.knowledge.history.by_season


def _blob(trained: Trained, name: str) -> bytes:
    return next(expert.blob for expert in trained.stored if expert.name == name)


def _labelled(table: BattleTable) -> int:
    return int(np.isfinite(table.y1).sum())
