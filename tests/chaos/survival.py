"""Drive one short race through the chaos server, and keep score."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pitwall.domain.race import RaceState
from pitwall.domain.reducer import apply
from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.f1_live import F1LiveFeed
from pitwall.feeds.signalr import dumped
from pitwall.feeds.timed_lines import topic_rank
from pitwall.live.ingest import Backoff, Ingest
from pitwall.live.intake import Intake
from pitwall.wire.decode import decode
from pitwall.wire.message import RawMessage
from tests.chaos.chaotic_signalr import ChaoticSignalR
from tests.chaos.compare import differences
from tests.chaos.faults import RACE_S, UNNOTICED, Fault, plan_of
from tests.chaos.pictures import FrameLog, a_publisher
from tests.chaos.races import Topics, load, shortened
from tests.chaos.signalr_server import PUBLIC_TOKEN, record_of
from tests.chaos.virtual_time import VirtualTimeLoop, run_virtually

__all__ = ["Survival", "record_of", "survive"]

LOOK_EVERY_S = 0.25
ODD_PAUSES = 10  # mean times between messages, before anyone can call a silence odd
BEHIND = 8  # looks: a picture may be two seconds old, by reordering and the quarter-second tick


@dataclass
class Survival:
    """How one race went.

    Attributes:
        recovery_s: From the end of the last fault until the state was right; None if never.
        longest_silence_s: Between two frames published.
        wrong: What was wrong at the end, in words.
    """

    seed: int
    race: str
    faults: tuple[Fault, ...]
    sent: int = 0
    withheld: int = 0
    applied: int = 0
    repeated: int = 0
    overtaken: int = 0
    malformed: int = 0
    connections: int = 0
    gaps: int = 0
    recovery_s: float | None = None
    longest_silence_s: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def noticed(self) -> bool:
        """Whether every fault is one that a client can notice.

        A silence that is nothing odd for this race is none: its messages vanished like lost ones.
        """
        return not any(
            fault.kind in UNNOTICED
            or (fault.kind == "silent" and fault.to_s - fault.from_s < ODD_PAUSES * self.pause_s)
            for fault in self.faults
        )

    @property
    def pause_s(self) -> float:
        """Mean time between two messages of this race."""
        return RACE_S / max(self.sent, 1)


class Truth:
    """The race as it is: every message of the recording, applied as it falls due."""

    def __init__(self, server: ChaoticSignalR, loop: VirtualTimeLoop) -> None:
        self.race = RaceState()
        self._lately: deque[tuple[RaceState, Topics]] = deque(maxlen=BEHIND)
        self._server = server
        self._loop = loop
        for message in self._messages(server.race.opening):
            self.take(message)

    def take(self, message: RawMessage) -> None:
        """Apply one message."""
        self.race = _applied(self.race, message)

    def differences(self, seen: RaceState) -> list[str]:
        """Return what is wrong in a picture now."""
        return self._differences(seen, self.race, self._server.topics)

    def agrees(self, seen: RaceState) -> bool:
        """Whether a picture is right, or was within the last two seconds."""
        self._lately.append((self.race, dict(self._server.topics)))
        return any(not differences(seen, race) for race, _ in self._lately) or any(
            not self._differences(seen, race, topics) for race, topics in self._lately
        )

    def _differences(self, seen: RaceState, race: RaceState, topics: Topics) -> list[str]:
        """Compare with the race as followed, and as who came this moment would see it."""
        fresh = RaceState()
        for message in self._messages(topics):
            fresh = _applied(fresh, message)
        return differences(seen, race, fresh)

    def _messages(self, topics: Topics) -> Iterator[RawMessage]:
        for topic in sorted(topics, key=topic_rank):
            yield RawMessage(self._loop.now(), topic, dumped(topics[topic]))


def _applied(race: RaceState, message: RawMessage) -> RaceState:
    for event in decode(message).events:
        race = apply(race, event)
    return race


def survive(recording: Path, seed: int) -> Survival:
    """Run one seeded race; deterministic."""

    async def work(loop: VirtualTimeLoop) -> Survival:
        rng = random.Random(seed)
        race = shortened(load(recording), rng, RACE_S, loop.now())
        server = ChaoticSignalR(race, loop.now, plan_of(rng), rng)
        return await _survive(seed, server, rng, loop)

    return run_virtually(work)


async def _survive(
    seed: int, server: ChaoticSignalR, rng: random.Random, loop: VirtualTimeLoop
) -> Survival:
    truth = Truth(server, loop)
    server.on_message = truth.take
    cache, intake = FrameLog(), Intake(RaceEngine(None))
    publisher = a_publisher(loop, cache)
    result = Survival(seed, server.race.name, server.plan)
    async with server.http:
        token = rng.choice(("", "", PUBLIC_TOKEN, "refused.token"))
        feed = F1LiveFeed(token, server.http.url, loop.now)
        ingest = Ingest(feed, intake, publisher, now=loop.now, backoff=Backoff(rng))
        running = asyncio.create_task(ingest.run())
        watching = asyncio.create_task(_watch(result, truth, intake, loop))
        try:
            await server.play()
            await asyncio.sleep(3)
            result.wrong = truth.differences(intake.state.race)
            if running.done():
                result.wrong.append(f"the ingest ended: {running.exception()!r}")
        finally:
            for task in (running, watching):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(running, watching, return_exceptions=True)
    _count(result, server, intake)
    result.gaps = len(ingest.gaps)
    result.longest_silence_s = cache.longest_silence_s
    return result


async def _watch(result: Survival, truth: Truth, intake: Intake, loop: VirtualTimeLoop) -> None:
    over_s = max(fault.to_s for fault in result.faults)
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        agrees = truth.agrees(intake.state.race)
        if loop.time() >= over_s and agrees and result.recovery_s is None:
            result.recovery_s = loop.time() - over_s


def _count(result: Survival, server: ChaoticSignalR, intake: Intake) -> None:
    tally = intake.tally
    result.sent, result.withheld = server.sent, server.withheld
    result.applied, result.repeated = tally.applied, tally.repeated
    result.overtaken, result.malformed = tally.overtaken, tally.malformed
    result.connections = server.connections
