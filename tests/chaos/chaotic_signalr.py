"""Serve the SignalR hub of `signalr_server` with faults, by a plan."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import datetime

from pitwall.wire.message import RawMessage
from tests.chaos import faults
from tests.chaos.faults import Fault
from tests.chaos.http_server import Client, Request, head_of
from tests.chaos.races import ShortRace, Topics
from tests.chaos.signalr_server import END, Hub, SignalRServer, record_of

_STATUSES = {"401", "403", "429", "502"}
_CUTTING = {*faults.LINK_FAULTS} - {"silent", "half_open", "two_hour_close"}
_EXTRA = {"unknown_topic", "bomb", "104", "wrong_shape"}


class ChaoticSignalR(SignalRServer):
    """A hub that follows a plan of faults.

    Attributes:
        withheld: Messages that a subscriber should have got and never did.
    """

    def __init__(
        self,
        race: ShortRace,
        now: Callable[[], datetime],
        plan: tuple[Fault, ...],
        rng: random.Random,
    ) -> None:
        super().__init__(race, now)
        self.withheld = 0
        self.plan = plan
        self._rng = rng
        self._began = now()
        self._deaf: set[Hub] = set()
        self._said = 0

    async def play(self) -> None:
        """Play the race, and cut connections as planned."""
        loop = asyncio.get_running_loop()
        for fault in self.plan:
            loop.call_later(fault.from_s, self._begin, fault)
        await super().play()

    def _begin(self, fault: Fault) -> None:
        for hub in list(self.hubs):
            if fault.kind in _CUTTING:
                hub.client.abort()
            elif fault.kind == "two_hour_close":
                hub.close()
            elif fault.kind == "half_open":
                self._deaf.add(hub)
            elif fault.kind == "silent":
                self._deaf.add(hub)
                delay_s = fault.to_s - fault.from_s
                asyncio.get_running_loop().call_later(delay_s, self._deaf.discard, hub)

    def _on(self) -> list[Fault]:
        at_s = (self.now() - self._began).total_seconds()
        return [fault for fault in self.plan if fault.lasts(at_s)]

    def _kinds(self) -> set[str]:
        return {fault.kind for fault in self._on()}

    async def admits(self, request: Request, client: Client) -> bool:
        """Refuse, stall or dribble while such a fault is on."""
        kinds = self._kinds()
        if refused := sorted(kinds & _STATUSES):
            if refused[0] == "429":
                client.answer(429, Retry_After="2")
            else:
                client.answer(int(refused[0]))
            return False
        if "dark" in kinds:
            await client.reader.read()  # until the client gives up
            return False
        if "slow_loris" in kinds:
            for byte in head_of(200, 1000):
                client.write(bytes([byte]))
                await asyncio.sleep(1)
            return False
        return await super().admits(request, client)

    def snapshot_topics(self) -> Topics:
        """Serve the state of long ago while that fault is on."""
        if "stale_snapshot" in self._kinds() and self.history:
            return self.history[0][1]
        return super().snapshot_topics()

    def snapshot(self, hub: Hub, invocation: str) -> bytes:
        """Serve half a snapshot, or an empty one, while such a fault is on."""
        kinds = self._kinds()
        if "empty_snapshot" in kinds:
            return b'{"type":3,"invocationId":"%b","result":{}}' % invocation.encode() + END
        whole = super().snapshot(hub, invocation)
        return whole[: len(whole) // 2] if "half_snapshot" in kinds else whole

    def _answer(self, hub: Hub, text: bytes) -> None:
        if hub not in self._deaf:
            super()._answer(hub, text)

    def ping(self, hub: Hub) -> None:
        """Ping, but not through a dead line."""
        if hub not in self._deaf:
            super().ping(hub)

    def send(self, message: RawMessage) -> None:
        """Send a message, and something true with apostrophes beside it while that is on."""
        super().send(message)
        drivers = self.topics.get("DriverList")
        if "apostrophe" in self._kinds() and isinstance(drivers, dict) and self._said < 5:
            self._said += 1
            car = self._rng.choice(sorted(key for key in drivers if key.isdigit()))
            super().send(faults.apostrophe(self._said, car, message))

    def deliver(self, hub: Hub, message: RawMessage) -> None:
        """Deliver a message through the faults that are on."""
        if hub in self._deaf:
            self.withheld += 1
            return
        due = [f.kind for f in self._on() if self._rng.random() < f.share]
        for kind in due:
            if kind in _EXTRA:
                hub.send(record_of(faults.untrue(kind, message, self._rng)))
            elif kind == "garbage":
                hub.send(faults.garbage(self._rng))
            elif kind.startswith("clock"):
                message = faults.jumped(message, kind)
            elif kind in {"nan", "huge"}:
                body = faults.spoilt(message.body, kind, self._rng)
                message = RawMessage(message.sent_at, message.topic, body)
        self._send_through(hub, record_of(message), set(due))

    def _send_through(self, hub: Hub, record: bytes, due: set[str]) -> None:
        if "lost" in due:
            self.withheld += 1
            return
        if "half" in due:
            self.withheld += 1
            record = record[: self._rng.randrange(1, len(record) - 1)]
        if "reorder" in due:
            asyncio.get_running_loop().call_later(self._rng.uniform(0, 1.5), hub.send, record)
        else:
            hub.send(record)
        if "duplicate" in due:
            asyncio.get_running_loop().call_later(self._rng.uniform(0, 2), hub.send, record)
