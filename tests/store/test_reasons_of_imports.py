"""Test that an import gives reasons for keyframes alone, and stores the same rows as with all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import pytest

from pitwall.domain.battles import Battle
from pitwall.domain.race import RaceState
from pitwall.engine.keyframes import decode_keyframe
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.prediction.predictor import MixturePredictor
from pitwall.recording.import_race import PlayHere
from tests.short_feeds import Short
from tests.store.races import PREDICTOR, collector_of

MESSAGES = 2_500


class CountingReasons(MixturePredictor):
    """Counts the forecasts that are given with reasons."""

    asked: list[int]

    def forecast(self, race: RaceState, battles: Sequence[Battle], *rest: Any) -> Any:
        if self._explainer is not None:
            self.asked[0] += len(battles)
        return super().forecast(race, battles, *rest)


@pytest.mark.slow
def test_reasons_are_given_for_keyframes_alone_and_all_rows_are_the_same() -> None:
    feed = Short(SimulatedFeed(7), MESSAGES)
    predictor = CountingReasons(PREDICTOR.bundle)
    predictor.asked = [0]
    (part,) = PlayHere(feed, predictor).played()
    (batch,) = part.batches
    (whole,) = collector_of(islice(feed.messages(), MESSAGES)).take_batches()

    named = [row._replace(model_version="test-model") for row in batch.predictions.values()]
    assert named == list(whole.predictions.values())
    assert batch.keyframes == whole.keyframes
    assert batch.endings == whole.endings
    assert batch.outcomes == whole.outcomes
    kept = [
        forecast
        for keyframe in batch.keyframes
        if (state := decode_keyframe(keyframe.body)) is not None
        for forecast in state.forecasts.values()
    ]
    assert sum(bool(forecast.reasons) for forecast in kept) > 10
    assert 0 < predictor.asked[0] < len(named) / 5
