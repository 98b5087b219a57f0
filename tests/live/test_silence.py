"""Test that unusual silence is measured by the feed's own pace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from pitwall.live.intake import Silence

T0 = datetime(2026, 7, 5, 13, tzinfo=UTC)


def _at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def _lively() -> Silence:
    """Return a feed that sent a message four times a second for a minute, until 0 s."""
    silence = Silence()
    for quarter in range(-240, 1):
        silence.broken(_at(quarter / 4))
    return silence


def test_the_first_word_breaks_no_silence() -> None:
    silence = Silence()

    assert not silence.is_odd(T0)
    assert not silence.broken(T0)


def test_a_lively_feed_that_stops_is_noticed_within_three_seconds() -> None:
    silence = _lively()

    assert not silence.is_odd(_at(1.9))
    assert silence.is_odd(_at(3.0))


def test_a_silence_is_told_as_odd_when_it_ends_too() -> None:
    assert not _lively().broken(_at(1.9))
    assert _lively().broken(_at(3.0))


def test_a_quiet_feed_may_be_silent_for_longer() -> None:
    silence = Silence()
    for second in range(-240, 1):
        silence.broken(_at(second))

    assert not silence.is_odd(_at(7.0))
    assert silence.is_odd(_at(9.0))


def test_snapshots_into_a_silence_become_rarer_but_keep_the_line() -> None:
    silence, asked = _lively(), []
    for quarter in range(4 * 240):
        now = _at(quarter / 4)
        if silence.is_odd(now):
            asked.append(quarter / 4)
            silence.interrupted(now)

    waits = [later - earlier for earlier, later in pairwise(asked)]
    assert waits == sorted(waits)
    assert asked[0] < 4
    assert waits[-1] > 7


def test_news_makes_it_attentive_again() -> None:
    silence = _lively()
    for second in range(3, 60):
        silence.is_odd(_at(second))
    silence.broken(_at(60.0))

    assert not silence.is_odd(_at(61.0))
    assert silence.is_odd(_at(65.0))
