"""Subscribe to OpenF1's endpoints over MQTT, on a TLS or WebSocket connection."""

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

from pitwall.aio import heed_cancellation
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
_REFUSED = "OpenF1's MQTT broker refused this account: {}."
_PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}


class BrokerRefusedError(FeedUnavailableError):
    """The broker refused the account or its token."""


@dataclass(frozen=True, slots=True)
class Broker:
    """The address of a broker, and the transport it uses.

    Attributes:
        path: The path of the WebSocket; "" without one.
    """

    host: str
    port: int
    encrypted: bool
    path: str = ""

    @property
    def transport(self) -> Literal["tcp", "websockets"]:
        """The transport below MQTT."""
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
        raise FeedUnavailableError(f"{url!r} is not the address of an MQTT broker.")
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
    """Connect and subscribe; messages wait in a bounded queue until they are read.

    Args:
        url: The broker's address.
        user: The account's e-mail address; the broker refuses any other name.
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
            heed_cancellation()
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
