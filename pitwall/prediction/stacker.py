"""Combine the experts' gated opinion and the race so far into calibrated logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pitwall.prediction.experts import Logits


def sigmoid(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the probabilities of logits, of the same shape, without overflow."""
    halves: npt.NDArray[np.float64] = np.tanh(logits / 2)
    return (halves + 1) / 2


UNLIKELY: Final = -4.0  # logit below which the next lap has a slope of its own

UNLIKELY_3: Final = -3.0  # the same for three laps

_NO_WAY: Final = 1e-9  # of a logit

_Z90: Final = 1.6449  # 95 % quantile of the normal distribution, so that 90 % lie between


def pieces(logits: Logits, unlikely: float) -> Logits:
    """Split logits into three parts that add up to them, shape (n, 3): unlikely, usual, likely.

    >>> pieces(np.array([-5.0, -1.0, 2.0]), -4.0).tolist()
    [[-1.0, -4.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 2.0]]
    """
    return np.stack(
        [np.minimum(logits - unlikely, 0), np.clip(logits, unlikely, 0), np.maximum(logits, 0)],
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
class Stacker:
    """The logit of a pass in the next lap.

    It is slopes . pieces(sum of shares * margins) + intercept + weights . residuals.

    The same function as s m + b . [1, residuals, min(m + 4, 0), max(m, 0)], where s is the middle
    slope; written as three slopes, none below 0, so that a logit never falls as its experts rise.

    Attributes:
        slopes: Slopes of the parts unlikely, usual, likely; shape (3,).
        residual_weights: Weights of the race's, attacker's and defender's running residual;
            shape (3,).
    """

    slopes: Logits
    intercept: float
    residual_weights: Logits

    def gated(self, opinion: Logits) -> Logits:
        """Return the contribution of the experts' gated opinion, shape (n,), to the logit."""
        answer: Logits = pieces(opinion, UNLIKELY) @ self.slopes
        return answer

    def logits(self, opinion: Logits, residuals: Logits) -> Logits:
        """Return calibrated logits, shape (n,), of opinions (n,) and residuals (n, 3)."""
        answer: Logits = self.gated(opinion) + self.intercept + residuals @ self.residual_weights
        return answer

    @staticmethod
    def design(opinion: Logits, residuals: Logits) -> Logits:
        """Return the factors of the slopes, the intercept and the weights, shape (n, 7)."""
        return np.column_stack([pieces(opinion, UNLIKELY), np.ones(len(opinion)), residuals])

    def step(self, opinion: Logits, base: Logits) -> Logits:
        """Return the mean slope of the logit between `base` and `opinion`."""
        distance = opinion - base
        is_short = np.abs(distance) < _NO_WAY
        secant = (self.gated(opinion) - self.gated(base)) / np.where(is_short, 1.0, distance)
        return np.where(is_short, self.slopes[1], secant)


@dataclass(frozen=True, slots=True)
class ThreeLapStacker:
    """The logit of a pass within three laps.

    It is slopes . pieces(three) + shares . margins + intercept + weights . residuals.

    Attributes:
        slopes: Slopes of the three parts of the three-lap model's logit, none below 0; shape (3,).
        expert_weights: Weights of the experts' margins, none below 0; shape (n_experts,).
        residual_weights: Shape (3,).
    """

    slopes: Logits
    expert_weights: Logits
    intercept: float
    residual_weights: Logits

    def logits(self, three: Logits, margins: Logits, residuals: Logits) -> Logits:
        """Return calibrated logits of a pass within three laps, shape (n,)."""
        answer: Logits = (
            pieces(three, UNLIKELY_3) @ self.slopes
            + margins @ self.expert_weights
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

    The variance is `experts` + d' `covariance` d. The first term is how far the experts' opinion
    moves when a fold of races is left out: a delete-a-fold jackknife on battles that no expert was
    fitted on, because they were interrupted. It is one number, as it was found not to depend on how
    much the experts disagree. It counts the randomness of the learners several times, so it is
    rather too wide. The second term is the stacker's, a sandwich estimate over whole races.

    The interval covers the choice of races that the model was trained on. It does not cover whether
    this battle ends in a pass, a level of this race or season that differs from the training's, or
    anything that no feature measures.

    Attributes:
        experts: Variance of the logit.
        covariance: Covariance of the coefficients of `Stacker.design`, shape (7, 7).
    """

    experts: float
    covariance: Logits

    def interval(self, logits: Logits, design: Logits) -> tuple[Logits, Logits]:
        """Return the ends of the 90 % interval of probabilities, shape (n,) each."""
        variance = self.experts + ((design @ self.covariance) * design).sum(axis=1)
        reach = _Z90 * np.sqrt(np.maximum(variance, 0))
        return sigmoid(logits - reach), sigmoid(logits + reach)
