"""Test that one worker leads, and that another plays along and takes the race over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from pitwall.aio import end
from pitwall.cache.memory import MemoryLease, MemoryLiveCache
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame
from pitwall.engine.playback import Playback
from pitwall.engine.race_engine import RaceEngine
from pitwall.live.leading import keep_running, lead
from pitwall.live.publishing import Publisher
from pitwall.live.race_player import PlayRequest, RacePlayer
from pitwall.live.standby import FRESH_S, HotStandby
from tests.engine.test_race_engine import CountingPredictor
from tests.makers import ListFeed, a_duel, at

WALL = at(5000)


class Granted:
    """A lease that the test grants and takes away."""

    def __init__(self) -> None:
        self.is_free = True
        self.is_held = False
        self.released = 0

    async def acquire(self) -> bool:
        self.is_held = self.is_free
        return self.is_held

    async def renew(self) -> bool:
        self.is_held = self.is_held and self.is_free
        return self.is_held

    async def release(self) -> None:
        self.is_held = False
        self.released += 1


@pytest.fixture(autouse=True)
def _asks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pitwall.live.leading.ASK_EVERY_S", 0.01)


class Turns:
    """Notes which of two tasks runs."""

    def __init__(self) -> None:
        self.running: list[str] = []
        self.changed = asyncio.Event()

    def task(self, name: str) -> Callable[[], asyncio.Future[None]]:
        async def run() -> None:
            self.running.append(name)
            self.changed.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.running.remove(name)
                self.changed.set()

        return lambda: asyncio.ensure_future(run())

    async def until(self, *names: str) -> None:
        async with asyncio.timeout(5):
            while self.running != list(names):
                self.changed.clear()
                await self.changed.wait()


async def led_lost_and_led_again(lease: Granted, turns: Turns) -> None:
    """Take the lease from the leader, and give it back."""
    await turns.until("work")
    lease.is_free = False
    await turns.until("meanwhile")
    lease.is_free = True
    await turns.until("work")


async def test_work_runs_while_the_lease_is_held_and_the_rest_while_it_is_not() -> None:
    lease, turns = Granted(), Turns()
    lease.is_free = False
    leading = asyncio.create_task(lead(lease, turns.task("work"), turns.task("meanwhile")))

    await turns.until("meanwhile")
    lease.is_free = True
    await led_lost_and_led_again(lease, turns)
    await end(leading)

    assert turns.running == []
    assert lease.released == 2


async def test_work_that_fails_gives_the_lease_back_and_begins_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lease, began = Granted(), asyncio.Event()
    tries: list[int] = []

    async def work() -> None:
        tries.append(lease.released)
        if len(tries) == 1:
            raise RuntimeError("a bug")
        began.set()
        await asyncio.Event().wait()

    leading = asyncio.create_task(lead(lease, work))
    await asyncio.wait_for(began.wait(), 5)
    leading.cancel()
    await asyncio.gather(leading, return_exceptions=True)

    assert tries == [0, 1]
    assert "a bug" in caplog.text


async def test_work_that_fails_while_it_is_ended_is_not_begun_again_and_the_lease_comes_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lease, turns = Granted(), Turns()
    begun: list[int] = []

    async def fails_at_its_end() -> None:
        begun.append(lease.released)
        try:
            await turns.task("work")()
        finally:
            raise TimeoutError("the last word took too long")

    async def work() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keep_running(fails_at_its_end))

    leading = asyncio.create_task(lead(lease, work, turns.task("meanwhile")))
    await led_lost_and_led_again(lease, turns)
    await end(leading)

    assert begun == [0, 1]
    assert "the last word took too long" in caplog.text


async def test_a_worker_that_is_alone_leads_at_once() -> None:
    turns = Turns()
    leading = asyncio.create_task(lead(MemoryLease(), turns.task("work"), turns.task("meanwhile")))

    await turns.until("work")

    leading.cancel()
    await asyncio.gather(leading, return_exceptions=True)


def showings() -> list[PlayRequest]:
    duel = a_duel(60)
    names = ("recording:first", "recording:second", "recording:third")
    return [PlayRequest(ListFeed(duel, name=name), from_lap=0, stays_s=0) for name in names]


def shown(seconds: float, feed: str = "recording:second", speed: float = 1.0) -> LiveFrame:
    """Return what a leader shows of one of the races, `seconds` after lights out."""
    playback = Playback(ListFeed(a_duel(60)), RaceEngine(None))
    playback.advance(at(seconds))
    view = FeedView("recorded", feed, FeedState.FLOWING, speed=speed)
    return build_frame(playback.state, view, Stamp(41, WALL, 0.1), "")


async def test_the_race_goes_on_where_it_would_stand_now() -> None:
    standby = HotStandby(CountingPredictor(), showings)
    frame = shown(20.1, speed=2.0)

    resumed = await standby.take_over(frame, now=lambda: WALL + timedelta(seconds=3))

    assert resumed is not None
    assert resumed.request.feed.name == "recording:second"
    assert resumed.start == at(20.1 + 3 * 2.0)
    assert [request.feed.name for request in resumed.rest] == ["recording:third"]


async def test_who_played_along_has_already_come_that_far() -> None:
    standby, live = HotStandby(CountingPredictor(), showings), MemoryLiveCache()
    playing = asyncio.create_task(standby.play_along(live))
    await live.publish(shown(40.1))
    async with asyncio.timeout(5):
        while standby.is_at is None or standby.is_at < at(40):  # noqa: ASYNC110  a thread plays
            await asyncio.sleep(0.01)
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)

    resumed = await standby.take_over(shown(41.1), now=lambda: WALL)

    assert resumed is not None
    assert resumed.playback.state.sent_at == at(40.1)


@pytest.mark.parametrize(
    ("frame", "age_s"),
    [
        (None, 0.0),
        (shown(20, feed="recording:unknown"), 0.0),
        (shown(20), FRESH_S + 1),
    ],
)
async def test_what_is_old_or_not_ours_is_not_taken_over(
    frame: LiveFrame | None, age_s: float
) -> None:
    standby = HotStandby(None, showings)

    assert await standby.take_over(frame, lambda: WALL + timedelta(seconds=age_s)) is None


async def test_a_failed_race_is_not_taken_over() -> None:
    frame = shown(20)
    failed = replace(frame, header=replace(frame.header, feed_state=FeedState.FAILED))

    assert await HotStandby(None, showings).take_over(failed, lambda: WALL) is None


async def test_readers_see_the_race_go_on_and_the_numbers_too() -> None:
    cache, standby = MemoryLiveCache(), HotStandby(CountingPredictor(), showings)
    frame = shown(20.1)
    await cache.publish(frame)
    resumed = await standby.take_over(frame, now=lambda: WALL)
    publisher = Publisher(cache, "counting", last_sequence=frame.sequence)
    playing = asyncio.create_task(
        RacePlayer(publisher, CountingPredictor()).run(showings(), resumed)
    )

    first = await asyncio.wait_for(anext(cache.frames(after=frame.sequence)), 5)
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)

    assert first.sequence == frame.sequence + 1
    assert first.header.feed == "recording:second"
    assert first.header.as_of is not None
    assert at(20) <= first.header.as_of < at(25)
    assert first.header.feed_state is FeedState.FLOWING
