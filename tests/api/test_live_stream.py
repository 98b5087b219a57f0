"""Test that the stream tells every reader what it asked for, once encoded, and lets go of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from starlette.types import ASGIApp, Message

from pitwall import services
from pitwall.aio import end
from pitwall.api.live_stream import BattleFan
from pitwall.api.stream_encoding import StreamEvent
from pitwall.api.stream_schemas import FrameOut
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.domain.race import TrackStatus
from pitwall.engine.clock import wall_now
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame
from pitwall.engine.playback import Playback
from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.live import stream_fan
from pitwall.live.event_ring import EventRing
from tests.api.conftest import Clients, House
from tests.live.frames import a_frame, later, with_header
from tests.makers import shipped


class Reader:
    """A program that reads the stream, at its own pace."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self.reads = asyncio.Event()
        self.reads.set()
        self.leaves = asyncio.Event()
        self.is_over = False
        self.fault: Exception | None = None

    async def receive(self) -> Message:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        await self.reads.wait()
        if self.fault is not None:
            raise self.fault
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        elif message.get("more_body"):
            self.pieces.put_nowait(message["body"])
        else:
            self.is_over = True

    async def messages(self) -> list[dict[str, str]]:
        """Wait for the next piece, and return its messages."""
        piece = await asyncio.wait_for(self.pieces.get(), 5)
        texts = piece.decode().removesuffix("\n\n").split("\n\n")
        return [dict(line.split(": ", 1) for line in text.splitlines()) for text in texts]


@asynccontextmanager
async def reading(app: ASGIApp, query: str = "", last: str = "") -> AsyncIterator[Reader]:
    reader = Reader()
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "path": "/live-battles/stream", "raw_path": b"/live-battles/stream",
        "query_string": query.encode(), "root_path": "", "scheme": "http",
        "headers": [(b"host", b"localhost:8000"), (b"last-event-id", last.encode())],
        "client": ("127.0.0.1", 50_000), "server": ("localhost", 8_000), "state": {},
    }  # fmt: skip
    answering = asyncio.ensure_future(app(scope, reader.receive, reader.send))
    try:
        yield reader
    finally:
        await end(answering)


@pytest.fixture
def ring(house: House) -> EventRing:
    ring = EventRing()
    services.install(replace(house.services, events=ring))
    return ring


def yellow(frame: LiveFrame) -> LiveFrame:
    return later(with_header(frame, track_status=TrackStatus.YELLOW))


async def test_a_reader_is_sent_frames_and_events(app: ASGIApp, ring: EventRing) -> None:
    first = replace(a_frame(), battles=())
    ring.add(first)
    async with reading(app) as reader:
        assert await reader.messages() == [{"retry": "2000"}]
        (message,) = await reader.messages()
        assert reader.status == 200
        assert reader.headers["content-type"].startswith("text/event-stream")
        assert "content-length" not in reader.headers
        assert message["event"] == "frame"
        assert json.loads(message["data"])["battles"] == []

        second = replace(a_frame(sequence=2), published_at=later(first).published_at)
        ring.add(with_header(second, track_status=TrackStatus.YELLOW))
        flag, opened, frame = await reader.messages()
        assert flag["event"] == "flag"
        assert json.loads(flag["data"])["track_status"] == "yellow"
        assert opened["event"] == "battle_opened"
        assert json.loads(opened["data"])["battle"]["attacker"]["number"] == 81
        (battle,) = json.loads(frame["data"])["battles"]
        whole = json.loads(opened["data"])["battle"]
        assert battle["opened_at"] == whole["opened_at"]
        assert battle["attacker"] == {"number": 81, "code": "PIA"}
        assert [bool(each.get("id")) for each in (flag, opened, frame)] == [False, False, True]


@pytest.mark.parametrize(
    ("query", "battles"),
    [
        ("", 1), ("min_p=0.99", 0), ("drivers=pia", 1), ("drivers=44,81", 1), ("drivers=44", 0),
    ],
)  # fmt: skip
async def test_filters_narrow_a_frame(
    app: ASGIApp, ring: EventRing, query: str, battles: int
) -> None:
    ring.add(a_frame())
    async with reading(app, query) as reader:
        await reader.messages()
        (message,) = await reader.messages()
        assert len(json.loads(message["data"])["battles"]) == battles


def is_part(part: object, whole: Any) -> bool:
    """Whether everything in a brief frame is in a full one, under the same name."""
    if isinstance(part, dict):
        return all(name in whole and is_part(part[name], whole[name]) for name in part)
    if isinstance(part, list):
        return len(part) == len(whole) and all(map(is_part, part, whole))
    return bool(part == whole or part == pytest.approx(whole, abs=6e-4))  # rounded


async def frame_of(app: ASGIApp, query: str = "") -> dict[str, Any]:
    async with reading(app, query) as reader:
        await reader.messages()
        (message,) = await reader.messages()
        frame: dict[str, Any] = json.loads(message["data"])
        return frame


