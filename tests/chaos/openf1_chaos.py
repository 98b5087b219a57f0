"""Serve OpenF1's REST and MQTT with faults, by a plan for each seed."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from datetime import datetime

import orjson

from tests.chaos.faults import Fault
from tests.chaos.http_server import Client, Request, head_of
from tests.chaos.openf1_broker import Listener, OpenF1Broker
from tests.chaos.openf1_rows import Story
from tests.chaos.openf1_server import OpenF1Server

# What befalls single messages of MQTT while the fault lasts.
MESSAGE_FAULTS = (
    "lost",
    "duplicate",
    "reorder",
    "half",
    "nan",
    "huge",
    "clock_behind",
    "clock_ahead",
    "apostrophe",
    "unknown_topic",
    "another_session",
    "old_version",
    "garbage",
)
# What befalls MQTT and REST: the open connection is cut, and what follows fares badly.
LINK_FAULTS = (
    "cut",
    "mqtt_refused",
    "mqtt_dark",
    "token_revoked",
    "401",
    "403",
    "429",
    "502",
    "slow_loris",
    "rest_dark",
    "half_open",
)
# Nothing tells of a message that never came, or whose row was put aside: the routine look does.
UNNOTICED = frozenset({"lost", "clock_ahead", "clock_behind"})
_REST_FAULTS = frozenset({"401", "403", "429", "502"})
_NUMBER = re.compile(rb"(?<=[:,])-?\d+\.\d+(?=[,}])")


class Weather:
    """Which faults are on now."""

    def __init__(self, plan: tuple[Fault, ...], now: Callable[[], datetime]) -> None:
        self.plan = plan
        self._now = now
        self._began = now()

    def on(self) -> list[Fault]:
        """Return the faults that are on."""
        at_s = (self._now() - self._began).total_seconds()
        return [fault for fault in self.plan if fault.lasts(at_s)]

    def kinds(self) -> set[str]:
        """Return their kinds."""
        return {fault.kind for fault in self.on()}


class ChaoticRest(OpenF1Server):
    """REST that follows a plan."""

    def __init__(self, story: Story, now: Callable[[], datetime], weather: Weather) -> None:
        super().__init__(story, now, in_session=True)
        self._weather = weather

    async def admits(self, request: Request, client: Client) -> bool:
        """Refuse, stall or dribble while such a fault is on."""
        kinds = self._weather.kinds()
        if refused := sorted(kinds & _REST_FAULTS):
            if refused[0] == "429":
                client.answer(429, Retry_After="2")
            else:
                client.answer(int(refused[0]))
            await client.writer.drain()
            return False
        if "rest_dark" in kinds:
            await client.reader.read()  # until the client gives up
            return False
        if "slow_loris" in kinds:
            for byte in head_of(200, 1000):
                client.write(bytes([byte]))
                await asyncio.sleep(1)
            return False
        return True


class ChaoticBroker(OpenF1Broker):
    """MQTT that follows a plan.

    Attributes:
        withheld: Messages that a subscriber should have got and never did.
    """

    def __init__(
        self,
        story: Story,
        now: Callable[[], datetime],
        server: ChaoticRest,
        weather: Weather,
        rng: random.Random,
    ) -> None:
        super().__init__(story, now, self._account)
        self.withheld = 0
        self._rest = server
        self._weather = weather
        self._rng = rng
        self._deaf: set[Listener] = set()
        self._past: dict[str, bytes] = {}

    def _account(self, user: str, password: str) -> bool:
        return self._rest.knows(password) and "mqtt_refused" not in self._weather.kinds()

    async def play(self, since: datetime, until: datetime) -> None:
        """Publish the story, and cut connections as planned."""
        loop = asyncio.get_running_loop()
        for fault in self._weather.plan:
            loop.call_later(fault.from_s, self._begin, fault)
        await super().play(since, until)

    def _begin(self, fault: Fault) -> None:
        if fault.kind not in LINK_FAULTS:
            return
        if fault.kind == "token_revoked":
            self._rest.tokens.clear()
        for listener in list(self.listeners):
            if fault.kind == "half_open":
                self._deaf.add(listener)
            else:
                listener.client.abort()

    async def welcome(self, client: Client) -> bool:
        """Answer nobody while that fault is on."""
        if "mqtt_dark" in self._weather.kinds():
            await client.reader.read()
            return False
        return True

    def deliver(self, listener: Listener, topic: str, payload: bytes) -> None:
        """Deliver a message through the faults that are on."""
        if listener in self._deaf:
            self.withheld += 1
            return
        due = {f.kind for f in self._weather.on() if self._rng.random() < f.share}
        for kind in sorted(due):
            self._add(kind, listener, topic, payload)
        self._past[topic] = payload
        self._send_through(listener, topic, self._spoilt(payload, due), due)

    def _add(self, kind: str, listener: Listener, topic: str, payload: bytes) -> None:
        """Send something beside a message: untrue, or true and odd."""
        row = orjson.loads(payload)
        if kind == "unknown_topic":
            listener.publish("v1/team_radio", payload)
        elif kind == "garbage":
            listener.publish(topic, self._rng.choice((b"", b"[]", b"[" * 5000, b"\xff\xfe", b"7")))
        elif kind == "another_session":
            other = row | {"session_key": 9999, "position": 1, "interval": 0.1, "lap_number": 70}
            listener.publish(topic, orjson.dumps(other))
        elif kind == "old_version" and topic in self._past:
            listener.publish(topic, self._past[topic])

    def _spoilt(self, payload: bytes, due: set[str]) -> bytes:
        found = list(_NUMBER.finditer(payload))
        if found and due & {"nan", "huge"}:
            match = self._rng.choice(found)
            huge = (b"1e308", b'"' + b"9" * 60 + b'"', b"-99999999999999999999999999.5")
            value = b"NaN" if "nan" in due else self._rng.choice(huge)
            payload = payload[: match.start()] + value + payload[match.end() :]
        for kind, year in (("clock_ahead", b"2027-"), ("clock_behind", b"2025-")):
            if kind in due:
                payload = payload.replace(b'"date":"2026-', b'"date":"' + year)
        if "apostrophe" in due and b'"air_temperature"' in payload:
            payload = payload.replace(b"{", b'{"note":"DELL\'EMILIA \\"TURN 1\\"",', 1)
        return payload

    def _send_through(self, listener: Listener, topic: str, payload: bytes, due: set[str]) -> None:
        loop = asyncio.get_running_loop()
        if "lost" in due:
            self.withheld += 1
            return
        if "half" in due:
            self.withheld += 1
            payload = payload[: self._rng.randrange(1, len(payload) - 1)]
        if "reorder" in due:
            loop.call_later(self._rng.uniform(0, 1.5), listener.publish, topic, payload)
        else:
            listener.publish(topic, payload)
        if "duplicate" in due:
            loop.call_later(self._rng.uniform(0, 2), listener.publish, topic, payload)
