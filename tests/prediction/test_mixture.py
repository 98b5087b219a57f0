"""Test gate, stacker, contributions, interval, reasons and outcomes of a small mixture."""

from __future__ import annotations

from dataclasses import fields
from itertools import permutations

import numpy as np
import pytest

from pitwall.domain.forecasts import points_of
from pitwall.prediction.columns.spec import EXPERTS, Rows
from pitwall.prediction.experts import Logits
from pitwall.prediction.explanations import Contributions, Explainer
from pitwall.prediction.gate import GAP, TERMS, Gate, context_of
from pitwall.prediction.memory import RESIDUALS, Record, running_residuals, season_residual
from pitwall.prediction.mixture import PARTS, Mixture, shares_of
from pitwall.prediction.stacker import UNLIKELY, LogitParts, Spread, Stacker, pieces, sigmoid
from tests.ml.mixture_tables import COLUMNS, place, the_mixture, the_table

NAMES = [column.name for column in COLUMNS]


@pytest.fixture
def mixture() -> Mixture:
    """Return a small trained mixture."""
    return Mixture(the_mixture().parts)


@pytest.fixture
def rows() -> Rows:
    """Return feature rows of battles, at the line and elsewhere, in every condition."""
    return the_table().rows[:160]


@pytest.fixture
def residuals() -> Logits:
    """Return running residuals up to their largest values."""
    return np.random.default_rng(1).normal(scale=0.4, size=(160, len(RESIDUALS)))


def test_base_and_contributions_add_up_to_the_logit(
    mixture: Mixture, rows: Rows, residuals: Logits
) -> None:
    opinions = mixture.opinions(rows, residuals)

    logit = np.log(opinions.p_overtake / (1 - opinions.p_overtake))
    assert opinions.base + opinions.contributions.sum(axis=1) == pytest.approx(logit, abs=1e-9)
    assert (opinions.contributions.std(axis=0) > 0.02).all()  # every expert moves something


def test_points_add_up_from_the_situation_to_the_forecast(
    mixture: Mixture, rows: Rows, residuals: Logits
) -> None:
    opinions = mixture.opinions(rows, residuals)

    total = sigmoid(opinions.base) + opinions.points.sum(axis=1)
    assert total == pytest.approx(opinions.p_overtake, abs=1e-12)
    assert (np.sign(opinions.points) == np.sign(opinions.contributions)).all()


def test_points_are_the_mean_effect_over_all_orders() -> None:
    random = np.random.default_rng(3)
    moves = LogitParts(random.normal(size=20), random.normal(scale=2.0, size=(20, 3)))
    expected = np.zeros((20, 3))
    for order in permutations(range(3)):
        logits = moves.base.copy()
        for expert in order:
            after = logits + moves.experts[:, expert]
            expected[:, expert] += (sigmoid(after) - sigmoid(logits)) / 6
            logits = after

    points = [points_of(*one) for one in zip(moves.base, moves.experts.tolist(), strict=True)]
    assert np.array(points) == pytest.approx(expected, abs=1e-12)


def test_an_expert_alone_is_the_situation_and_its_contribution(
    mixture: Mixture, rows: Rows, residuals: Logits
) -> None:
    opinions = mixture.opinions(rows, residuals)

    for place_, name in enumerate(EXPERTS):
        alone = sigmoid(opinions.base + opinions.contributions[:, place_])
        assert opinions.p_experts[:, place_] == pytest.approx(alone), name


def test_shares_are_those_of_the_moved_logit(
    mixture: Mixture, rows: Rows, residuals: Logits
) -> None:
    opinions = mixture.opinions(rows, residuals)

    sizes = np.abs(opinions.contributions)
    assert opinions.shares == pytest.approx(sizes / sizes.sum(axis=1, keepdims=True))
    assert opinions.shares.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert shares_of(np.array([[3.0, -1.0, 0.0], [0.0, 0.0, 0.0]])) == pytest.approx(
        np.array([[0.75, 0.25, 0.0], [1 / 3, 1 / 3, 1 / 3]])
    )