@pytest.fixture(scope="module")
def battles_everywhere() -> LiveFrame:
    """Return a frame of lap 3 of a simulated race: a battle for nearly every car."""
    playback = Playback(SimulatedFeed(7), RaceEngine(shipped()))
    playback.advance_to(lambda state: state.race.lap >= 3)
    view = FeedView("simulated", "simulated:7", FeedState.FLOWING)
    return build_frame(playback.state, view, Stamp(1, wall_now(), 0.2), "model")


async def test_a_brief_frame_is_a_part_of_a_full_one(
    clients: Clients, house: House, app: ASGIApp, ring: EventRing, battles_everywhere: LiveFrame
) -> None:
    ring.add(battles_everywhere)
    await house.live.publish(battles_everywhere)
    brief, full = await frame_of(app), await frame_of(app, "detail=full")
    answer = await (await clients.guest()).get("/live-battles")
    assert full == answer.json()
    assert is_part(brief, full)
    FrameOut.model_validate(brief)
    assert set(brief) == set(FrameOut.model_fields)
    assert set(brief["battles"][0]) >= {
        "attacker", "defender", "position", "interval_s", "opened_at", "laps", "p_overtake",
        "condition", "mixed",
    }  # fmt: skip


async def test_a_brief_frame_is_small(
    app: ASGIApp, ring: EventRing, battles_everywhere: LiveFrame
) -> None:
    assert len(battles_everywhere.battles) >= 19
    ring.add(replace(battles_everywhere, battles=battles_everywhere.battles[:19]))
    async with reading(app) as reader:
        await reader.messages()
        assert len(await reader.pieces.get()) < 5_600


async def test_a_battle_without_a_forecast_says_why(app: ASGIApp, ring: EventRing) -> None:
    frame = a_frame()
    refused = replace(frame.battles[0], p_overtake=None, mixed=None, no_forecast_because="pit")
    ring.add(replace(frame, battles=(refused,)))
    (battle,) = (await frame_of(app))["battles"]
    assert battle["no_forecast_because"] == "pit"
    assert not {"p_overtake", "mixed", "fading"} & set(battle)


@pytest.mark.parametrize("detail", ["brief", "full"])
async def test_fading_battles_come_when_asked_for(
    app: ASGIApp, ring: EventRing, detail: str
) -> None:
    frame = a_frame()
    ring.add(replace(frame, battles=(replace(frame.battles[0], fading=True),)))
    assert (await frame_of(app, f"detail={detail}"))["battles"] == []
    (battle,) = (await frame_of(app, f"detail={detail}&fading=true"))["battles"]
    assert battle["fading"] is True


async def test_the_schema_describes_every_event(clients: Clients) -> None:
    schema = (await (await clients.guest()).get("/openapi.json")).json()
    answer = schema["paths"]["/live-battles/stream"]["get"]["responses"]["200"]
    events = answer["content"]["text/event-stream"]["x-events"]
    assert set(events) == set(StreamEvent)
    for each in events.values():
        assert each["$ref"].rpartition("/")[2] in schema["components"]["schemas"]


async def test_a_reader_of_flags_alone_is_sent_no_frame(app: ASGIApp, ring: EventRing) -> None:
    frame = a_frame()
    ring.add(frame)
    async with reading(app, "events=flag") as reader:
        await reader.messages()
        ring.add(later(frame))
        ring.add(yellow(later(frame)))
        (message,) = await reader.messages()
        assert message["event"] == "flag"
        assert message["id"]


async def test_a_reader_that_comes_back_is_told_what_it_missed(
    app: ASGIApp, ring: EventRing
) -> None:
    frame = a_frame()
    ring.add(frame)
    async with reading(app) as reader:
        await reader.messages()
        last = (await reader.messages())[-1]["id"]
    ring.add(yellow(frame))
    ring.add(later(yellow(frame)))
    async with reading(app, last=last) as reader:
        await reader.messages()
        events = [message["event"] for message in await reader.messages()]
    assert events == ["flag", "frame"]
    async with reading(app, last="of-another-server") as reader:
        await reader.messages()
        events = [message["event"] for message in await reader.messages()]
    assert events == ["missed", "frame"]


async def test_a_reader_that_comes_back_to_a_server_without_a_frame_is_told_that_it_missed_some(
    app: ASGIApp, ring: EventRing
) -> None:
    async with reading(app, last="19ac3f0b2a1-15bb") as reader:
        await reader.messages()
        ring.add(a_frame())
        events = [message["event"] for message in await reader.messages()]
    assert events == ["missed", "frame"]


