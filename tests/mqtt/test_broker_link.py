"""Test what is published on a real broker, and that no broker can hold anything up."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from aiomqtt import Client
from paho.mqtt import client as paho_client

from pitwall.aio import end
from pitwall.cache.memory import MemoryLiveCache
from pitwall.domain.flags import TrackStatus
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.engine.clock import wall_now
from pitwall.mqtt import broker_link
from pitwall.mqtt.broker_link import BrokerLink, BrokerSettings
from pitwall.mqtt.entities import HomeTopics, discovery_messages
from tests.live.frames import with_header
from tests.mqtt.home_assistant import faults
from tests.mqtt.watching import Line, until, watching
from tests.servers.mosquitto import Mosquitto
from tests.web.frames import make_frame

TOPICS = HomeTopics("pitwall", "homeassistant")
CONFIGS = set(discovery_messages(TOPICS))
PASSWORD = "se/k:r@t"
URL_PASSWORD = "se%2Fk%3Ar%40t"
LONGEST_LAG_S = 0.5  # the machine may be busy; a call that blocks would take seconds


@pytest.fixture(scope="module")
def mosquitto() -> Iterator[Mosquitto]:
    # Below /tmp itself: the broker does not stay root, and pytest's folders are root's alone.
    with (
        TemporaryDirectory(prefix="pitwall-mosquitto-") as folder,
        Mosquitto(Path(folder), login=("ha", PASSWORD)) as running,
    ):
        yield running


@pytest.fixture
def broker(mosquitto: Mosquitto) -> BrokerSettings:
    return BrokerSettings.of(with_login(mosquitto.urls["mqtt"]))


@pytest.fixture(autouse=True)
async def _bare_broker(mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let attempts follow soon, and forget what is retained from the test before."""
    monkeypatch.setattr(broker_link, "_FIRST_WAIT_S", 0.1)
    monkeypatch.setattr(broker_link, "LONGEST_WAIT_S", 0.2)
    monkeypatch.setattr(broker_link, "ANSWERS_WITHIN_S", 1.0)
    async with watching(BrokerSettings.of(with_login(mosquitto.urls["mqtt"]))) as watcher:
        await asyncio.sleep(0.1)
        for topic in {topic for topic, _ in watcher.messages}:
            await watcher.client.publish(topic, b"", qos=1, retain=True)


def with_login(url: str, login: str = f"ha:{URL_PASSWORD}") -> str:
    return url.replace("://", f"://{login}@")


@dataclass
class Show:
    """A race on screen, and the worker that publishes it.

    Attributes:
        leads: Whether this worker may publish.
        later: How far the clock is ahead.
    """

    live: MemoryLiveCache = field(default_factory=MemoryLiveCache)
    leads: bool = True
    later: timedelta = timedelta(0)
    sequence: int = 0

    def now(self) -> datetime:
        return wall_now() + self.later

    async def show(self, frame: LiveFrame | None = None, **header: object) -> None:
        """Publish a frame as the newest."""
        self.sequence += 1
        frame = with_header(frame or make_frame(40), **header)
        await self.live.publish(replace(frame, sequence=self.sequence, published_at=self.now()))

    @asynccontextmanager
    async def linked(
        self, broker: BrokerSettings, topics: HomeTopics = TOPICS
    ) -> AsyncIterator[BrokerLink]:
        """Publish on a broker while the block lasts."""
        link = BrokerLink(broker, topics, self.live, lambda: self.leads, self.now)
        running = asyncio.create_task(link.run())
        try:
            yield link
        finally:
            await end(running)


@pytest.fixture
async def show() -> Show:
    show = Show()
    await show.show()
    return show


async def test_entities_appear_with_their_states_also_for_those_who_come_later(
    broker: BrokerSettings, show: Show
) -> None:
    async with show.linked(broker) as link:
        await until(lambda: link.state.status == "connected")
        async with watching(broker) as watcher:
            await until(watcher.is_online)

            assert {topic for topic, _ in watcher.messages} == CONFIGS | {
                "pitwall/state",
                "pitwall/availability",
            }
            assert [faults(t, text) for t, text in watcher.messages if t in CONFIGS] == [
                [] for _ in CONFIGS
            ]
            assert watcher.state()["flag"] == "clear"

        async with watching(broker) as late:
            await until(late.is_online)
            assert set(late.state()) == set(watcher.state())
            assert {topic for topic, _ in late.messages} >= CONFIGS


async def test_entities_go_unavailable_when_the_feed_dies_and_come_back(
    broker: BrokerSettings, show: Show
) -> None:
    async with show.linked(broker), watching(broker) as watcher:
        await until(watcher.is_online)

        await show.show(feed_state=FeedState.STALE, track_status=TrackStatus.RED)
        await until(lambda: not watcher.is_online())
        assert watcher.state()["flag"] == "clear"  # nothing is told of what is not known

        watcher.messages.clear()
        await show.show(track_status=TrackStatus.RED)
        await until(watcher.is_online)
        order = [topic for topic, _ in watcher.messages]
        assert watcher.state()["flag"] == "red"
        assert order.index("pitwall/state") < order.index("pitwall/availability")

        show.later = timedelta(seconds=11)  # frames have stopped
        await until(lambda: not watcher.is_online())


