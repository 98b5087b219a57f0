"""Keep a connection to the owner's MQTT broker, and publish the race on it for home automation.

A broker that refuses, hangs, dies or comes back costs this task its time and nobody else: it reads
the newest frame from the live cache, and nothing waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import httpx
import orjson
from aiomqtt import Client, MqttError, Will
from aiomqtt.exceptions import MqttConnectError

from pitwall.aio import Pacer, end, heed_cancellation
from pitwall.engine.clock import wall_now
from pitwall.mqtt.entities import OFFLINE, ONLINE, HomeTopics, discovery_messages
from pitwall.mqtt.link_state import LinkState
from pitwall.mqtt.race_report import is_available, report_of
from pitwall.ports.cache import LiveCache

log = logging.getLogger(__name__)

STATE_EVERY_S: Final = 1.0
ANSWERS_WITHIN_S: Final = 5.0
KEEP_ALIVE_S: Final = 15  # the broker publishes the will after one and a half of it
LONGEST_WAIT_S: Final = 30.0
LASTS_S: Final = 30.0  # two servers with one name end each other's connections at once
_LOOK_EVERY_S: Final = 0.25  # for a newer frame, and for the end of the connection
_FIRST_WAIT_S: Final = 1.0
_GOODBYE_S: Final = 0.5
_MOST_UNREAD: Final = 16
_BORN: Final = b"online"
_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """Where the broker is, and as whom to log in.

    Attributes:
        ca: A file of certificates to trust in place of the system's; None for the system's.
    """

    host: str
    port: int
    encrypted: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None

    @classmethod
    def of(cls, url: str, ca: Path | None = None) -> Self:
        """Read a valid `mqtt://[USER[:PASSWORD]@]HOST[:PORT]`, or `mqtts://…`.

        Example:
            >>> BrokerSettings.of("mqtts://pit%40wall:secret@10.0.0.7")
            BrokerSettings(host='10.0.0.7', port=8883, encrypted=True, user='pit@wall', ca=None)
        """
        parts = urlsplit(url)
        return cls(
            parts.hostname or "",
            parts.port or _PORTS[parts.scheme],
            parts.scheme == "mqtts",
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            ca,
        )

    def tls(self) -> ssl.SSLContext | None:
        """Return the TLS context; None for a connection without TLS. Reads files.

        Raises:
            OSError: The file of certificates cannot be read.
        """
        if not self.encrypted:
            return None
        if self.ca is None:
            return httpx.create_ssl_context()
        return ssl.create_default_context(cafile=self.ca)


class BrokerLink:
    """Publishes the race on screen while it runs, which it should in one worker alone.

    Args:
        broker: Where the broker is.
        topics: What to publish on.
        live: Has the newest frame.
        may_publish: Returns whether this worker is still the one that publishes.
        now: The wall clock.
    """

    def __init__(
        self,
        broker: BrokerSettings,
        topics: HomeTopics,
        live: LiveCache,
        may_publish: Callable[[], bool],
        now: Callable[[], datetime] = wall_now,
    ) -> None:
        self.state = LinkState("standing_by")
        self._broker = broker
        self._topics = topics
        self._live = live
        self._may_publish = may_publish
        self._now = now
        self._failures = 0
        # The same name in each worker: a broker ends the old connection before it takes a new one,
        # so that the will of a worker that died cannot come after what its successor published.
        self._name = f"pitwall{sha256(topics.prefix.encode()).hexdigest()[:12]}"

    async def run(self) -> None:
        """Connect, publish, and connect again whenever the connection ends, until cancelled."""
        self._failures = 0
        try:
            while True:
                if self.state.status == "standing_by":
                    self.state = LinkState("connecting")
                why = await self._connected_until_it_breaks()
                heed_cancellation()
                self._note(why)
                await asyncio.sleep(self._wait_s())
        finally:
            self.state = LinkState("standing_by")

    async def _connected_until_it_breaks(self) -> str:
        """Publish on one connection; return why it ended, or why there was none."""
        try:
            tls = await asyncio.to_thread(self._broker.tls)
        except OSError as error:
            return f"The certificates for the MQTT broker cannot be read: {_why(error)}."
        client, since_s = self._client(tls), None
        try:
            async with _Connecting(client):
                since_s = time.monotonic()
                self.state = LinkState("connected")
                log.info("connected to the MQTT broker")
                await _Session(client, self._topics, self._live, self._may_publish, self._now).run()
        except MqttConnectError as error:
            return f"The MQTT broker refused the connection: {_why(error)}."
        except MqttError as error:
            if since_s is None:
                return f"The MQTT broker cannot be reached: {_why(error)}."
            if time.monotonic() - since_s >= LASTS_S:
                self._failures = 0
            return f"The connection to the MQTT broker broke: {_why(error)}."
        raise AssertionError("a session ends by an error alone")

    def _client(self, tls: ssl.SSLContext | None) -> Client:
        broker = self._broker
        return Client(
            broker.host,
            broker.port,
            username=broker.user,
            password=broker.password,
            identifier=self._name,
            will=Will(self._topics.availability, OFFLINE, qos=1, retain=True),
            tls_context=tls,
            timeout=ANSWERS_WITHIN_S,
            keepalive=KEEP_ALIVE_S,
            max_queued_incoming_messages=_MOST_UNREAD,
        )

    def _note(self, why: str) -> None:
        """Make known why there is no connection, in the log only when that is news."""
        state = LinkState("disconnected", why)
        if state != self.state:
            log.warning("no connection to the MQTT broker", extra={"why": why})
        self.state = state

    def _wait_s(self) -> float:
        """Return how long to wait before the next attempt, longer after each failure in a row."""
        ceiling_s = min(LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(self._failures, 10))
        self._failures += 1
        return random.uniform(ceiling_s / 2, ceiling_s)  # noqa: S311  jitter is no secret


class _Connecting:
    """Enters a client, and closes its socket where that fails or is cancelled.

    aiomqtt leaves an attempt that was given up to paho, which would connect all the same once the
    broker answers, or the thread is done in which it opens the socket.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def __aenter__(self) -> Client:
        try:
            return await self._client.__aenter__()
        except BaseException:
            self._give_up()
            raise

    def _give_up(self) -> None:
        # There is no public way to either.
        self._client._connected = asyncio.Future()  # a cancelled one would raise in its callbacks
        paho = self._client._client
        paho.on_socket_open = lambda _client, _data, socket: socket.close()
        paho.disconnect()

    async def __aexit__(self, *error: object) -> None:
        await self._client.__aexit__(*error)  # type: ignore[arg-type]  # passed on as it came