async def test_a_slow_reader_is_given_every_event_and_the_newest_frame_only(
    app: ASGIApp, ring: EventRing
) -> None:
    frame = a_frame()
    ring.add(frame)
    async with reading(app) as reader:
        await reader.messages()
        await reader.messages()
        reader.reads.clear()
        for count in range(20):
            frame = yellow(frame) if count == 10 else later(frame)
            ring.add(frame)
            await asyncio.sleep(0.001)
        reader.reads.set()
        (waited,) = await reader.messages()
        assert json.loads(waited["data"])["sequence"] == 2
        flag, newest = await reader.messages()
        assert flag["event"] == "flag"
        assert json.loads(newest["data"])["sequence"] == 21
        await asyncio.sleep(0.01)
        assert reader.pieces.empty()


async def test_a_reader_that_keeps_up_is_sent_every_frame(app: ASGIApp, ring: EventRing) -> None:
    frame = a_frame()
    ring.add(frame)
    async with reading(app) as one, reading(app, "min_p=0.1") as other:
        for reader in (one, other):
            await reader.messages()
            await reader.messages()
        for _ in range(30):
            frame = later(frame)
            ring.add(frame)
            await asyncio.sleep(0.001)
        for reader in (one, other):
            frames = [(await reader.messages())[0]["data"] for _ in range(30)]
            assert [json.loads(each)["sequence"] for each in frames] == list(range(2, 32))


async def test_an_error_of_one_reader_does_not_reach_the_others(
    app: ASGIApp, ring: EventRing
) -> None:
    frame = a_frame()
    ring.add(frame)
    async with reading(app) as broken, reading(app) as other:
        for reader in (broken, other):
            await reader.messages()
            await reader.messages()
        broken.fault = OSError("the connection is gone")
        ring.add(later(frame))
        (message,) = await other.messages()
        assert json.loads(message["data"])["sequence"] == 2
        await asyncio.sleep(0.01)
        assert len(BattleFan.of(ring)) == 1
        ring.add(later(later(frame)))
        await other.messages()


async def test_a_reader_that_stops_reading_is_let_go(
    app: ASGIApp, ring: EventRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_fan, "STALLED_S", 0.05)
    frame = a_frame()
    ring.add(frame)
    async with reading(app) as reader:
        await reader.messages()
        await reader.messages()
        reader.reads.clear()
        ring.add(later(frame))
        await asyncio.sleep(0.3)
        reader.reads.set()
        await asyncio.sleep(0.05)
        assert reader.is_over


async def test_a_silent_server_sends_heartbeats(
    app: ASGIApp, ring: EventRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BattleFan, "heartbeat_s", 0.05)
    async with reading(app) as reader:
        await reader.messages()
        (message,) = await reader.messages()
        assert message["event"] == "heartbeat"
        assert json.loads(message["data"])["feed_state"] is None
    ring.add(a_frame())
    async with reading(app, "events=passed") as reader:
        await reader.messages()
        (message,) = await reader.messages()
        assert json.loads(message["data"])["feed_state"] == "flowing"


async def test_each_frame_is_encoded_once_for_all_who_ask_for_the_same(
    app: ASGIApp, ring: EventRing
) -> None:
    ring.add(a_frame())
    async with reading(app) as one, reading(app) as other, reading(app, "min_p=0.6") as third:
        for reader in (one, other, third):
            await reader.messages()
        pieces = [await reader.pieces.get() for reader in (one, other, third)]
    assert pieces[0] is pieces[1]
    assert pieces[0] != pieces[2]


async def test_a_reader_that_leaves_is_forgotten(app: ASGIApp, ring: EventRing) -> None:
    ring.add(a_frame())
    async with reading(app) as reader:
        await reader.messages()
        assert len(BattleFan.of(ring)) == 1
        reader.leaves.set()
        await asyncio.sleep(0.01)
        assert len(BattleFan.of(ring)) == 0


async def test_only_so_many_streams_are_served(
    clients: Clients, app: ASGIApp, ring: EventRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BattleFan, "most_readers", 1)
    guest = await clients.guest()
    ring.add(a_frame())
    async with reading(app) as reader:
        await reader.messages()
        answer = await guest.get("/live-battles/stream")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "Too many streams are open; try again later."


TOO_MANY = "drivers=" + ",".join(str(number) for number in range(31))


@pytest.mark.parametrize(
    "query", ["drivers=banana", TOO_MANY, "min_p=2", "events=frames", "detail=all"]
)
async def test_a_wrong_filter_is_refused(clients: Clients, ring: EventRing, query: str) -> None:
    ring.add(a_frame())
    answer = await (await clients.guest()).get(f"/live-battles/stream?{query}")
    assert answer.status_code == 422
    assert answer.json()["invalid"][0]["name"].startswith(f"query.{query.partition('=')[0]}")


async def test_head_ends_at_once(clients: Clients, ring: EventRing) -> None:
    ring.add(a_frame())
    answer = await (await clients.guest()).head("/live-battles/stream")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
