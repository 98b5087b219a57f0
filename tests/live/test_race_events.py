"""Test which events two frames tell, and what a reader of the ring is given."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from datetime import timedelta

import pytest

from pitwall.domain.battles import EndReason
from pitwall.domain.frames import EndedLine, LiveFrame
from pitwall.domain.race import DriverNumber, TrackStatus
from pitwall.live.event_ring import LONGEST, MOST_EVENTS, EventRing
from pitwall.live.race_events import EventKind, events_between
from tests.live.frames import a_frame, later, with_header


def ended(frame: LiveFrame, reason: EndReason, *, taken_back: bool = False) -> EndedLine:
    at = frame.header.as_of
    assert at is not None
    pair = DriverNumber(2), DriverNumber(1)
    return EndedLine(*pair, 1, reason, at, 3, 0.4, taken_back)


def kinds(earlier: LiveFrame | None, now: LiveFrame) -> list[EventKind]:
    return [event.kind for event in events_between(earlier, now)]


def test_the_first_frame_tells_nothing() -> None:
    assert kinds(None, a_frame()) == []


def test_a_battle_opens_once() -> None:
    frame = a_frame()
    empty = replace(frame, battles=())
    assert frame.battles
    assert kinds(empty, later(frame)) == [EventKind.BATTLE_OPENED] * len(frame.battles)
    assert kinds(frame, later(frame)) == []


def test_a_pair_that_opens_again_is_another_battle() -> None:
    frame = a_frame()
    again = replace(frame.battles[0], opened_at=frame.battles[0].opened_at + timedelta(seconds=90))
    assert kinds(frame, later(replace(frame, battles=(again,)))) == [EventKind.BATTLE_OPENED]


def test_a_pass_and_its_correction_are_told_once_each() -> None:
    frame = a_frame()
    passed = later(replace(frame, ended=(ended(frame, EndReason.PASSED),)))
    taken_back = later(replace(passed, ended=(ended(frame, EndReason.PITTED, taken_back=True),)))
    assert kinds(frame, passed) == [EventKind.PASSED]
    assert kinds(passed, later(passed)) == []
    (correction,) = events_between(passed, taken_back)
    assert correction.kind is EventKind.BATTLE_ENDED
    assert correction.ended is not None
    assert correction.ended.taken_back
    assert correction.pair == (2, 1)
    assert correction.p_overtake == 0.4


@pytest.mark.parametrize(
    "change", [{"track_status": TrackStatus.SAFETY_CAR}, {"overtake_enabled": False}]
)
def test_a_flag_is_told_when_the_state_of_the_track_changes(change: dict[str, object]) -> None:
    frame = with_header(a_frame(), overtake_enabled=True)
    assert kinds(frame, later(with_header(frame, **change))) == [EventKind.FLAG]


@pytest.mark.parametrize("jump_s", [-600.0, None])
def test_a_jump_back_or_another_race_tells_nothing(jump_s: float | None) -> None:
    frame = a_frame()
    if jump_s is None:
        other = with_header(frame, race_id="another-race")
    else:
        assert frame.header.as_of is not None
        other = with_header(frame, as_of=frame.header.as_of + timedelta(seconds=jump_s))
    bare = replace(frame, battles=())
    assert kinds(bare, later(other)) == []


async def test_a_reader_is_given_missed_events_and_only_the_newest_frame() -> None:
    ring = EventRing()
    frame = replace(a_frame(), battles=())
    ring.add(frame)
    first = (await ring.after(None)).moments
    frames = [frame]
    for status in (TrackStatus.YELLOW, TrackStatus.YELLOW, TrackStatus.CLEAR, TrackStatus.CLEAR):
        frames.append(later(with_header(frames[-1], track_status=status)))
        ring.add(frames[-1])
    backlog = await ring.after(first[0].id)
    assert [moment.frame.sequence for moment in backlog.moments] == [2, 4, 5]
    assert backlog.is_whole
    joined = await ring.after(None)
    assert [moment.frame.sequence for moment in joined.moments] == [5]


async def test_a_reader_waits_for_the_next_frame() -> None:
    ring = EventRing()
    ring.add(a_frame())
    last = (await ring.after(None)).moments[-1]
    waiting = asyncio.ensure_future(ring.after(last.id))
    await asyncio.sleep(0)
    assert not waiting.done()
    ring.add(later(last.frame))
    assert (await waiting).moments[-1].frame.sequence == 2


def _too_long(_signal: int, _frame: object) -> None:
    message = "the event loop is blocked"
    raise TimeoutError(message)


async def test_a_reader_that_comes_back_waits_at_a_ring_that_is_empty() -> None:
    """After a restart it asks for what came after a moment of the server before."""
    ring = EventRing()
    before = signal.signal(signal.SIGALRM, _too_long)  # no task could end a loop that is blocked
    signal.setitimer(signal.ITIMER_REAL, 5)
    try:
        waiting = asyncio.ensure_future(ring.after("1-1"))
        await asyncio.sleep(0)
        assert not waiting.done()
        ring.add(a_frame())
        assert not (await waiting).is_whole
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("last", ["banana", "1-1", "ffffffffffff-1"])
async def test_a_reader_is_told_when_events_can_be_missing(last: str) -> None:
    ring = EventRing()
    ring.add(a_frame())
    backlog = await ring.after(last)
    assert not backlog.is_whole
    assert len(backlog.moments) == 1


async def test_the_ring_forgets_events_of_long_ago() -> None:
    ring = EventRing()
    frame = replace(a_frame(), battles=())
    ring.add(frame)
    start = (await ring.after(None)).moments[-1].id
    yellow = later(with_header(frame, track_status=TrackStatus.YELLOW))
    ring.add(yellow)
    assert (await ring.after(start)).is_whole
    ring.add(later(yellow, by=LONGEST + timedelta(seconds=1)))
    backlog = await ring.after(start)
    assert not backlog.is_whole
    assert len(backlog.moments) == 1


async def test_a_clock_that_is_set_back_tells_nothing_twice() -> None:
    ring = EventRing()
    frame = replace(a_frame(), battles=())
    ring.add(frame)
    ring.add(yellow := later(with_header(frame, track_status=TrackStatus.YELLOW)))
    back = later(yellow)
    ring.add(back := replace(back, published_at=back.published_at - timedelta(hours=1)))
    seen = (await ring.after(None)).moments[-1].id
    ring.add(clear := later(with_header(back, track_status=TrackStatus.CLEAR)))
    ring.add(later(clear))
    backlog = await ring.after(seen)
    assert [moment.frame.sequence for moment in backlog.moments] == [4, 5]
    assert backlog.is_whole


async def test_the_ring_has_a_bound_however_much_happens() -> None:
    ring = EventRing()
    frame = replace(a_frame(), battles=())
    ring.add(frame)
    start = (await ring.after(None)).moments[-1].id
    for turn in range(MOST_EVENTS + 10):
        status = TrackStatus.CLEAR if turn % 2 else TrackStatus.YELLOW
        frame = later(with_header(frame, track_status=status), by=timedelta(milliseconds=1))
        ring.add(frame)
    backlog = await ring.after(start)
    assert len(backlog.moments) == MOST_EVENTS
    assert not backlog.is_whole