def test_the_gate_survives_what_is_missing() -> None:
    missing = np.full((3, len(COLUMNS)), np.nan, dtype=np.float32)

    context = context_of(missing, COLUMNS, tuple(TERMS))
    assert context.shape == (3, len(TERMS))
    assert np.isfinite(context).all()
    of_term = dict(zip(TERMS, context[0].tolist(), strict=True))
    assert of_term == dict.fromkeys(TERMS, 0.0) | {"early": 1.0, "wet": 1.0}  # nothing is told


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"lap_pair_laps": 1}, "early"),
        ({"out_lap_attacker": 1}, "fresh"),
        ({"out_lap_defender": 1}, "fresh"),
        ({"pitted_attacker_share": 1}, "fresh"),
        ({"pitted_defender_share": 1}, "fresh"),
        ({"yellow_now": 1}, "yellow"),
        ({"racing_for_s": 179}, "restart"),
        ({"racing_for_s": 180}, None),
        ({"racing_for_s": 30, "lap_pair_laps": 1}, "early"),  # a start is no restart
        ({"wets_attacker": 1}, "wet"),
        ({"wets_defender": 1}, "wet"),
        ({"tyres_told_attacker": 0}, "wet"),
        ({"tyres_told_defender": 0}, "wet"),
    ],
)
def test_the_gate_reads_the_condition(changes: dict[str, float], expected: str | None) -> None:
    usual = {"lap_pair_laps": 9, "racing_for_s": 900, "lap_pair_duration_s": 90} | {
        f"tyres_told_{who}": 1 for who in ("attacker", "defender")
    }
    row = np.zeros((1, len(COLUMNS)), dtype=np.float32)
    for name, value in (usual | changes).items():
        row[0, place(name)] = value
    conditions = ("early", "fresh", "yellow", "restart", "wet")

    found = context_of(row, COLUMNS, conditions)[0]
    assert dict(zip(conditions, found.tolist(), strict=True)) == {
        name: float(name == expected) for name in conditions
    }


def test_the_gate_does_not_read_the_gap() -> None:
    rows = np.zeros((2, len(COLUMNS)), dtype=np.float32)
    rows[1, place(GAP)] = 2.0

    assert np.ptp(context_of(rows, COLUMNS, tuple(TERMS)), axis=0).tolist() == [0.0] * len(TERMS)


def test_factors_are_above_nought_whatever_the_situation() -> None:
    random = np.random.default_rng(4)
    gate = Gate(("early", "wet"), random.normal(scale=3.0, size=(3, 3)))

    factors = gate.factors(random.integers(0, 2, size=(40, 2)).astype(float))
    assert (factors > 0).all()
    assert np.isfinite(factors).all()


def test_probabilities_are_probabilities(mixture: Mixture, rows: Rows, residuals: Logits) -> None:
    opinions = mixture.opinions(rows, residuals)

    names = ("p_overtake", "p_overtake_3", "p_experts", "low", "high", "p_outcomes", "p_kept")
    for name in names:
        values = getattr(opinions, name)
        assert ((values >= 0) & (values <= 1)).all(), name
    assert (opinions.p_overtake_3 >= opinions.p_overtake).all()
    assert ((opinions.low < opinions.p_overtake) & (opinions.p_overtake < opinions.high)).all()
    assert opinions.p_outcomes.sum(axis=1) == pytest.approx(1)


def test_a_rarer_condition_never_narrows_the_interval(mixture: Mixture) -> None:
    spread = mixture.parts.spread

    assert (spread.models[1:] >= 0).all()
    wide = Spread(np.array([0.1, 0.5]), np.zeros((1, 1)))
    logits, design = np.zeros(2), np.zeros((2, 1))
    low, high = wide.interval(logits, np.array([[0.0], [1.0]]), design)
    assert high[1] - low[1] > high[0] - low[0]


def test_one_battle_at_a_time_is_the_whole_tick(
    mixture: Mixture, rows: Rows, residuals: Logits
) -> None:
    whole = mixture.opinions(rows, residuals)
    parts = [mixture.opinions(rows[i : i + 1], residuals[i : i + 1]) for i in range(len(rows))]

    for field in fields(whole):
        one_by_one = np.concatenate([getattr(part, field.name) for part in parts])
        assert one_by_one == pytest.approx(getattr(whole, field.name), abs=1e-12), field.name


