"""OpenF1's messages over MQTT: a TLS or WebSocket connection, and the topics of its endpoints."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from aiomqtt import Client, MqttError
from aiomqtt.exceptions import MqttConnectError

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.http import tls
from pitwall.feeds.openf1.frame_reader import MQTT
from pitwall.feeds.openf1.rows import MEASURED, TOGETHER

log = logging.getLogger(__name__)

OPENF1_MQTT = "mqtts://mqtt.openf1.org:8883"
QUEUE_MESSAGES = 8192  # half a minute with telemetry
CONNECT_WITHIN_S = 5.0
KEEP_ALIVE_S = 15
LARGEST_MESSAGE = 1024 * 1024
_REFUSED = "OpenF1's MQTT broker does not take this account: {}."
_PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}


class BrokerRefusedError(FeedUnavailableError):
    """The broker does not take the account or its token."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker is, and how it is spoken to.

    Attributes:
        path: Of a WebSocket; "" without one.
    """

    host: str
    port: int
    encrypted: bool
    path: str = ""

    @property
    def transport(self) -> Literal["tcp", "websockets"]:
        """What MQTT runs on."""
        return "websockets" if self.path else "tcp"


def broker_of(url: str) -> Broker:
    """Return a broker from `mqtts://HOST:8883`, `wss://HOST:8084/mqtt`, or both without TLS.

    Raises:
        FeedUnavailableError: The address has another form.

    Example:
        >>> broker_of("wss://mqtt.openf1.org:8084/mqtt")
        Broker(host='mqtt.openf1.org', port=8084, encrypted=True, path='/mqtt')
    """
    parts = urlsplit(url)
    try:
        port = parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError):
        port = 0
    if not port or not parts.hostname:
        raise FeedUnavailableError(f"{url!r} is no address of an MQTT broker.")
    path = (parts.path or "/mqtt") if parts.scheme.startswith("ws") else ""
    return Broker(parts.hostname, port, parts.scheme in {"mqtts", "wss"}, path)


@dataclass(frozen=True, slots=True)
class Delivered:
    """One message: its topic, such as `v1/laps`, and its bytes."""

    topic: str
    payload: bytes


class Subscription:
    """An open connection, subscribed to every endpoint."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def messages(self) -> AsyncGenerator[Delivered, None]:
        """Yield messages until the connection ends.

        Raises:
            FeedUnavailableError: It has ended.
        """
        try:
            async for message in self._client.messages:
                payload: object = message.payload
                if isinstance(payload, bytes | bytearray) and len(payload) <= LARGEST_MESSAGE:
                    yield Delivered(str(message.topic), bytes(payload))
        except MqttError as error:
            raise FeedUnavailableError("The connection to OpenF1's MQTT broker broke.") from error


@asynccontextmanager
async def subscribed(url: str, user: str, token: str) -> AsyncIterator[Subscription]:
    """Connect and subscribe; what arrives before it is read waits in a queue with a bound.

    Args:
        url: Of the broker.
        user: The account's e-mail address: others are refused.
        token: The account's bearer token, which is the password here.

    Raises:
        BrokerRefusedError: It refuses.
        FeedUnavailableError: It cannot be reached, or broke off.
    """
    broker = broker_of(url)
    client = Client(
        broker.host,
        broker.port,
        username=user or None,
        password=token or None,
        transport=broker.transport,
        websocket_path=broker.path or None,
        tls_context=await asyncio.to_thread(tls) if broker.encrypted else None,
        timeout=CONNECT_WITHIN_S,
        keepalive=KEEP_ALIVE_S,
        max_queued_incoming_messages=QUEUE_MESSAGES,
    )
    entered = False
    try:
        async with asyncio.timeout(CONNECT_WITHIN_S) as limit, client:
            topics = [(f"{MQTT}{endpoint}", 0) for endpoint in (*TOGETHER, *MEASURED)]
            await client.subscribe(topics)
            limit.reschedule(None)
            entered = True
            yield Subscription(client)
    except MqttConnectError as error:
        raise BrokerRefusedError(_REFUSED.format(str(error).rstrip("."))) from error
    except MqttError as error:
        if entered:
            raise FeedUnavailableError("The connection to OpenF1's MQTT broker broke.") from error
        why = str(error).rstrip(".")
        raise FeedUnavailableError(f"OpenF1's MQTT broker cannot be reached: {why}.") from error
    except TimeoutError as error:
        message = f"OpenF1's MQTT broker did not answer within {CONNECT_WITHIN_S:.0f} s."
        raise FeedUnavailableError(message) from error
