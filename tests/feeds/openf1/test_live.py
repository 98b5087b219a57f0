"""Test the OpenF1 client, over real sockets, against a local REST server and MQTT broker."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import orjson
import pytest

from pitwall.cli.record import record
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.openf1 import OpenF1Account
from pitwall.feeds.openf1.client import ACCOUNT_REFUSED, LIVE_IS_PAID
from pitwall.feeds.openf1.frame_reader import WHOLE
from pitwall.feeds.openf1.live_feed import POLLING, QUIET_S
from pitwall.feeds.recording import RecordingFeed
from pitwall.feeds.recording.tape import read_frames
from pitwall.feeds.recording.tape_recorder import TapeRecorder
from pitwall.wire.message import RawFrame, RawMessage
from tests.chaos.http_server import Client, Request
from tests.chaos.openf1_rows import SESSION
from tests.chaos.openf1_server import USER
from tests.feeds.openf1.worlds import (
    ACCOUNT,
    World,
    against_openf1,
    row,
    told,
    until_snapshot,
)


async def collect(world: World, into: list[RawFrame]) -> None:
    async with aclosing(world.feed.frames()) as frames:
        async for frame in frames:
            into += [frame]


def said(world: World, frames: list[RawFrame]) -> list[tuple[str, bytes]]:
    parts = [part for frame in frames for part in world.feed.read(frame).parts]
    return [(part.topic, part.body) for part in parts if isinstance(part, RawMessage)]


async def joined(world: World) -> tuple[asyncio.Task[None], list[RawFrame]]:
    frames: list[RawFrame] = []
    task = asyncio.create_task(collect(world, frames))
    world.tasks.append(task)
    while not any(frame.channel == WHOLE for frame in frames):
        assert not task.done(), task.exception()
        await asyncio.sleep(0.05)
    return task, frames


def test_a_connection_begins_with_the_session_so_far() -> None:
    async def test(world: World) -> None:
        async with aclosing(world.feed.frames()) as frames:
            snapshot = await until_snapshot(world.feed, frames)

        bodies = {message.topic: message.body for message in snapshot.messages}
        assert b"Japanese Grand Prix" in bodies["SessionInfo"]
        assert b"NOR" in bodies["DriverList"]
        assert b'"Line":2' in bodies["TimingData"]
        assert world.feed.detail == ""
        assert world.broker.connections == 1

    against_openf1(test, told(-5, "position", position=2))


def test_a_row_that_comes_twice_is_told_once_and_an_older_version_never() -> None:
    async def test(world: World) -> None:
        task, frames = await joined(world)
        (listener,) = world.broker.listeners
        at = world.loop.now()
        key = {"session_key": SESSION, "driver_number": 4, "stint_number": 1}
        stint = row(at, **key) | {"compound": "HARD", "lap_start": 1, "lap_end": 9}
        for number, compound in ((7, "HARD"), (7, "HARD"), (5, "SOFT")):
            payload = stint | {"_id": number, "_key": "a", "compound": compound}
            listener.publish("v1/stints", orjson.dumps(payload))
        interval = row(at, interval=1.5, gap_to_leader=3.5) | {"_id": 8, "_key": "b"}
        for _ in range(3):
            listener.publish("v1/intervals", orjson.dumps(interval))
        await asyncio.sleep(1)
        task.cancel()

        told_now = said(world, frames)
        assert [b for t, b in told_now if b"SOFT" in b] == []
        assert len([b for t, b in told_now if b"HARD" in b]) == 1
        assert len([b for t, b in told_now if b"+1.500" in b]) == 1

    against_openf1(test)


def test_what_a_drop_lost_is_fetched_and_nothing_else() -> None:
    async def test(world: World) -> None:
        task, _ = await joined(world)
        (listener,) = world.broker.listeners
        listener.client.abort()
        with pytest.raises(FeedUnavailableError, match="broke"):
            await task
        world.server.asked.clear()
        await world.play(3)  # nobody listens while the second place is lost

        task, frames = await joined(world)
        task.cancel()

        assert any(b'"Line":3' in frame.text or b'"position":3' in frame.text for frame in frames)
        assert "/token" not in world.server.asked  # good for an hour
        assert any("/v1/position?" in asked and "date%3E" in asked for asked in world.server.asked)
        assert not any("/v1/drivers" in asked for asked in world.server.asked)

    against_openf1(test, told(-5, "position", position=2), told(2, "position", position=3))


def test_a_lost_message_comes_back_when_a_snapshot_is_asked_for() -> None:
    async def test(world: World) -> None:
        task, frames = await joined(world)
        await asyncio.sleep(3)  # due meanwhile, and never published
        frames.clear()

        assert await world.feed.ask_snapshot()
        await asyncio.sleep(3)  # seven requests, of which six go in the first second
        task.cancel()

        (whole,) = [frame for frame in frames if frame.channel == WHOLE]
        assert b'"position":1' in whole.text

    against_openf1(test, told(-5, "position", position=2), told(2, "position", position=1))


def test_without_a_connection_no_snapshot_can_be_asked_for() -> None:
    async def test(world: World) -> None:
        assert not await world.feed.ask_snapshot()

    against_openf1(test)


def test_a_broker_that_falls_silent_while_the_race_goes_on_is_found_out() -> None:
    async def test(world: World) -> None:
        task, _ = await joined(world)
        began_s = world.loop.time()

        with pytest.raises(FeedUnavailableError, match="fell silent"):
            await task
        assert world.loop.time() - began_s < 2 * QUIET_S

    words = [told(n, "intervals", interval=1.0 + n / 10) for n in range(1, 20)]
    against_openf1(test, *words)


def test_a_revoked_token_is_renewed() -> None:
    async def test(world: World) -> None:
        task, _ = await joined(world)
        world.server.tokens.clear()
        (listener,) = world.broker.listeners
        listener.client.abort()
        with pytest.raises(FeedUnavailableError):
            await task
        with pytest.raises(FeedUnavailableError, match="refused this account"):
            await anext(world.feed.frames())

        task, _ = await joined(world)
        task.cancel()
        assert world.server.asked.count("/token") == 2

    against_openf1(test)


def test_a_wrong_password_is_told() -> None:
    async def test(world: World) -> None:
        with pytest.raises(FeedUnavailableError, match="user and password") as refused:
            await anext(world.feed.frames())
        assert str(refused.value) == ACCOUNT_REFUSED

    against_openf1(test, account=OpenF1Account(USER, "wrong"))


def test_without_an_account_a_live_session_is_refused_in_words() -> None:
    async def test(world: World) -> None:
        with pytest.raises(FeedUnavailableError) as refused:
            await anext(world.feed.frames())
        assert str(refused.value) == LIVE_IS_PAID
        assert refused.value.retry_after_s == 60

    against_openf1(test, account=None)


def test_without_an_account_an_open_session_is_polled_within_the_limits() -> None:
    async def test(world: World) -> None:
        task, frames = await joined(world)
        await asyncio.sleep(60)
        task.cancel()

        assert any(b'"+2.500"' in body for _, body in said(world, frames))
        assert world.feed.detail == POLLING
        assert world.server.refused == 0
        assert world.broker.connections == 0

    against_openf1(test, told(20, "intervals", interval=2.5), account=None, in_session=False)


def test_a_session_that_follows_is_moved_on_to() -> None:
    async def test(world: World) -> None:
        task, _ = await joined(world)
        (listener,) = world.broker.listeners
        listener.publish("v1/weather", orjson.dumps({"session_key": SESSION + 1, "_id": 1}))

        with pytest.raises(FeedUnavailableError, match="moved on"):
            await task

    against_openf1(test)


@pytest.mark.parametrize("payload", [b"", b"\xff", b'{"interval":NaN}', b'{"interval":1e300}'])
def test_what_cannot_be_read_is_counted(payload: bytes) -> None:
    async def test(world: World) -> None:
        task, frames = await joined(world)
        (listener,) = world.broker.listeners
        listener.publish("v1/intervals", payload)
        await asyncio.sleep(0.5)
        task.cancel()

        assert sum(world.feed.read(frame).malformed for frame in frames) == 1

    against_openf1(test)


def test_while_rest_is_away_mqtt_goes_on_and_it_is_said() -> None:
    async def away(_request: Request, client: Client) -> bool:
        client.answer(502)
        await client.writer.drain()
        return False

    async def test(world: World) -> None:
        task, frames = await joined(world)
        world.server.admits = away  # type: ignore[method-assign,assignment]
        await world.feed.ask_snapshot()
        await world.play(5)
        task.cancel()

        assert any(b"+7.000" in body for _, body in said(world, frames))
        assert "502" in world.feed.detail

    against_openf1(test, told(3, "intervals", interval=7.0))


def test_an_account_does_not_show_its_password() -> None:
    assert ACCOUNT.password not in repr(ACCOUNT)


def test_a_tape_of_it_holds_every_frame_and_plays(tmp_path: Path) -> None:
    file = tmp_path / "openf1.jsonl.zst"

    async def test(world: World) -> None:
        recorder = TapeRecorder(file, world.feed.name, world.loop.now)
        running = asyncio.create_task(record(world.feed, recorder, pytest.fail))
        world.tasks.append(running)
        while not world.broker.listeners or not recorder.frames:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0.05)
        (listener,) = world.broker.listeners
        gaps = row(world.loop.now(), interval=1.5, gap_to_leader=3.5)
        interval = gaps | {"_id": 8, "_key": "b"}
        listener.publish("v1/intervals", orjson.dumps(interval))
        await asyncio.sleep(1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await recorder.close()

    against_openf1(test, told(-5, "position", position=2))

    assert any(b'"interval":1.5' in frame.text for frame in read_frames(file))
    topics = {message.topic for message in RecordingFeed(file).messages()}
    assert {"SessionInfo", "DriverList", "TimingData"} <= topics
