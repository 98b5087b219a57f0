"""Test the F1 live client, over real sockets, against a hub that speaks SignalR Core."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.f1_live import F1LiveFeed
from pitwall.feeds.f1_live.client import CONNECT_WITHIN_S
from pitwall.feeds.f1_live.topics import PUBLIC, WITH_ACCOUNT
from pitwall.wire.message import RawFrame, RawMessage, Snapshot
from tests.chaos.http_server import Client, Request
from tests.chaos.races import ShortRace
from tests.chaos.signalr_server import PUBLIC_TOKEN, SignalRServer
from tests.chaos.virtual_time import VirtualTimeLoop, run_virtually

Answer = Callable[[Request, Client], Awaitable[bool]]
Test = Callable[[F1LiveFeed, SignalRServer], Awaitable[None]]

OPENING = {
    "SessionInfo": {"Meeting": {"Name": "British Grand Prix"}},
    "TimingData": {"Lines": {"4": {"Line": 1}}},
    "CarData.z": "q1Y=",
}
ODD_BYTES = b'{ "Lines" : {"4":{"Line":"2"} } , "note":"DELL\'EMILIA" }'


def against_a_hub(test: Test, token: str = "", answer: Answer | None = None) -> None:
    """Run `test` in virtual time with a client of a hub that serves `OPENING`."""

    async def work(loop: VirtualTimeLoop) -> None:
        server = SignalRServer(ShortRace("made", OPENING, ()), loop.now)
        if answer is not None:
            server.admits = answer  # type: ignore[method-assign,assignment]
        async with server.http:
            await test(F1LiveFeed(token, server.http.url, loop.now), server)

    run_virtually(work)


async def first_snapshot(feed: F1LiveFeed, frames: AsyncGenerator[RawFrame, None]) -> Snapshot:
    async for frame in frames:
        for part in feed.read(frame).parts:
            if isinstance(part, Snapshot):
                return part
    raise AssertionError


def topics_of(snapshot: Snapshot) -> set[str]:
    return {message.topic for message in snapshot.messages}


def test_without_a_token_the_public_topics_come_and_nothing_is_wrong() -> None:
    async def test(feed: F1LiveFeed, server: SignalRServer) -> None:
        async with aclosing(feed.frames()) as frames:
            snapshot = await first_snapshot(feed, frames)
            (hub,) = server.hubs

        assert topics_of(snapshot) == {"SessionInfo", "TimingData", "Heartbeat"}
        assert hub.topics == set(PUBLIC)
        assert feed.detail == ""

    against_a_hub(test)


def test_with_a_good_token_all_topics_come() -> None:
    async def test(feed: F1LiveFeed, server: SignalRServer) -> None:
        async with aclosing(feed.frames()) as frames:
            snapshot = await first_snapshot(feed, frames)
            (hub,) = server.hubs

        assert "CarData.z" in topics_of(snapshot)
        assert hub.topics == {*PUBLIC, *WITH_ACCOUNT}
        assert feed.detail == ""

    against_a_hub(test, PUBLIC_TOKEN)


def test_a_refused_token_is_told_and_the_public_topics_go_on() -> None:
    async def test(feed: F1LiveFeed, server: SignalRServer) -> None:
        async with aclosing(feed.frames()) as frames:
            snapshot = await first_snapshot(feed, frames)

        assert topics_of(snapshot) == {"SessionInfo", "TimingData", "Heartbeat"}
        assert feed.detail.startswith(
            "The F1 TV token was refused on 5 July 2026 at 12:00 UTC (401)."
        )

    against_a_hub(test, "bad.token")


def test_an_expired_token_is_told_and_not_even_sent() -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": 1_751_000_000}).encode()).decode()

    async def test(feed: F1LiveFeed, server: SignalRServer) -> None:
        async with aclosing(feed.frames()) as frames:
            await first_snapshot(feed, frames)
            (hub,) = server.hubs

        assert not hub.account
        assert "ran out on 27 June 2025" in feed.detail

    against_a_hub(test, f"head.{claims.rstrip('=')}.signature")


def test_payloads_arrive_verbatim_and_pings_say_nothing() -> None:
    async def test(feed: F1LiveFeed, server: SignalRServer) -> None:
        said = RawMessage(server.now(), "TimingData", ODD_BYTES)
        async with aclosing(feed.frames()) as frames:
            await first_snapshot(feed, frames)
            (hub,) = server.hubs
            server.ping(hub)
            server.send(said)
            readings = [feed.read(await anext(frames)) for _ in range(2)]

        assert [reading.parts for reading in readings] == [(), (said,)]

    against_a_hub(test)


def test_another_snapshot_comes_when_asked_for() -> None:
    async def test(feed: F1LiveFeed, server: SignalRServer) -> None:
        assert not await feed.ask_snapshot()
        async with aclosing(feed.frames()) as frames:
            await first_snapshot(feed, frames)
            server.send(RawMessage(server.now(), "TimingData", b'{"Lines":{"4":{"Line":3}}}'))
            assert await feed.ask_snapshot()
            snapshot = await first_snapshot(feed, frames)

        timing = next(m.body for m in snapshot.messages if m.topic == "TimingData")
        assert json.loads(timing) == {"Lines": {"4": {"Line": 3}}}

    against_a_hub(test)


def test_the_client_pings_before_the_hub_would_drop_it() -> None:
    async def test(feed: F1LiveFeed, server: SignalRServer) -> None:
        heard: list[bytes] = []
        server._answer = lambda _hub, text: heard.append(text)  # type: ignore[method-assign,assignment]
        async with aclosing(feed.frames()) as frames:
            waiting = asyncio.ensure_future(anext(frames))
            with pytest.raises(FeedUnavailableError):
                await waiting  # this hub never answers
        assert heard[0] == b'{"protocol":"json","version":1}\x1e'

        del server._answer
        async with aclosing(feed.frames()) as frames:
            await first_snapshot(feed, frames)
            server._answer = lambda _hub, text: heard.append(text)  # type: ignore[method-assign,assignment]
            await asyncio.sleep(31)
        assert heard[-2:] == [b'{"type":6}\x1e'] * 2

    against_a_hub(test)


def refusing(status: int, **headers: str) -> Answer:
    async def answer(_request: Request, client: Client) -> bool:
        client.answer(status, **headers)  # type: ignore[arg-type]  # header names
        return False

    return answer


@pytest.mark.parametrize("status", [401, 403, 404, 429, 502])
def test_a_refusal_is_told_by_its_number(status: int) -> None:
    async def test(feed: F1LiveFeed, server: SignalRServer) -> None:
        with pytest.raises(FeedUnavailableError, match=f"answered {status}"):
            await anext(feed.frames())

    against_a_hub(test, answer=refusing(status))


def test_a_server_that_asks_for_patience_is_quoted() -> None:
    async def test(feed: F1LiveFeed, server: SignalRServer) -> None:
        with pytest.raises(FeedUnavailableError) as refused:
            await anext(feed.frames())
        assert refused.value.retry_after_s == 7

    against_a_hub(test, answer=refusing(429, Retry_After="7"))


def test_a_server_that_never_answers_is_given_up_in_time() -> None:
    async def dark(_request: Request, client: Client) -> bool:
        await client.reader.read()
        return False

    async def test(feed: F1LiveFeed, server: SignalRServer) -> None:
        began_s = asyncio.get_running_loop().time()
        with pytest.raises(FeedUnavailableError, match="did not answer"):
            await anext(feed.frames())
        assert asyncio.get_running_loop().time() - began_s == pytest.approx(CONNECT_WITHIN_S, abs=1)

    against_a_hub(test, answer=dark)


def test_a_hub_that_talks_without_end_and_never_sends_a_snapshot_is_given_up() -> None:
    class Talking:
        async def recv(self, *, decode: bool) -> bytes:
            assert not decode
            return b'{"type":6}\x1e' * 100_000

    async def test() -> None:
        feed = F1LiveFeed()
        await feed._until_snapshot(Talking(), "")  # type: ignore[arg-type]

    with pytest.raises(FeedUnavailableError, match="sent no snapshot"):
        asyncio.run(test())


def test_nobody_listening_is_told() -> None:
    async def work(loop: VirtualTimeLoop) -> None:
        feed = F1LiveFeed(base_url="http://127.0.0.1:9", now=loop.now)
        with pytest.raises(FeedUnavailableError, match="cannot be reached"):
            await anext(feed.frames())

    run_virtually(work)


def test_the_goodbye_after_two_hours_ends_the_frames_without_an_error() -> None:
    async def test(feed: F1LiveFeed, server: SignalRServer) -> None:
        async with aclosing(feed.frames()) as frames:
            await first_snapshot(feed, frames)
            (hub,) = server.hubs
            hub.close()
            rest = [frame.text async for frame in frames]

        assert rest == [b'{"type":7,"allowReconnect":true}\x1e']

    against_a_hub(test)


def test_a_cut_connection_is_an_error() -> None:
    async def test(feed: F1LiveFeed, server: SignalRServer) -> None:
        async with aclosing(feed.frames()) as frames:
            await first_snapshot(feed, frames)
            (hub,) = server.hubs
            hub.client.abort()
            with pytest.raises(FeedUnavailableError, match="broke"):
                [frame async for frame in frames]

    against_a_hub(test)


def test_a_snapshots_instant_is_its_heartbeat_less_what_heartbeats_run_ahead() -> None:
    async def test(feed: F1LiveFeed, server: SignalRServer) -> None:
        async with aclosing(feed.frames()) as frames:
            snapshot = await first_snapshot(feed, frames)

        assert snapshot.at is not None
        assert abs(snapshot.at - server.now()) < timedelta(seconds=0.1)

    against_a_hub(test)


def test_half_a_record_is_counted_and_the_rest_of_its_frame_is_read() -> None:
    whole = b'{"type":1,"target":"feed","arguments":["LapCount",{},"2026-07-05T12:00:00Z"]}'
    frame = RawFrame(datetime(2026, 7, 5, 12, tzinfo=UTC), whole + b"\x1e" + whole[:40])

    reading = F1LiveFeed().read(frame)

    assert len(reading.parts) == 1
    assert reading.malformed == 1
