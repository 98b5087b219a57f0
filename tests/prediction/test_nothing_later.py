"""Test that a race cut at a random time gives the same features, so none reads the future."""

from __future__ import annotations

from bisect import bisect_right
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.rulebook import read_rules
from pitwall.domain.battles import follow_battles
from pitwall.domain.race import RaceState
from pitwall.domain.reducer import apply
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.prediction.columns.knowledge import Knowledge
from pitwall.prediction.features import FeatureCache, feature_matrix
from pitwall.wire.decode import decode
from pitwall.wire.message import RawMessage

LAPS = 12
KNOWLEDGE = Knowledge(rules=read_rules())


@cache
def the_race() -> tuple[tuple[RawMessage, ...], tuple[RaceState, ...]]:
    """Return the messages of the first laps of a simulated race, and the state after each."""
    race, messages, states = RaceState(), [], []
    for message in SimulatedFeed(5).messages():
        for event in decode(message).events:
            race = apply(race, event)
        messages.append(message)
        states.append(race)
        if race.lap > LAPS:
            break
    return tuple(messages), tuple(states)


@cache
def the_book() -> FeatureCache:
    """Return a feature cache that has read the race to its end."""
    _, states = the_race()
    feature_cache = FeatureCache()
    battles, _ = follow_battles(states[-1])
    feature_matrix(states[-1], battles, KNOWLEDGE, feature_cache)
    return feature_cache


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 0.999))
def test_a_race_cut_at_a_random_time_gives_the_same_features(share: float) -> None:
    messages, states = the_race()
    first, last = messages[0].sent_at, messages[-1].sent_at
    cut = first + share * (last - first)
    known = bisect_right(messages, cut, key=lambda message: message.sent_at)
    battles, _ = follow_battles(states[known - 1])

    fresh = RaceState()
    for message in messages[:known]:
        for event in decode(message).events:
            fresh = apply(fresh, event)

    # One has read only what was sent by then; the other's cache has read to the end and gone back.
    np.testing.assert_array_equal(
        feature_matrix(fresh, battles, KNOWLEDGE),
        feature_matrix(states[known - 1], battles, KNOWLEDGE, the_book()),
    )