async def test_before_the_first_frame_nothing_is_available(broker: BrokerSettings) -> None:
    async with Show().linked(broker), watching(broker) as watcher:
        await until(lambda: watcher.newest("pitwall/availability") == "offline")

        assert watcher.newest("pitwall/state") is None


@pytest.mark.parametrize(
    ("topics", "birth"),
    [(TOPICS, "homeassistant/status"), (HomeTopics("pitwall", "ha"), "ha/status")],
)
async def test_everything_is_told_again_when_home_assistant_starts(
    broker: BrokerSettings, show: Show, topics: HomeTopics, birth: str
) -> None:
    configs = set(discovery_messages(topics))
    async with show.linked(broker, topics), watching(broker) as watcher:
        await until(watcher.is_online)
        watcher.messages.clear()

        await watcher.client.publish(birth, "offline")
        await asyncio.sleep(0.6)
        assert not {topic for topic, _ in watcher.messages} & configs

        await watcher.client.publish(birth, "online")
        await until(watcher.is_online)
        assert configs | {"pitwall/state"} <= {topic for topic, _ in watcher.messages}


async def test_only_changes_are_told_and_at_most_one_a_second(
    broker: BrokerSettings, show: Show
) -> None:
    async with show.linked(broker), watching(broker) as watcher:
        await until(watcher.is_online)
        for _ in range(5):  # the same, a quarter of a second apart
            await show.show()
            await asyncio.sleep(0.25)
        assert len(watcher.of("pitwall/state")) == 1

        began = len(watcher.messages)
        for lap in range(30, 40):
            await show.show(lap=lap)
            await asyncio.sleep(0.25)
        await until(lambda: watcher.state()["lap"] == 39)
        laps = [json.loads(text)["lap"] for text in watcher.of("pitwall/state")[1:]]
        assert 2 <= len(laps) <= 4
        assert {topic for topic, _ in watcher.messages[began:]} == {"pitwall/state"}


async def test_a_worker_that_does_not_lead_publishes_nothing(
    broker: BrokerSettings, show: Show
) -> None:
    show.leads = False
    async with show.linked(broker) as link, watching(broker) as watcher:
        await until(lambda: link.state.status == "connected")
        await asyncio.sleep(0.6)
        assert watcher.messages == []

        show.leads = True
        await until(watcher.is_online)
        show.leads = False  # another worker has taken over, and says that it is there
    await asyncio.sleep(0.2)
    assert watcher.is_online()


async def test_the_end_of_the_server_is_told(broker: BrokerSettings, show: Show) -> None:
    async with watching(broker) as watcher:
        async with show.linked(broker) as link:
            await until(watcher.is_online)
        await until(lambda: not watcher.is_online())

        assert link.state.status == "standing_by"


async def test_the_broker_tells_that_a_server_has_gone_and_the_server_that_it_is_back(
    broker: BrokerSettings, show: Show
) -> None:
    async with (
        Line(broker.host, broker.port).open() as line,
        watching(broker) as watcher,
        show.linked(replace(broker, port=line.port)) as link,
    ):
        await until(watcher.is_online)
        watcher.messages.clear()

        line.is_dead = True
        line.cut()
        await until(lambda: watcher.newest("pitwall/availability") == "offline")  # the will
        await until(lambda: link.state.status == "disconnected")
        assert "broke" in link.state.detail

        line.is_dead = False
        line.cut()
        await until(watcher.is_online)
        assert {topic for topic, _ in watcher.messages} >= CONFIGS


async def test_the_next_worker_takes_the_connection_over_and_no_will_comes_after_it(
    broker: BrokerSettings, show: Show
) -> None:
    async with (
        Line(broker.host, broker.port).open() as line,
        watching(broker) as watcher,
        show.linked(replace(broker, port=line.port)) as frozen,
    ):
        await until(watcher.is_online)
        show.leads = False  # the old worker publishes no more, and its connection stays open

        successor = Show()
        await successor.show(lap=61)
        async with successor.linked(broker):
            await until(lambda: watcher.state().get("lap") == 61)
            line.is_dead = True
            line.cut()
            await until(lambda: frozen.state.status == "disconnected")
            await asyncio.sleep(0.3)
            assert watcher.is_online()


