"""Add up the situation, the experts' moves and the race so far to calibrated logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pitwall.prediction.experts import Logits
from pitwall.prediction.gate import Gate


def sigmoid(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the probabilities of logits, of the same shape, without overflow."""
    halves: npt.NDArray[np.float64] = np.tanh(logits / 2)
    return (halves + 1) / 2


UNLIKELY: Final = -4.0  # logit of the situation below which it has a slope of its own

UNLIKELY_3: Final = -3.0  # the same for three laps

_NO_WAY: Final = 1e-9  # of a logit

_Z90: Final = 1.6449  # 95 % quantile of the normal distribution, so that 90 % lie between


def pieces(logits: Logits, unlikely: float) -> Logits:
    """Split logits into three parts that add up to them, shape (n, 3): unlikely, usual, likely.

    >>> pieces(np.array([-5.0, -1.0, 2.0]), -4.0).tolist()
    [[-1.0, -4.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 2.0]]
    """
    return np.stack(
        [
            np.minimum(logits - unlikely, 0),
            np.minimum(np.maximum(logits, unlikely), 0),
            np.maximum(logits, 0),
        ],
        axis=1,
    )


@dataclass(frozen=True, slots=True)
class Platt:
    """A Platt calibration: a straight line on a raw logit, fitted on races unseen in training."""

    slope: float
    intercept: float

    def chances(self, margins: Logits) -> Logits:
        """Return calibrated probabilities, shape (n,)."""
        return sigmoid(self.slope * margins + self.intercept)


@dataclass(frozen=True, slots=True)
class LogitParts:
    """What each part adds to the logit of a pass; all together they are the logit.

    Attributes:
        base: The situation, the race so far included, shape (n,).
        experts: The experts' contributions, shape (n, n_experts), in order of `EXPERTS`.
    """

    base: Logits
    experts: Logits

    @property
    def logits(self) -> Logits:
        """The logits of a pass in the next lap, shape (n,)."""
        total: Logits = self.base + self.experts.sum(axis=1)
        return total


@dataclass(frozen=True, slots=True)
class Stacker:
    """A logistic regression on the margins of situation and experts, whose gate is the situation.

    The logit is slopes . pieces(situation) + intercept + offsets . terms + weights . residuals, and
    for each expert factor(terms) * (margin - centre). No slope and no factor is below 0, so that a
    logit never falls as a margin rises.

    Attributes:
        gate: The experts' factors.
        centres: The experts' mean margins in training, shape (n_experts,): what an expert says of
            the average battle moves nothing.
        slopes: Slopes of the situation's parts unlikely, usual, likely; shape (3,).
        offsets: One for each of the gate's terms.
        residual_weights: Weights of the running residuals, shape (n_residuals,).
    """

    gate: Gate
    centres: Logits
    slopes: Logits
    intercept: float
    offsets: Logits
    residual_weights: Logits

    def moves(self, margins: Logits, context: Logits, residuals: Logits) -> LogitParts:
        """Return the parts of the logits.

        Args:
            margins: Raw logits of the situation and of each expert, shape (n, 1 + n_experts).
            context: The gate's terms, shape (n, n_terms).
            residuals: Running residuals, shape (n, n_residuals).
        """
        base = (
            self.of_situation(margins[:, 0])
            + self.intercept
            + context @ self.offsets
            + residuals @ self.residual_weights
        )
        return LogitParts(base, self.gate.factors(context) * (margins[:, 1:] - self.centres))

    def of_situation(self, margins: Logits) -> Logits:
        """Return what the situation's raw logits, shape (n,), add."""
        answer: Logits = pieces(margins, UNLIKELY) @ self.slopes
        return answer

    def design(self, margins: Logits, context: Logits, residuals: Logits) -> Logits:
        """Return the factors of slopes, experts, intercept, offsets and weights, (n, k)."""
        moves = self.moves(margins, context, residuals).experts
        return self.design_of(moves, margins, context, residuals)

    @staticmethod
    def design_of(moves: Logits, margins: Logits, context: Logits, residuals: Logits) -> Logits:
        """Return the same as `design`, given what the experts add, shape (n, n_experts)."""
        ones = np.ones(len(margins))
        return np.column_stack([pieces(margins[:, 0], UNLIKELY), moves, ones, context, residuals])

    def step(self, margins: Logits, start: Logits) -> Logits:
        """Return the mean slope of what the situation adds between `start` and `margins`, (n,)."""
        distance = margins - start
        is_short = np.abs(distance) < _NO_WAY
        secant = (self.of_situation(margins) - self.of_situation(start)) / np.where(
            is_short, 1.0, distance
        )
        return np.where(is_short, self.slopes[1], secant)


@dataclass(frozen=True, slots=True)
class ThreeLapStacker:
    """The logit of a pass within three laps.

    It is slopes . pieces(three) + weights . margins + intercept + weights . residuals.

    Attributes:
        slopes: Slopes of the three parts of the three-lap model's logit, none below 0; shape (3,).
        margin_weights: Weights of the margins of situation and experts, none below 0; shape
            (1 + n_experts,).
        residual_weights: Shape (n_residuals,).
    """

    slopes: Logits
    margin_weights: Logits
    intercept: float
    residual_weights: Logits

    def logits(self, three: Logits, margins: Logits, residuals: Logits) -> Logits:
        """Return calibrated logits of a pass within three laps, shape (n,)."""
        answer: Logits = (
            pieces(three, UNLIKELY_3) @ self.slopes
            + margins @ self.margin_weights
            + self.intercept
            + residuals @ self.residual_weights
        )
        return answer

    @staticmethod
    def design(three: Logits, margins: Logits, residuals: Logits) -> Logits:
        """Return the factors of slopes, weights and intercept, in the order of the fields."""
        ones = np.ones(len(three))
        return np.column_stack([pieces(three, UNLIKELY_3), margins, ones, residuals])


@dataclass(frozen=True, slots=True)
class Spread:
    """How far the logit might move if the model had been trained on other races.

    The variance is models + d' `covariance` d. The first term is how far the logit moves when a
    fold of races is left out: a delete-a-fold jackknife on battles that no part was fitted on,
    because they were interrupted. It is a constant and one addition for each term of the gate:
    rarer conditions have been seen less often. It counts the randomness of the learners several
    times, so it is rather too wide. The second term is the stacker's, a sandwich estimate over
    whole races.

    The interval covers the choice of races that the model was trained on. It does not cover whether
    this battle ends in a pass, a level of this race or season that differs from the training's, or
    anything that no feature measures.

    Attributes:
        models: Variance of the logit, shape (1 + n_terms,): the constant, then what each term adds.
        covariance: Covariance of the coefficients of `Stacker.design`, shape (k, k).
    """

    models: Logits
    covariance: Logits

    def interval(self, logits: Logits, context: Logits, design: Logits) -> tuple[Logits, Logits]:
        """Return the ends of the 90 % interval of probabilities, shape (n,) each."""
        variance = self.models[0] + context @ self.models[1:]
        variance = np.maximum(variance, 0) + ((design @ self.covariance) * design).sum(axis=1)
        reach = _Z90 * np.sqrt(np.maximum(variance, 0))
        return sigmoid(logits - reach), sigmoid(logits + reach)
