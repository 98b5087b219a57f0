"""Test whom an event concerns, what is said of it, and when an attempt is made again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest

from pitwall.domain.battles import EndReason
from pitwall.domain.flags import TrackStatus
from pitwall.domain.frames import LiveFrame
from pitwall.domain.webhooks import DeliveryState, DriverRole, HookEvent, HookFilter, HookHealth
from pitwall.live.race_events import events_between
from pitwall.webhooks.news import News, a_test, likely_battles, news_of
from pitwall.webhooks.sender import (
    DELAYS,
    LONGEST_RETRY_AFTER,
    MOST_ATTEMPTS,
    PAUSE_AFTER,
    Reply,
    outcome_of,
)
from tests.live.frames import later, with_header
from tests.webhooks.makers import NOON, a_battle, a_delivery, a_hook, passing, the_pass

FAILED = Reply(500, "The receiver answered 500.")


def happened(*frames: LiveFrame) -> Iterator[News]:
    for earlier, frame in pairwise(frames):
        yield from map(news_of, events_between(earlier, frame))


def the_news(kind: HookEvent, source: str = "live") -> News:
    """Return one piece of news of each kind."""
    frame = a_battle(source)
    bare = replace(frame, battles=())
    if kind is HookEvent.CHANCE_ABOVE:
        return next(iter(likely_battles(frame)))
    after = {
        HookEvent.BATTLE_OPENED: replace(bare, battles=frame.battles),
        HookEvent.BATTLE_ENDED: replace(
            bare, ended=(replace(the_pass(frame), reason=EndReason.PITTED),)
        ),
        HookEvent.PASSED: replace(bare, ended=(the_pass(frame),)),
        HookEvent.FLAG: with_header(bare, track_status=TrackStatus.SAFETY_CAR),
    }[kind]
    (news,) = happened(bare, later(after))
    return news


@pytest.mark.parametrize("kind", sorted(set(HookEvent) - {HookEvent.TEST}))
def test_a_webhook_is_told_of_what_it_chose_and_of_live_races_alone(kind: HookEvent) -> None:
    news, only = the_news(kind), HookFilter(frozenset({kind}))
    assert news.event is kind
    assert news.is_for(only)
    assert not news.is_for(replace(only, events=frozenset(HookEvent) - {kind}))
    made_up = the_news(kind, "simulated")
    assert not made_up.is_for(only)
    assert made_up.is_for(replace(only, only_live=False))
    body = json.loads(news.body)
    assert body["type"] == kind
    assert body["data"]["words"] == news.words
    assert body["data"]["source"] == "live"


@pytest.mark.parametrize(
    ("drivers", "role", "is_told"),
    [
        ((), DriverRole.ATTACKER, True),
        (("81",), DriverRole.ANY, True),
        (("4",), DriverRole.ANY, True),
        (("81",), DriverRole.ATTACKER, True),
        (("4",), DriverRole.ATTACKER, False),
        (("4", "44"), DriverRole.DEFENDER, True),
        (("81",), DriverRole.DEFENDER, False),
        (("44",), DriverRole.ANY, False),
    ],
)
@pytest.mark.parametrize("kind", [HookEvent.PASSED, HookEvent.CHANCE_ABOVE])
def test_my_driver_attacks(
    kind: HookEvent, drivers: tuple[str, ...], role: DriverRole, *, is_told: bool
) -> None:
    wanted = HookFilter(frozenset({kind, HookEvent.FLAG}), drivers=drivers, role=role)
    news = the_news(kind)
    assert news.battle is not None
    assert (news.battle.attacker, news.battle.defender) == (81, 4)
    assert news.is_for(wanted) is is_told
    assert the_news(HookEvent.FLAG).is_for(wanted)


def test_drivers_are_found_by_their_letters() -> None:
    news = the_news(HookEvent.PASSED)
    code = next(line.code for line in news.frame.tower if line.number == 81)
    wanted = HookFilter(frozenset({HookEvent.PASSED}), drivers=(code,), role=DriverRole.ATTACKER)
    assert news.is_for(wanted)


@pytest.mark.parametrize(
    ("p", "is_told"), [(0.05, True), (0.1, False), (0.4, False), (None, False)]
)
def test_a_pass_that_was_given_less_than_ten_percent(p: float | None, *, is_told: bool) -> None:
    bare = replace(a_battle(), battles=())
    (news,) = happened(bare, later(replace(bare, ended=(the_pass(bare, p=p),))))
    wanted = HookFilter(frozenset({HookEvent.PASSED}), pass_below=0.1)
    assert news.is_for(wanted) is is_told
    assert news.is_for(replace(wanted, pass_below=None))


def test_who_was_told_of_a_pass_is_told_that_it_is_taken_back() -> None:
    frame = passing(1)[1]
    taken_back = replace(frame.ended[0], reason=EndReason.PITTED, taken_back=True)
    (news,) = happened(frame, later(replace(frame, ended=(taken_back,))))
    wanted = HookFilter(frozenset({HookEvent.PASSED}), pass_below=0.1)
    assert news.event is HookEvent.BATTLE_ENDED
    assert news.is_for(wanted)
    assert not news.is_for(replace(wanted, pass_below=0.05))
    assert "has not passed" in news.words
    ended = replace(taken_back, taken_back=False)
    (other,) = happened(later(frame), later(later(replace(frame, ended=(ended,)))))
    assert not other.is_for(wanted)


def test_words_say_who_and_how_likely_it_was() -> None:
    words = the_news(HookEvent.PASSED).words
    assert words.endswith("for the lead; it was given 9 %")
    assert the_news(HookEvent.FLAG).words.startswith("Safety car")
    assert " % to pass " in the_news(HookEvent.CHANCE_ABOVE).words
    assert "a stop in the pits" in the_news(HookEvent.BATTLE_ENDED).words


def test_ids_follow_from_webhook_and_event() -> None:
    """Two workers may see the same event in different frames."""
    hook, other = a_hook(uuid4()), a_hook(uuid4())
    frames = passing(2)
    one, two = happened(frames[0], *frames[1:])
    (skipped, _) = happened(frames[0], later(frames[2]))
    ids = {each.key: each.for_hook(hook, NOON).id for each in (one, two)}
    assert len(set(ids.values())) == 2
    assert skipped.for_hook(hook, NOON).id in ids.values()
    assert one.for_hook(other, NOON).id not in ids.values()


def test_a_made_up_race_that_is_played_again_is_told_again() -> None:
    first = the_news(HookEvent.PASSED, "simulated")
    at = first.frame.published_at + timedelta(hours=1)
    (again,) = happened(
        replace(first.frame, ended=(), sequence=1, published_at=at),
        replace(first.frame, sequence=2, published_at=at),
    )
    assert again.key != first.key


def test_delays_grow_and_a_delivery_is_given_up_in_two_hours() -> None:
    hook, delivery, now = a_hook(uuid4()), a_delivery(a_hook(uuid4())), NOON
    waits = []
    while delivery.state is DeliveryState.WAITING:
        outcome = outcome_of(hook, delivery, FAILED, now)
        if outcome.delivery.state is DeliveryState.WAITING:
            assert outcome.health.hold_until == outcome.delivery.next_at
            waits.append(outcome.delivery.next_at - now)
            now = outcome.delivery.next_at
        hook, delivery = replace(hook, health=outcome.health), outcome.delivery
    assert waits[: len(DELAYS)] == list(DELAYS)
    assert delivery.attempts == MOST_ATTEMPTS
    assert timedelta(hours=1.5) < now - NOON < timedelta(hours=2)
    assert (delivery.state, delivery.ended_at, delivery.status) == ("dead", now, 500)


def test_a_success_forgets_failures() -> None:
    hook = a_hook(uuid4(), health=HookHealth(7, NOON, NOON, "no"))
    outcome = outcome_of(hook, a_delivery(hook, attempts=6, error="no"), Reply(204), NOON)
    assert outcome.health == HookHealth(last_sent_at=NOON)
    assert (outcome.delivery.state, outcome.delivery.error) == ("sent", "")


@pytest.mark.parametrize(("asked_s", "wait"), [(30, 30), (1, 5), (99_999, 3_600)])
def test_retry_after_is_honoured_up_to_an_hour(asked_s: float, wait: float) -> None:
    hook = a_hook(uuid4())
    outcome = outcome_of(hook, a_delivery(hook), replace(FAILED, retry_after_s=asked_s), NOON)
    assert outcome.delivery.next_at == NOON + timedelta(seconds=wait)
    assert outcome.health.hold_until == NOON + timedelta(seconds=wait)
    assert timedelta(hours=1) == LONGEST_RETRY_AFTER


def test_jitter_spreads_attempts() -> None:
    hook = a_hook(uuid4())
    outcome = outcome_of(hook, a_delivery(hook), FAILED, NOON, jitter=0.8)
    assert outcome.delivery.next_at == NOON + DELAYS[0] * 0.8


@pytest.mark.parametrize(("hours", "is_paused"), [(11.9, False), (12, True)])
def test_a_webhook_that_fails_for_long_is_paused_and_says_so(
    hours: float, *, is_paused: bool
) -> None:
    hook = a_hook(uuid4(), health=HookHealth(9, NOON, None, "no"))
    outcome = outcome_of(hook, a_delivery(hook), FAILED, NOON + timedelta(hours=hours))
    assert bool(outcome.pause) is is_paused
    assert timedelta(hours=12) == PAUSE_AFTER
    if is_paused:
        assert outcome.pause == "Every attempt has failed for 12 hours."
        assert outcome.delivery.state is DeliveryState.DEAD


def test_a_test_is_no_event_of_a_race() -> None:
    delivery = a_test(a_hook(uuid4()), uuid4(), NOON)
    assert json.loads(delivery.body)["type"] == "test"
    assert delivery.event is HookEvent.TEST
