"""Test that frames go on, and report the state of the feed, while a live feed comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from pitwall.domain.frames import FeedState
from pitwall.live import ingest as ingest_module
from pitwall.live.ingest import ROUTINE_EVERY_S
from pitwall.wire.message import RawFrame, RawMessage
from tests.chaos.virtual_time import run_virtually
from tests.live.live_feeds import SNAPSHOT, START, ScriptedFeed, a_record, ingesting
from tests.makers import at


def with_a_feed(test: Callable[[ScriptedFeed], Awaitable[None]]) -> None:
    run_virtually(lambda loop: test(ScriptedFeed(loop)), START)  # type: ignore[arg-type,return-value]


def test_a_snapshot_and_what_follows_it_are_on_screen_at_once() -> None:
    async def test(feed: ScriptedFeed) -> None:
        async with ingesting(feed) as (log, _, _):
            await asyncio.sleep(0.01)
            frame = log.frames_kept[-1]

            assert [line.code for line in frame.tower] == ["NOR", "PIA"]
            assert frame.header.source == "live"
            assert frame.header.feed_state is FeedState.FLOWING
            assert frame.data_age_s == 0

    with_a_feed(test)


def test_frames_come_at_most_four_times_and_at_least_once_a_second() -> None:
    async def test(feed: ScriptedFeed) -> None:
        async with ingesting(feed) as (log, _, _):
            for _ in range(400):
                feed.say(a_record(RawMessage(feed.loop.now(), "LapCount", b'{"CurrentLap":6}')))
                await asyncio.sleep(0.01)
            busy = len(log.frames_kept)
            feed.close()
            feed.refused = "nobody is there"
            await asyncio.sleep(20)
            quiet = len(log.frames_kept) - busy

        assert 15 <= busy <= 17
        assert 20 * 0.8 <= quiet <= 20 * 4

    with_a_feed(test)


def test_silence_during_a_race_is_shown_after_ten_seconds_and_why() -> None:
    async def test(feed: ScriptedFeed) -> None:
        async with ingesting(feed) as (log, _, _):
            await feed.talk(5)
            feed.refused = "F1 live timing answered 502."
            feed.close()
            await asyncio.sleep(30)

        stale = next(f for f in log.frames_kept if f.header.feed_state is FeedState.STALE)
        assert stale.data_age_s is not None
        assert 10 < stale.data_age_s < 11.5
        assert stale.header.feed_detail == "F1 live timing answered 502. Trying again."

    with_a_feed(test)


def test_a_line_that_died_silently_is_given_up_after_ten_seconds() -> None:
    async def test(feed: ScriptedFeed) -> None:
        async with ingesting(feed) as (log, _, _):
            await feed.talk(5)
            feed.dead = True
            await asyncio.sleep(10.6)  # no message comes, and nothing is closed

            assert feed.connections == 2
            assert log.frames_kept[-1].header.feed_state is FeedState.FLOWING

    with_a_feed(test)


def test_a_feed_that_has_nothing_to_say_but_answers_is_kept() -> None:
    async def test(feed: ScriptedFeed) -> None:
        async with ingesting(feed) as (log, _, _):
            await feed.talk(5)
            await asyncio.sleep(60)

            assert feed.connections == 1
            assert 1 < feed.asked < 10
            assert log.frames_kept[-1].header.feed_state is FeedState.FLOWING

    with_a_feed(test)


def test_the_servers_two_hour_goodbye_is_invisible_but_for_the_count_of_gaps() -> None:
    async def test(feed: ScriptedFeed) -> None:
        async with ingesting(feed) as (log, ingest, _):
            await feed.talk(7200)
            feed.close()
            await feed.talk(20)
            (gap,) = ingest.gaps

        assert log.states == [FeedState.FLOWING]
        assert {frame.header.feed_detail for frame in log.frames_kept} == {""}
        assert log.frames_kept[-1].header.gaps == 1
        assert gap.reason == "The server ended the connection."
        assert gap.after >= 7199
        assert (gap.back_at - gap.lost_at).total_seconds() < 1

    with_a_feed(test)


def test_attempts_are_spaced_but_never_more_than_four_seconds_apart() -> None:
    async def test(feed: ScriptedFeed) -> None:
        attempts: list[float] = []

        original = feed.frames

        def frames() -> object:
            attempts.append(feed.loop.time())
            return original()

        feed.frames = frames  # type: ignore[method-assign,assignment]
        feed.refused = "no"
        async with ingesting(feed):
            await asyncio.sleep(60)

        waits = [later - earlier for earlier, later in pairwise(attempts)]
        assert max(waits) <= 4
        assert 15 <= len(attempts) <= 60
        assert len(set(waits)) == len(waits)  # jitter

    with_a_feed(test)


@dataclass
class RecorderBefore:
    """Notes the frames that it got, and how far decoding had come by then."""

    taken: Callable[[], int]
    frames: list[bytes] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    decoded_before: list[int] = field(default_factory=list)
    failed: str = ""

    async def record(self, frames: Sequence[RawFrame]) -> None:
        self.decoded_before.append(self.taken())
        self.frames += [frame.text for frame in frames]

    async def mark_gap(self, reason: str) -> None:
        self.gaps.append(reason)


def test_frames_are_kept_before_they_are_decoded_and_gaps_between_them() -> None:
    async def test(feed: ScriptedFeed) -> None:
        recorder = RecorderBefore(lambda: 0)
        async with ingesting(feed, recorder) as (_, _, intake):
            recorder.taken = lambda: intake.state.taken
            await asyncio.sleep(0.5)
            feed.say(b"half a rec")
            await asyncio.sleep(0.5)
            feed.close()
            await asyncio.sleep(1)

        assert len(recorder.frames[0]) > len(SNAPSHOT)
        assert recorder.frames[1] == b"half a rec"
        assert recorder.decoded_before[0] == 0
        assert recorder.gaps == ["The server ended the connection."]

    with_a_feed(test)


def test_a_message_cut_short_asks_for_the_state_and_gets_it() -> None:
    async def test(feed: ScriptedFeed) -> None:
        async with ingesting(feed) as (log, _, intake):
            await feed.talk(3)
            feed.snapshot = SNAPSHOT.replace(b'"CurrentLap": 5', b'"CurrentLap": 6')
            feed.say(a_record(RawMessage(feed.loop.now(), "LapCount", b'{"CurrentLap":6}'))[:-20])
            await feed.talk(3)

        assert feed.asked == 1
        assert feed.connections == 1
        assert log.frames_kept[-1].header.lap == 6
        assert intake.tally.malformed == 1

    with_a_feed(test)


def test_a_feed_that_cannot_be_asked_is_connected_anew() -> None:
    async def test(feed: ScriptedFeed) -> None:
        feed.answers = False
        async with ingesting(feed):
            await feed.talk(3)
            feed.say(b"half a rec")
            await feed.talk(3)

        assert feed.connections == 2

    with_a_feed(test)


def test_now_and_then_the_state_is_asked_for_although_nothing_seems_wrong() -> None:
    async def test(feed: ScriptedFeed) -> None:
        async with ingesting(feed):
            await feed.talk(int(3.5 * ROUTINE_EVERY_S))

        assert feed.asked == 3

    with_a_feed(test)


def test_frames_that_come_faster_than_they_can_be_read_are_dropped_for_a_snapshot() -> None:
    async def test(feed: ScriptedFeed) -> None:
        async with ingesting(feed) as (_, ingest, intake):
            await feed.talk(3)
            record = a_record(RawMessage(at(3), "LapCount", b'{"CurrentLap":5}'))
            for _ in range(ingest_module.QUEUE_FRAMES + 5):
                ingest._enqueue(RawFrame(feed.loop.now(), record))
            assert len(ingest._frames) < ingest_module.QUEUE_FRAMES
            await asyncio.sleep(3)

            assert feed.asked == 1
            assert intake.wants_snapshot == ""

    with_a_feed(test)


def test_frames_that_wait_are_bounded_in_bytes_too() -> None:
    async def test(feed: ScriptedFeed) -> None:
        async with ingesting(feed) as (_, ingest, intake):
            await feed.talk(3)
            big = b" " * (16 << 20)
            for _ in range(12):
                ingest._enqueue(RawFrame(feed.loop.now(), big))
                held = sum(len(frame.text) for frame in ingest._frames)
                assert held <= ingest_module.QUEUE_BYTES
            assert intake.wants_snapshot
            await asyncio.sleep(3)

            assert feed.asked == 1

    with_a_feed(test)


def test_a_fault_of_our_own_is_told_and_the_race_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    async def test(feed: ScriptedFeed) -> None:
        async with ingesting(feed) as (log, _, intake):
            await feed.talk(2)
            take, intake.engine.take = intake.engine.take, broken  # type: ignore[method-assign,assignment]
            await feed.talk(3)
            told = log.frames_kept[-1].header.feed_detail
            intake.engine.take = take  # type: ignore[method-assign]
            await feed.talk(8)

        assert "internal error" in told
        assert log.frames_kept[-1].header.feed_detail == ""
        assert feed.asked >= 1
        assert len([r for r in caplog.records if "could not be taken" in r.message]) <= 3

    def broken(_message: RawMessage) -> None:
        raise RuntimeError("a bug")

    with_a_feed(test)
