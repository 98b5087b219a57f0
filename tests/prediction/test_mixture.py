"""Test gate, stacker, interval, reasons and competing outcomes of a small mixture."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from pitwall.prediction.columns.spec import EXPERTS, Rows
from pitwall.prediction.experts import Logits
from pitwall.prediction.explanations import Explainer
from pitwall.prediction.gate import TERMS, Gate, Situations
from pitwall.prediction.memory import Record, running_residuals
from pitwall.prediction.mixture import Mixture
from pitwall.prediction.stacker import UNLIKELY, Stacker, pieces
from tests.ml.mixture_tables import COLUMNS, the_mixture, the_table

GAP = 0


@pytest.fixture
def mixture() -> Mixture:
    """Return a small trained mixture."""
    return Mixture(the_mixture().parts)


@pytest.fixture
def rows() -> Rows:
    """Return feature rows of battles."""
    return the_table().rows[:80]


@pytest.fixture
def residuals() -> Logits:
    """Return running residuals up to their largest values."""
    return np.random.default_rng(1).normal(scale=0.4, size=(80, 3))


def test_the_gate_shares_add_up_to_one(mixture: Mixture, rows: Rows, residuals: Logits) -> None:
    shares = mixture.opinions(rows, residuals).shares

    assert shares.shape == (80, len(EXPERTS))
    assert shares.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert (shares > 0).all()


def test_the_gate_survives_what_is_missing_and_what_is_huge() -> None:
    nan, zeros = np.full(2, np.nan), np.zeros((2, 3))
    gate = Gate(tuple(TERMS), np.full((len(TERMS), 2), 900.0))

    shares = gate.shares(Situations(nan, nan, nan, np.array([2020.0, 2026.0]), zeros))
    assert np.isfinite(shares).all()
    assert shares.sum(axis=1) == pytest.approx(1)


def test_probabilities_are_probabilities(mixture: Mixture, rows: Rows, residuals: Logits) -> None:
    opinions = mixture.opinions(rows, residuals)

    for name in ("p_overtake", "p_overtake_3", "p_experts", "low", "high", "p_outcomes"):
        values = getattr(opinions, name)
        assert ((values >= 0) & (values <= 1)).all(), name
    assert (opinions.p_overtake_3 >= opinions.p_overtake).all()
    assert ((opinions.low < opinions.p_overtake) & (opinions.p_overtake < opinions.high)).all()
    assert opinions.p_outcomes.sum(axis=1) == pytest.approx(1)


def test_one_battle_at_a_time_is_the_whole_tick(
    mixture: Mixture, rows: Rows, residuals: Logits
) -> None:
    whole = mixture.opinions(rows, residuals)
    parts = [mixture.opinions(rows[i : i + 1], residuals[i : i + 1]) for i in range(len(rows))]

    for field in fields(whole):
        one_by_one = np.concatenate([getattr(part, field.name) for part in parts])
        assert one_by_one == pytest.approx(getattr(whole, field.name), abs=1e-12), field.name


def test_closer_is_never_less_likely(mixture: Mixture, rows: Rows, residuals: Logits) -> None:
    gaps = np.linspace(2.0, 0.0, 21)
    moved = np.repeat(rows[:, None, :], len(gaps), axis=1)
    moved[:, :, GAP] = gaps
    opinions = mixture.opinions(
        moved.reshape(-1, rows.shape[1]), np.repeat(residuals, len(gaps), axis=0)
    )

    for p in (opinions.p_overtake, opinions.p_overtake_3):
        assert (np.diff(p.reshape(len(rows), -1), axis=1) >= -1e-12).all()


def test_no_battles_give_no_forecasts(mixture: Mixture) -> None:
    opinions = mixture.opinions(np.zeros((0, len(COLUMNS)), np.float32), np.zeros((0, 3)))

    assert opinions.p_overtake.shape == (0,)
    assert opinions.p_experts.shape == (0, 3)


def test_reasons_add_up_to_the_logit(mixture: Mixture, rows: Rows, residuals: Logits) -> None:
    gated = mixture.walked(rows, residuals)
    contributions = Explainer(mixture, [column.name for column in COLUMNS]).contributions(
        rows, residuals, gated
    )
    p = mixture.opinions(rows, residuals, gated).p_overtake
    total = (
        contributions.base + contributions.topics.sum(axis=1) + contributions.residuals.sum(axis=1)
    )

    assert total == pytest.approx(np.log(p / (1 - p)), abs=1e-9)
    assert contributions.topics.any(axis=0).all()  # each column matters to some expert
    # The base of every battle depends on the gate's weights alone, and they hardly move.
    assert np.ptp(contributions.base) < 0.05


def test_topics_share_out_the_same_sum(mixture: Mixture, rows: Rows, residuals: Logits) -> None:
    gated = mixture.walked(rows, residuals)
    apart = Explainer(mixture, [column.name for column in COLUMNS])
    together = Explainer(mixture, ["gap" if i < 2 else "rest" for i in range(len(COLUMNS))])

    alone = apart.contributions(rows, residuals, gated).topics
    by_topic = together.contributions(rows, residuals, gated).topics
    assert together.topics == ("gap", "rest")
    assert by_topic[:, 0] == pytest.approx(alone[:, :2].sum(axis=1), abs=1e-5)
    assert by_topic[:, 1] == pytest.approx(alone[:, 2:].sum(axis=1), abs=1e-5)


def test_pieces_add_up_and_their_slopes_meet() -> None:
    logits = np.linspace(-8, 4, 97)
    stacker = Stacker(np.array([0.5, 1.0, 2.0]), 0.0, np.zeros(3))

    assert pieces(logits, UNLIKELY).sum(axis=1) == pytest.approx(logits)
    assert (np.diff(stacker.gated(logits)) > 0).all()
    step = stacker.step(logits, np.full(97, -1.0))
    assert -1.0 + step * (logits + 1.0) == pytest.approx(stacker.gated(logits))


def test_a_race_with_more_passes_than_forecast_raises_its_later_forecasts() -> None:
    record = Record(
        resolved_s=np.array([100.0, 200.0]),
        attackers=np.array([1, 3]),
        defenders=np.array([2, 4]),
        passed=np.array([1.0, 1.0]),
        forecasts=np.array([0.5, 0.5]),
    )
    residuals = running_residuals(
        record, np.array([99.0, 100.0, 300.0]), np.array([1, 1, 9]), np.array([4, 4, 4])
    )

    one, two = 0.5 / (0.25 + 6), 1.0 / (0.5 + 6)
    alone = 0.5 / (0.25 + 3)
    assert residuals == pytest.approx(
        np.array([[0, 0, 0], [one, alone, 0], [two, 0, alone]], dtype=float)
    )


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
    assert residuals.tolist() == [[0.0, 0.0, 0.0]]
