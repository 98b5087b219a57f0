"""Boost the parts of the mixture in turns, so that each tree learns what all parts leave open.

The situation begins with some trees of its own. Then it and the experts add a tree each, round by
round: the gradient of every tree is that of the sum of all parts so far. No part learns what
another has already said, and none is fitted on the forecasts of models that saw other races.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

import numpy as np

from ml.members import (
    Member,
    Training,
    data_of,
    lightgbm_blob,
    lightgbm_rows,
    settings_of,
    xgboost_rows,
)
from ml.metrics import Array
from pitwall.prediction.stacker import sigmoid

log = logging.getLogger(__name__)

_LEAST_HESSIAN: Final = 1e-6


class _Part(Protocol):
    """A boosted model that grows tree by tree on gradients from outside.

    Attributes:
        margins: Its raw logits of the training rows, shape (n,).
    """

    margins: Array

    def grow(self, gradients: Array, hessians: Array) -> None:
        """Add a tree, and update the margins."""
        ...

    def blob(self) -> bytes:
        """Return the model as it is stored."""
        ...


def fit_in_turns(members: Sequence[Member], training: Training, seed: int) -> list[bytes]:
    """Return members fitted together on all rows given, each as it is stored.

    Args:
        members: The parts, with a LightGBM model first, which begins at the rate of passes.
        training: The rows.
        seed: Seeds the learners.
    """
    began = time.perf_counter()
    first, *others = members
    parts: list[_Part] = [_LightGBM(first, training, seed, begins=True)]
    parts += [
        (_LightGBM if member.library == "lightgbm" else _XGBoost)(member, training, seed)
        for member in others
    ]
    total = parts[0].margins.copy()
    for place in turns(members):
        part = parts[place]
        p, before = sigmoid(total), part.margins
        part.grow(
            training.weights * (p - training.labels),
            training.weights * np.maximum(p * (1 - p), _LEAST_HESSIAN),
        )
        total += part.margins - before
    log.info("in turns %6d rows %5.1f s", len(total), time.perf_counter() - began)
    return [part.blob() for part in parts]


def turns(members: Sequence[Member]) -> Iterator[int]:
    """Yield the place of the member that grows next; the first has grown its first tree.

    >>> slow = Member("slow", "om", rounds=2)
    >>> list(turns([Member("first", "situation", rounds=5, head_start=3), slow]))
    [0, 0, 0, 1, 0, 1]
    """
    grown = [1, *(0 for _ in members[1:])]
    for _ in range(members[0].head_start - 1):
        grown[0] += 1
        yield 0
    while any(trees < member.rounds for trees, member in zip(grown, members, strict=True)):
        for place, member in enumerate(members):
            if grown[place] < member.rounds:
                grown[place] += 1
                yield place


class _LightGBM:
    """A LightGBM model; the one that begins has a first tree, at the rate of passes."""

    def __init__(
        self, member: Member, training: Training, seed: int, *, begins: bool = False
    ) -> None:
        import lightgbm

        data = data_of(member, training)
        settings = settings_of(member, data.names, seed, threads=1)
        if not begins:
            settings["objective"] = "none"
        self._booster = lightgbm.Booster(settings, lightgbm_rows(data, settings))
        self.margins = np.zeros(len(data.labels))
        if begins:
            self._booster.update()
            self._booster.reset_parameter({"objective": "none"})  # so that it answers in logits
            self._read()

    def grow(self, gradients: Array, hessians: Array) -> None:
        """Add a tree, and update the margins."""
        self._booster.update(fobj=lambda *_: (gradients, hessians))
        self._read()

    def blob(self) -> bytes:
        """Return the model as it is stored."""
        return lightgbm_blob(self._booster)

    def _read(self) -> None:
        """Take the logits of the training rows, which LightGBM keeps, from an evaluation."""

        def take(logits: Array, _: object) -> tuple[str, float, bool]:
            self.margins = logits.astype(np.float64)
            return "taken", 0.0, False

        self._booster.eval_train(take)


class _XGBoost:
    """An XGBoost model that starts from a logit of 0."""

    def __init__(self, member: Member, training: Training, seed: int) -> None:
        import xgboost

        data = data_of(member, training)
        settings = {**settings_of(member, data.names, seed, threads=1), "base_score": 0.5}
        self._rows = xgboost_rows(data, settings)
        self._booster = xgboost.Booster(settings, [self._rows])
        self.margins = np.zeros(len(data.labels))

    def grow(self, gradients: Array, hessians: Array) -> None:
        """Add a tree, and update the margins."""
        trees = self._booster.num_boosted_rounds()
        self._booster.boost(self._rows, iteration=trees, grad=gradients, hess=hessians)
        answers = self._booster.predict(self._rows, output_margin=True)
        self.margins = answers.astype(np.float64)

    def blob(self) -> bytes:
        """Return the model as it is stored."""
        return bytes(self._booster.save_raw("ubj"))
