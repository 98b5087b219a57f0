"""Test the MQTT side of the OpenF1 client against a real broker, on every kind of connection."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import aclosing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from aiomqtt import Client

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.openf1 import broker
from pitwall.feeds.openf1.broker import Delivered, broker_of, subscribed
from tests.servers.mosquitto import SCHEMES, Mosquitto


@pytest.fixture(scope="module")
def mosquitto() -> Iterator[Mosquitto]:
    # Below /tmp itself: the broker does not stay root, and pytest's folders are root's alone.
    with (
        TemporaryDirectory(prefix="pitwall-mosquitto-") as folder,
        Mosquitto(Path(folder)) as running,
    ):
        yield running


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_rows_come_over_every_kind_of_connection(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setattr(broker, "tls", mosquitto.trust)
    plain = broker_of(mosquitto.urls["mqtt"])

    async with (
        subscribed(mosquitto.urls[scheme], "fan@example.org", "token") as subscription,
        Client(plain.host, plain.port) as publisher,
    ):
        await publisher.publish("v1/team_radio", b"not subscribed")
        await publisher.publish("v1/laps", b'{"lap_number":1}')
        async with asyncio.timeout(10), aclosing(subscription.messages()) as messages:
            assert await anext(messages) == Delivered("v1/laps", b'{"lap_number":1}')


async def test_a_cancellation_that_the_mqtt_library_swallows_is_heeded(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, begun = Client.subscribe, asyncio.Event()

    async def swallowing(client: Client, topics: list[tuple[str, int]]) -> None:
        await original(client, topics)
        begun.set()
        with suppress(asyncio.CancelledError):  # as `asyncio.wait_for` of Python 3.11 may
            await asyncio.sleep(0.2)

    async def read() -> None:
        async with subscribed(mosquitto.urls["mqtt"], "fan@example.org", "token") as subscription:
            async for _message in subscription.messages():
                pass

    monkeypatch.setattr(Client, "subscribe", swallowing)
    reading = asyncio.create_task(read())
    await begun.wait()
    reading.cancel()
    await asyncio.wait({reading}, timeout=5)

    assert reading.cancelled()


# The MQTT library leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_certificate_that_nobody_vouches_for_is_refused(mosquitto: Mosquitto) -> None:
    with pytest.raises(FeedUnavailableError, match="cannot be reached"):
        async with subscribed(mosquitto.urls["mqtts"], "fan@example.org", "token"):
            pass
    gc.collect()


async def test_nobody_listening_is_told() -> None:
    with pytest.raises(FeedUnavailableError, match="cannot be reached"):
        async with subscribed("mqtt://127.0.0.1:9", "fan@example.org", "token"):
            pass


@pytest.mark.parametrize("url", ["", "https://example.org", "mqtts://", "mqtt://host:port"])
def test_what_is_no_address_of_a_broker_is_refused(url: str) -> None:
    with pytest.raises(FeedUnavailableError, match="not the address"):
        broker_of(url)