def test_closer_is_never_less_likely(mixture: Mixture, residuals: Logits) -> None:
    random = np.random.default_rng(6)
    rows = random.normal(scale=3.0, size=(len(residuals), len(COLUMNS))).astype(np.float32)
    rows[random.random(rows.shape) < 0.1] = np.nan
    rows[::2] = the_table().rows[: len(rows[::2])]
    gaps = np.linspace(2.0, 0.0, 21)
    moved = np.repeat(rows[:, None, :], len(gaps), axis=1)
    moved[:, :, place(GAP)] = gaps
    opinions = mixture.opinions(
        moved.reshape(-1, rows.shape[1]), np.repeat(residuals, len(gaps), axis=0)
    )

    for p in (opinions.p_overtake, opinions.p_overtake_3, *opinions.p_experts.T):
        steps = np.diff(p.reshape(len(rows), -1), axis=1)
        assert (steps >= -1e-12).all()
        assert steps.max() > 0.01


def test_no_battles_give_no_forecasts(mixture: Mixture) -> None:
    nothing = np.zeros((0, len(RESIDUALS)))
    opinions = mixture.opinions(np.zeros((0, len(COLUMNS)), np.float32), nothing)

    assert opinions.p_overtake.shape == (0,)
    assert opinions.p_experts.shape == opinions.contributions.shape == (0, 3)
    assert opinions.points.shape == opinions.shares.shape == (0, 3)


def explained(mixture: Mixture, topics: list[str], rows: Rows, residuals: Logits) -> Contributions:
    walked = mixture.walked(rows, residuals)
    return Explainer(mixture, topics).contributions(residuals, walked)


def test_reasons_add_up_to_the_logit(mixture: Mixture, rows: Rows, residuals: Logits) -> None:
    found = explained(mixture, NAMES, rows, residuals)
    p = mixture.opinions(rows, residuals, mixture.walked(rows, residuals)).p_overtake
    moved = sum(credits.sum(axis=1) for credits in found.credits.values())

    total = found.base + moved + found.residuals.sum(axis=1)
    assert total == pytest.approx(np.log(p / (1 - p)), abs=1e-9)
    assert list(found.credits) == list(PARTS)


def test_the_base_of_reasons_is_one_number_for_each_condition(
    mixture: Mixture, rows: Rows, residuals: Logits
) -> None:
    found = explained(mixture, NAMES, rows, residuals)
    context = mixture.walked(rows, residuals).context

    _, which = np.unique(context, axis=0, return_inverse=True)
    for one in np.unique(which):
        assert np.ptp(found.base[which.ravel() == one]) < 1e-4
    assert np.ptp(found.base) < 1.0


def test_an_expert_has_credit_only_by_columns_that_it_sees(
    mixture: Mixture, rows: Rows, residuals: Logits
) -> None:
    found = explained(mixture, NAMES, rows, residuals)

    for part, credits in found.credits.items():
        seen = {column.name for column in COLUMNS if column.is_seen_by(part)}
        moved = {name for name, of_it in zip(NAMES, credits.T, strict=True) if of_it.any()}
        assert moved, part
        assert moved <= seen, part


def test_topics_share_out_the_same_sum(mixture: Mixture, rows: Rows, residuals: Logits) -> None:
    first = 2
    both = ["gap" if i < first else "rest" for i in range(len(COLUMNS))]
    apart = explained(mixture, NAMES, rows, residuals)
    together = explained(mixture, both, rows, residuals)

    for part in PARTS:
        alone, by_topic = apart.credits[part], together.credits[part]
        assert by_topic.shape == (len(rows), 2)
        assert by_topic[:, 0] == pytest.approx(alone[:, :first].sum(axis=1), abs=1e-5)
        assert by_topic[:, 1] == pytest.approx(alone[:, first:].sum(axis=1), abs=1e-5)


def a_stacker() -> Stacker:
    gate = Gate(("early",), np.array([[0.0, -0.5, 0.5], [0.2, 0.0, 0.0]]))
    return Stacker(
        gate,
        centres=np.array([0.1, -0.2, 0.3]),
        slopes=np.array([0.5, 1.0, 2.0]),
        intercept=0.7,
        offsets=np.array([-0.4]),
        residual_weights=np.array([0.3, 0.0, 0.0, 0.6]),
    )


