"""Test that a playback can go to any moment, and gives the same state there as on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitwall.engine import playback as module
from pitwall.engine.playback import Playback
from pitwall.engine.race_engine import RaceEngine
from pitwall.wire.message import RawMessage
from tests.engine.test_race_engine import CountingPredictor
from tests.makers import ListFeed, a_duel, at

FEED = ListFeed(a_duel(120, closing_s=0.005))


def a_playback() -> Playback:
    return Playback(FEED, RaceEngine(CountingPredictor()))


@pytest.fixture(autouse=True, scope="module")
def _frequent_checkpoints() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHECKPOINT_EVERY", timedelta(seconds=15))
        yield


def test_takes_what_was_sent_up_to_the_moment_and_no_more() -> None:
    playback = a_playback()

    playback.advance(at(10.05))
    assert playback.state.sent_at == at(9.1)
    assert playback.advance(at(10.1)) == 1
    assert not playback.at_end


def test_knows_its_end() -> None:
    playback = a_playback()

    playback.advance(at(1000))

    assert playback.at_end
    assert playback.advance(at(1001)) == 0


@given(st.lists(st.floats(0.1, 130), min_size=1, max_size=6))
def test_seeking_about_shows_what_playing_straight_shows(moments: list[float]) -> None:
    wandering, straight = a_playback(), a_playback()
    for moment in moments:
        wandering.advance(at(moment))
    straight.advance(at(moments[-1]))

    assert wandering.state == straight.state


def test_going_back_skips_messages_without_decoding_them(monkeypatch: pytest.MonkeyPatch) -> None:
    playback = a_playback()
    playback.advance(at(119))
    taken_messages: list[RawMessage] = []
    take = RaceEngine.take

    def counted(engine: RaceEngine, message: RawMessage) -> None:
        taken_messages.append(message)
        take(engine, message)

    monkeypatch.setattr(RaceEngine, "take", counted)

    playback.advance(at(110))

    assert 0 < len(taken_messages) <= 30


def test_plays_unseen_up_to_a_state() -> None:
    playback = a_playback()

    reached = playback.advance_to(lambda state: bool(state.battles))

    assert reached is not None
    assert playback.advance_to(lambda _state: False) is None