class _Session:
    """What is published on one connection: changes only, the state at most once a second."""

    def __init__(
        self,
        client: Client,
        topics: HomeTopics,
        live: LiveCache,
        may_publish: Callable[[], bool],
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._topics = topics
        self._live = live
        self._may_publish = may_publish
        self._now = now
        self._discovery = discovery_messages(topics)
        self._sent: dict[str, bytes] = {}
        self._is_born_again = False

    async def run(self) -> None:
        """Publish until the connection ends or the task is cancelled.

        Raises:
            MqttError: It has ended.
        """
        if self._topics.births:
            await self._client.subscribe([(topic, 1) for topic in self._topics.births])
        heed_cancellation()  # also one that came while the client was connecting
        listening = asyncio.create_task(self._listen())
        try:
            await self._publish_changes(listening)
        except asyncio.CancelledError:
            await self._say_goodbye()
            raise
        finally:
            await end(listening)

    async def _listen(self) -> None:
        """Notice when Home Assistant starts; it has forgotten by then what was not retained."""
        async for message in self._client.messages:
            if message.payload == _BORN:
                self._is_born_again = True

    async def _publish_changes(self, listening: asyncio.Task[None]) -> None:
        pacer = Pacer(_LOOK_EVERY_S)
        state_due_s = 0.0
        while not listening.done():
            if self._is_born_again:
                self._is_born_again, state_due_s = False, 0.0
                self._sent.clear()
            if self._may_publish():
                await self._publish(self._discovery)
                if pacer.began_s >= state_due_s and await self._publish_race():
                    state_due_s = pacer.began_s + STATE_EVERY_S
            await pacer.rest()
        listening.result()  # raises what ended the connection

    async def _publish_race(self) -> bool:
        """Publish what has changed; return whether the state has."""
        frame, now = await self._live.latest(), self._now()
        if frame is None or not is_available(frame, now):
            await self._publish({self._topics.availability: OFFLINE})
            return False
        # The state first: an entity that comes back must not show what was before.
        state = orjson.dumps(report_of(frame, now)).decode()
        is_news = await self._publish({self._topics.state: state})
        await self._publish({self._topics.availability: ONLINE})
        return is_news

    async def _publish(self, messages: Mapping[str, str]) -> bool:
        """Publish those messages that differ from what was last sent; return whether any did."""
        is_news = False
        for topic, text in messages.items():
            payload = text.encode()
            if self._sent.get(topic) != payload:
                await self._client.publish(topic, payload, qos=1, retain=True)
                heed_cancellation()
                self._sent[topic] = payload
                is_news = True
        return is_news

    async def _say_goodbye(self) -> None:
        """Publish that this server is gone; the broker does not when a connection is closed."""
        if not self._may_publish():
            return  # another worker publishes already
        try:
            async with asyncio.timeout(_GOODBYE_S):
                await self._client.publish(self._topics.availability, OFFLINE, qos=1, retain=True)
        except (MqttError, TimeoutError):
            log.debug("the MQTT broker was not told of the end")


def _why(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__
