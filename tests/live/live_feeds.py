"""Provide live feeds that tests control, and an ingest on them in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from pitwall.domain.sessions import Source
from pitwall.engine.race_engine import RaceEngine
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.signalr import read_frame
from pitwall.live.ingest import Backoff, Ingest
from pitwall.live.intake import Intake
from pitwall.ports.feeds import FrameRecorder
from pitwall.wire.encode import utc_text
from pitwall.wire.message import RawFrame, RawMessage, Reading
from tests.chaos.pictures import FrameLog, a_publisher
from tests.chaos.signalr_server import HEARTBEAT_AHEAD, record_of
from tests.chaos.virtual_time import VirtualTimeLoop
from tests.makers import LIGHTS_OUT, a_duel

OPENING = a_duel(1)
SNAPSHOT = (
    b'{"type":3,"invocationId":"0","result":{'
    + b",".join(b'"%b":%b' % (m.topic.encode(), m.body) for m in OPENING[:5])
    + b',"Heartbeat":{"Utc":"NOW"},'
    + b'"TimingData":{"Lines":{"4":{"Line":1,"GapToLeader":"LAP 5"},"81":{"Line":2}}}}}\x1e'
)


def a_record(message: RawMessage) -> bytes:
    """Return the hub's record of a message."""
    return record_of(message)


@dataclass
class ScriptedFeed:
    """A feed whose connections wait for messages; `snapshot` opens each.

    Attributes:
        refused: Why connections fail; "" lets them be.
        asked: How often a snapshot was asked for.
        answers: Whether a snapshot can be asked for.
        dead: Whether what is asked goes nowhere.
    """

    loop: VirtualTimeLoop
    snapshot: bytes = SNAPSHOT
    refused: str = ""
    detail: str = ""
    name: str = "scripted"
    source: Source = Source.LIVE
    connections: int = 0
    asked: int = 0
    answers: bool = True
    dead: bool = False
    frames_to_come: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)

    async def frames(self) -> AsyncGenerator[RawFrame, None]:
        if self.refused:
            raise FeedUnavailableError(self.refused)
        self.connections += 1
        self.frames_to_come = asyncio.Queue()
        yield RawFrame(self.loop.now(), self._snapshot_now())
        while (text := await self.frames_to_come.get()) is not None:
            yield RawFrame(self.loop.now(), text)

    def read(self, frame: RawFrame) -> Reading:
        return read_frame(frame)

    async def ask_snapshot(self) -> bool:
        self.asked += 1
        if self.answers and not self.dead:
            self.say(self._snapshot_now())
        return self.answers

    def _snapshot_now(self) -> bytes:
        heartbeat = self.loop.now() + HEARTBEAT_AHEAD
        return self.snapshot.replace(b"NOW", utc_text(heartbeat).encode())

    def say(self, text: bytes) -> None:
        self.frames_to_come.put_nowait(text)

    def close(self) -> None:
        self.frames_to_come.put_nowait(None)

    async def talk(self, seconds: int, messages: Sequence[RawMessage] = ()) -> None:
        """Send one message a second."""
        for second in range(seconds):
            if messages:
                self.say(a_record(messages[second]))
            else:
                now = self.loop.now()
                self.say(a_record(RawMessage(now, "TimingData", b'{"Lines":{"81":{"Line":2}}}')))
            await asyncio.sleep(1)


@asynccontextmanager
async def ingesting(
    feed: ScriptedFeed, recorder: FrameRecorder | None = None
) -> AsyncIterator[tuple[FrameLog, Ingest, Intake]]:
    """Run an ingest on a feed."""
    log, intake, loop = FrameLog(), Intake(RaceEngine(None)), feed.loop
    backoff = Backoff(random.Random(1))
    ingest = Ingest(feed, intake, a_publisher(loop, log), recorder, loop.now, backoff)
    running = asyncio.create_task(ingest.run())
    try:
        yield log, ingest, intake
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


START = LIGHTS_OUT