def test_pieces_add_up_and_their_slopes_meet() -> None:
    logits = np.linspace(-8, 4, 97)
    stacker = a_stacker()

    assert pieces(logits, UNLIKELY).sum(axis=1) == pytest.approx(logits)
    assert (np.diff(stacker.of_situation(logits)) > 0).all()
    start = np.full(97, -1.0)
    step = stacker.step(logits, start)
    moved = stacker.of_situation(start) + step * (logits - start)
    assert moved == pytest.approx(stacker.of_situation(logits))


def test_the_stacker_adds_up_what_its_description_says() -> None:
    margins = np.array([[-1.0, 0.5, 0.6, -0.7]])
    context, residuals = np.array([[1.0]]), np.array([[0.1, 9.0, 9.0, -0.2]])
    moves = a_stacker().moves(margins, context, residuals)

    assert moves.base == pytest.approx([-1.0 + 0.7 - 0.4 + 0.03 - 0.12])
    factors = np.exp([0.2, -0.5, 0.5])
    assert moves.experts[0] == pytest.approx(factors * [0.4, 0.8, -1.0])
    assert moves.logits == pytest.approx(moves.base + moves.experts.sum(axis=1))


def test_the_design_is_the_slope_of_the_logit() -> None:
    random = np.random.default_rng(5)
    margins, residuals = random.normal(size=(30, 4)), random.normal(size=(30, 4))
    context, stacker = random.integers(0, 2, (30, 1)).astype(float), a_stacker()
    coefficients = np.concatenate(
        [stacker.slopes, np.ones(3), [stacker.intercept], stacker.offsets, stacker.residual_weights]
    )

    design = stacker.design(margins, context, residuals)
    assert design @ coefficients == pytest.approx(stacker.moves(margins, context, residuals).logits)


def test_a_race_with_more_passes_than_forecast_raises_its_later_forecasts() -> None:
    record = Record(
        resolved_s=np.array([100.0, 200.0]),
        attackers=np.array([1, 3]),
        defenders=np.array([2, 4]),
        passed=np.array([1.0, 1.0]),
        forecasts=np.array([0.5, 0.5]),
    )
    residuals = running_residuals(
        record, np.array([99.0, 100.0, 300.0]), np.array([1, 1, 9]), np.array([4, 4, 4]), 0.2
    )

    one, two = 0.5 / (0.25 + 6), 1.0 / (0.5 + 6)
    alone = 0.5 / (0.25 + 3)
    assert residuals == pytest.approx(
        np.array([[0, 0, 0, 0.2], [one, alone, 0, 0.2], [two, 0, alone, 0.2]], dtype=float)
    )


def test_a_season_says_little_before_it_has_many_battles() -> None:
    few = season_residual(np.ones(4), np.full(4, 0.5))
    many = season_residual(np.ones(400), np.full(400, 0.5))

    assert few == pytest.approx(2 / (1 + 40))
    assert many == pytest.approx(200 / (100 + 40))
    assert season_residual(np.zeros(0), np.zeros(0)) == 0.0


def test_residuals_use_nothing_that_is_resolved_later() -> None:
    random = np.random.default_rng(2)

    def residuals(later: float) -> Logits:
        record = Record(
            resolved_s=np.arange(50.0),
            attackers=np.tile([1, 2], 25),
            defenders=np.tile([3, 4, 5, 6, 7], 10),
            passed=np.where(np.arange(50) > 30, later, 0.0),
            forecasts=np.where(np.arange(50) > 30, 0.9 * later, 0.2),
        )
        return running_residuals(record, np.array([30.0]), np.array([1]), np.array([3]))

    assert np.array_equal(residuals(1.0), residuals(random.uniform()))


def test_an_empty_record_says_nothing() -> None:
    nothing, nobody = np.zeros(0), np.zeros(0, dtype=np.int64)
    record = Record(nothing, nobody, nobody, nothing, nothing)

    residuals = running_residuals(record, np.array([5.0]), np.array([1]), np.array([2]))
    assert residuals.tolist() == [[0.0, 0.0, 0.0, 0.0]]
