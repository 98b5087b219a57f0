"""Serve a recording as F1's SignalR Core hub: negotiation, snapshot, deltas, pings."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import orjson
from websockets.frames import Frame as SocketFrame
from websockets.frames import Opcode
from websockets.server import ServerProtocol

from pitwall.feeds.f1_live.topics import WITH_ACCOUNT
from pitwall.wire.encode import utc_text
from pitwall.wire.message import RawMessage
from tests.chaos.http_server import Client, HttpServer, Request
from tests.chaos.races import ShortRace, Topics, advance

END = b"\x1e"
HEARTBEAT_S = 15.0
HEARTBEAT_AHEAD = timedelta(seconds=2.1)
COOKIE = "AWSALBCORS=chaos; Path=/"
PUBLIC_TOKEN = "good.token"


def record_of(message: RawMessage) -> bytes:
    """Return the hub's record of a message, its payload verbatim."""
    stamp = utc_text(message.sent_at).encode()
    topic = message.topic.encode()
    return (
        b'{"type":1,"target":"feed","arguments":["%b",%b,"%b"]}' % (topic, message.body, stamp)
    ) + END


class Hub:
    """One subscribed connection."""

    def __init__(self, client: Client, protocol: ServerProtocol, *, account: bool) -> None:
        self.client = client
        self.protocol = protocol
        self.account = account
        self.topics: frozenset[str] = frozenset()

    def send(self, text: bytes) -> None:
        """Send one WebSocket text message."""
        with suppress(Exception):  # a protocol that has closed meanwhile
            self.protocol.send_text(text)
            self.flush()

    def flush(self) -> None:
        """Send what the protocol has to say."""
        self.client.write(b"".join(self.protocol.data_to_send()))

    def close(self) -> None:
        """Say goodbye as the server does after two hours."""
        self.send(b'{"type":7,"allowReconnect":true}' + END)
        with suppress(Exception):
            self.protocol.send_close(1000)
            self.flush()


class SignalRServer:
    """Plays a short race to whoever subscribes.

    Subclasses misbehave by overriding `admits`, `deliver` and `snapshot_topics`.

    Args:
        race: What to play.
        now: The wall clock of the server.

    Attributes:
        sent: Messages that were due while anyone was subscribed or not.
        connections: How many WebSockets were opened.
        waits: How long what falls due may wait, to be sent together with what comes until then.
        on_message: Called with each message as it falls due, before it is delivered.
    """

    def __init__(self, race: ShortRace, now: Callable[[], datetime]) -> None:
        self.race = race
        self.now = now
        heartbeat = {"Utc": utc_text(now() + HEARTBEAT_AHEAD)}
        self.topics: dict[str, object] = {**race.opening, "Heartbeat": heartbeat}
        self.history: deque[tuple[datetime, Topics]] = deque(maxlen=4000)
        self.hubs: set[Hub] = set()
        self.sent = 0
        self.connections = 0
        self.waits = timedelta()
        self.on_message: Callable[[RawMessage], None] = lambda _message: None
        self.http = HttpServer(self.handle)

    async def play(self) -> None:
        """Send the race in its own time, and a heartbeat every 15 s."""
        beating = asyncio.create_task(self._beat())
        due = self.now()
        try:
            for message in self.race.messages:
                if message.sent_at > due:
                    due = message.sent_at + self.waits
                    await self._until(due)
                self.send(message)
            if self.race.ends_at is not None:
                await self._until(self.race.ends_at)
        finally:
            beating.cancel()

    async def _until(self, moment: datetime) -> None:
        wait_s = (moment - self.now()).total_seconds()
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    def send(self, message: RawMessage) -> None:
        """Take a message into the topics and deliver it to everyone who may have it."""
        self.on_message(message)
        advance(self.topics, message)
        self.history.append((self.now(), dict(self.topics)))
        self.sent += 1
        for hub in list(self.hubs):
            if message.topic in hub.topics:
                self.deliver(hub, message)

    async def _beat(self) -> None:
        while True:
            utc = utc_text(self.now() + HEARTBEAT_AHEAD)
            body = orjson.dumps({"Utc": utc, "_kf": True})
            self.send(RawMessage(self.now(), "Heartbeat", body))
            for hub in list(self.hubs):
                self.ping(hub)
            await asyncio.sleep(HEARTBEAT_S)

    async def admits(self, request: Request, client: Client) -> bool:
        """Whether to go on with a request; False after having answered otherwise."""
        return True

    def deliver(self, hub: Hub, message: RawMessage) -> None:
        """Send one message to one subscriber."""
        hub.send(record_of(message))

    def ping(self, hub: Hub) -> None:
        """Send the hub's keep-alive."""
        hub.send(b'{"type":6}' + END)

    def snapshot_topics(self) -> Topics:
        """Return what a snapshot holds now."""
        return self.topics

    def snapshot(self, hub: Hub, invocation: str) -> bytes:
        """Return the answer to Subscribe."""
        told = self.snapshot_topics()
        result = {topic: told.get(topic) for topic in sorted(hub.topics)}
        answer = {"type": 3, "invocationId": invocation, "result": result}
        return orjson.dumps(answer) + END

    async def handle(self, request: Request, client: Client) -> bool:
        if not await self.admits(request, client):
            return False
        if request.path == "/signalrcore/negotiate":
            return self._negotiate(request, client)
        if request.path == "/signalrcore" and "upgrade" in request.headers:
            await self._talk(request, client)
            return False
        client.answer(404)
        return True

    def _negotiate(self, request: Request, client: Client) -> bool:
        if request.method == "OPTIONS":
            client.answer(200, Set_Cookie=COOKIE)
        elif "AWSALBCORS=chaos" not in request.headers.get("cookie", ""):
            client.answer(400, b"no cookie: another server's token")
        elif self._account_of(request) is None:
            client.answer(401)
        else:
            body = orjson.dumps({"negotiateVersion": 1, "connectionToken": "abc=="})
            client.answer(200, body, Content_Type="application/json")
        return True

    def _account_of(self, request: Request) -> bool | None:
        """Whether a request comes with an account; None when its token is not good."""
        bearer = request.headers.get("authorization")
        if bearer is None:
            return False
        return True if bearer == f"Bearer {PUBLIC_TOKEN}" else None

    async def _talk(self, request: Request, client: Client) -> None:
        account = self._account_of(request)
        if account is None or request.query.get("id") != "abc==":
            client.answer(401)
            return
        protocol = ServerProtocol()
        protocol.receive_data(request.raw)
        (opening,) = protocol.events_received()
        protocol.send_response(protocol.accept(opening))  # type: ignore[arg-type]  # a Request
        hub = Hub(client, protocol, account=account)
        hub.flush()
        self.connections += 1
        try:
            while data := await client.reader.read(65536):
                protocol.receive_data(data)
                for event in protocol.events_received():
                    if isinstance(event, SocketFrame) and event.opcode is Opcode.TEXT:
                        self._answer(hub, bytes(event.data))
                hub.flush()
                if protocol.close_expected():
                    return
        finally:
            self.hubs.discard(hub)

    def _answer(self, hub: Hub, text: bytes) -> None:
        for record in filter(None, text.split(END)):
            said = orjson.loads(record)
            if "protocol" in said:
                hub.send(b"{}" + END)
            elif said.get("type") == 1 and said.get("target") == "Subscribe":
                wanted = frozenset(said["arguments"][0])
                hub.topics = wanted if hub.account else wanted.difference(WITH_ACCOUNT)
                self.hubs.add(hub)
                hub.send(self.snapshot(hub, said["invocationId"]))