class Lag:
    """The longest that the event loop kept anybody waiting."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    @asynccontextmanager
    async def measured(self) -> AsyncIterator[Lag]:
        """Measure while the block lasts."""

        async def tick() -> None:
            loop = asyncio.get_running_loop()
            while True:
                began = loop.time()
                await asyncio.sleep(0.01)
                self.longest_s = max(self.longest_s, loop.time() - began - 0.01)

        ticking = asyncio.create_task(tick())
        try:
            yield self
        finally:
            await end(ticking)


async def test_a_broker_that_hangs_dies_and_comes_back_holds_nothing_up(
    mosquitto: Mosquitto, broker: BrokerSettings, show: Show
) -> None:
    async with Lag().measured() as lag, show.linked(broker) as link:
        await until(lambda: link.state.status == "connected")

        mosquitto.freeze()
        await show.show(lap=50)
        await until(lambda: link.state.status == "disconnected")
        await until(lambda: "cannot be reached: Operation timed out" in link.state.detail)

        mosquitto.kill()
        await until(lambda: "refused" in link.state.detail)

        await asyncio.to_thread(mosquitto.start)
        await until(lambda: link.state.status == "connected")
        async with watching(broker) as watcher:
            await until(watcher.is_online)
            assert watcher.state()["lap"] == 50
            assert {topic for topic, _ in watcher.messages} >= CONFIGS
    assert lag.longest_s < LONGEST_LAG_S


async def test_attempts_at_a_dead_line_leave_nothing_behind(
    broker: BrokerSettings, show: Show
) -> None:
    async with Line(broker.host, broker.port).open() as line:
        line.is_dead = True
        before = len(asyncio.all_tasks())
        async with show.linked(replace(broker, port=line.port)):
            await until(lambda: line.opened >= 3)
            assert len(asyncio.all_tasks()) <= before + 4
        await until(lambda: len(asyncio.all_tasks()) <= before, within_s=5)


async def test_an_attempt_that_is_cancelled_while_it_connects_connects_no_more(
    broker: BrokerSettings, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect_slowly(*arguments: Any, **further: Any) -> socket.socket:
        time.sleep(0.5)
        opened.append(socket.create_connection(*arguments, **further))
        return opened[-1]

    opened: list[socket.socket] = []
    monkeypatch.setattr(
        paho_client,
        "socket",
        SimpleNamespace(**vars(socket) | {"create_connection": connect_slowly}),
    )
    async with show.linked(broker):
        await asyncio.sleep(0.2)
    await until(lambda: bool(opened))
    await asyncio.sleep(0.2)

    assert [each.fileno() for each in opened] == [-1]


@pytest.mark.parametrize("method", ["subscribe", "publish", "__aexit__"])
async def test_a_cancellation_that_the_mqtt_library_swallows_still_ends_the_link(
    broker: BrokerSettings, show: Show, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    original = getattr(Client, method)
    begun = asyncio.Event()

    async def swallowing(*arguments: Any, **further: Any) -> None:
        # As `asyncio.wait_for` of Python 3.11 does, when the answer comes at the same time.
        await original(*arguments, **further)
        begun.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0.2)

    monkeypatch.setattr(Client, method, swallowing)
    async with Line(broker.host, broker.port).open() as line:
        link = BrokerLink(
            replace(broker, port=line.port), TOPICS, show.live, lambda: True, show.now
        )
        running = asyncio.create_task(link.run())
        if method == "__aexit__":
            await until(lambda: link.state.status == "connected")
            line.cut()
        await asyncio.wait_for(begun.wait(), 10)
        running.cancel()
        await asyncio.wait({running}, timeout=5)
        has_ended = running.done()
        monkeypatch.undo()
        await end(running)

    assert has_ended


async def test_a_broker_that_refuses_is_named_without_the_password(
    mosquitto: Mosquitto, show: Show, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = BrokerSettings.of(with_login(mosquitto.urls["mqtt"], "ha:not-it"))
    async with show.linked(wrong) as link:
        await until(lambda: link.state.status == "disconnected")
        await asyncio.sleep(0.5)

        assert "refused the connection" in link.state.detail
        assert "uthori" in link.state.detail
    told = [r for r in caplog.records if r.name == broker_link.__name__]
    assert [r.levelname for r in told if r.levelno >= logging.WARNING] == ["WARNING"]  # once
    everything = caplog.text + repr(wrong) + repr([vars(record) for record in caplog.records])
    assert "not-it" not in everything


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_an_encrypted_broker_is_trusted_by_the_certificate_that_is_set(
    mosquitto: Mosquitto, show: Show, tmp_path: Path
) -> None:
    url = with_login(mosquitto.urls["mqtts"])
    async with show.linked(BrokerSettings.of(url, mosquitto.certificate)) as link:
        await until(lambda: link.state.status == "connected")

    async with show.linked(BrokerSettings.of(url)) as link:
        await until(lambda: "certificate verify failed" in link.state.detail)

    (tmp_path / "empty.pem").write_text("")
    async with show.linked(BrokerSettings.of(url, tmp_path / "empty.pem")) as link:
        await until(lambda: "certificates for the MQTT broker" in link.state.detail)
