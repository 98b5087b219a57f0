"""Drive a piece of Japan 2026 through a local OpenF1 that breaks, and keep score."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pitwall.domain.race import RaceState
from pitwall.domain.reducer import apply
from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.openf1 import OpenF1Access, OpenF1Account, OpenF1LiveFeed
from pitwall.feeds.openf1.frame_reader import MQTT, read_frame
from pitwall.feeds.openf1.row_merger import RowMerger
from pitwall.live.ingest import Backoff, Ingest
from pitwall.live.intake import Intake
from pitwall.wire.decode import decode
from pitwall.wire.message import RawFrame, Snapshot
from tests.chaos.compare import differences
from tests.chaos.faults import RACE_S, Fault, plan_of
from tests.chaos.openf1_broker import row_message
from tests.chaos.openf1_chaos import (
    LINK_FAULTS,
    MESSAGE_FAULTS,
    UNNOTICED,
    ChaoticBroker,
    ChaoticRest,
    Weather,
)
from tests.chaos.openf1_rows import SESSION, Story, Told, japan
from tests.chaos.openf1_server import PASSWORD, USER
from tests.chaos.pictures import FrameLog, a_publisher
from tests.chaos.survival import BEHIND, Survival
from tests.chaos.virtual_time import VirtualTimeLoop, run_virtually

ACCOUNT = OpenF1Account(USER, PASSWORD)
_START, _END = datetime(2026, 3, 29, 5, 15, tzinfo=UTC), datetime(2026, 3, 29, 6, 44, tzinfo=UTC)


class Truth:
    """The race as it is: every row of the story, read as it falls due and nothing lost."""

    def __init__(self, told: Sequence[Told], at: datetime) -> None:
        self.race = RaceState()
        self.lately: list[RaceState] = []
        self._merger = RowMerger(SESSION)
        for one in told:
            self._merger.take(one.endpoint, [one.row], one.at)
        self._apply(self._merger.whole_frame(at))

    def take(self, told: Told) -> None:
        """Apply one row."""
        self._merger.take(told.endpoint, [told.row], told.at)
        self._apply(RawFrame(told.at, row_message(told, 0), MQTT + told.endpoint))
        changed = self._merger.changed_frame(told.at)
        if changed is not None:
            self._apply(changed)

    def agrees(self, seen: RaceState) -> bool:
        """Whether a picture is right, or was within the last two seconds."""
        self.lately = [*self.lately[1 - BEHIND :], self.race]
        return any(not differences(seen, race) for race in reversed(self.lately))

    def _apply(self, frame: RawFrame) -> None:
        for part in read_frame(frame).parts:
            for message in part.messages if isinstance(part, Snapshot) else (part,):
                for event in decode(message).events:
                    self.race = apply(self.race, event)


class OpenF1Survival(Survival):
    """How one race went; OpenF1 has faults of its own that nobody can notice."""

    @property
    def noticed(self) -> bool:
        """Whether every fault is one that a client can notice."""
        return not any(fault.kind in UNNOTICED for fault in self.faults)


@dataclass
class Play:
    """A race that is being driven."""

    truth: Truth
    intake: Intake
    broker: ChaoticBroker
    result: Survival


def survive(shared: Path, seed: int) -> OpenF1Survival:
    """Run one seeded race; deterministic."""

    async def work(loop: VirtualTimeLoop) -> OpenF1Survival:
        rng = random.Random(seed)
        begins = _START + (_END - _START) * rng.random()
        story = piece_of(japan(shared), begins, loop.now())
        return await _survive(seed, story, plan_of(rng, MESSAGE_FAULTS + LINK_FAULTS), rng, loop)

    return run_virtually(work)


def piece_of(whole: Story, begins: datetime, now: datetime) -> Story:
    """Return a short race moved to begin now, with all that was told before it."""
    ends = begins + timedelta(seconds=RACE_S)
    told = whole.told[: len(whole.before(ends))]
    # A client that joins asks for the intervals of five minutes: what a car that retired
    # before them had last is nothing that it could know.
    old = begins - timedelta(minutes=4, seconds=30)
    kept = tuple(one for one in told if one.endpoint != "intervals" or one.at >= old)
    return Story(kept).moved(now - begins)


async def _survive(
    seed: int, story: Story, plan: tuple[Fault, ...], rng: random.Random, loop: VirtualTimeLoop
) -> OpenF1Survival:
    now = loop.now()
    weather = Weather(plan, loop.now)
    server = ChaoticRest(story, loop.now, weather)
    truth = Truth(story.before(now), now)
    cache, intake = FrameLog(), Intake(RaceEngine(None))
    publisher = a_publisher(loop, cache)
    result = OpenF1Survival(seed, "2026_Japanese_Grand_Prix_OpenF1", plan)
    broker = ChaoticBroker(story, loop.now, server, weather, rng)
    broker.on_told = truth.take
    async with server.http, broker:
        feed = OpenF1LiveFeed(
            OpenF1Access.of(server.http.url, ACCOUNT), broker.url, now=loop.now, rng=rng
        )
        ingest = Ingest(feed, intake, publisher, now=loop.now, backoff=Backoff(rng))
        running = asyncio.create_task(ingest.run())
        watching = asyncio.create_task(_watch(Play(truth, intake, broker, result), loop))
        try:
            await broker.play(now, now + timedelta(seconds=RACE_S))
            await asyncio.sleep(3)
            result.wrong = differences(intake.state.race, truth.race)
            if running.done():
                result.wrong.append(f"the ingest ended: {running.exception()!r}")
        finally:
            for task in (running, watching):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(running, watching, return_exceptions=True)
    tally, of_rows = intake.tally, feed.merger.tally if feed.merger else None
    return replace(
        result,
        sent=broker.sent,
        withheld=broker.withheld,
        applied=tally.applied,
        repeated=tally.repeated + (of_rows.repeated if of_rows else 0),
        overtaken=tally.overtaken + (of_rows.overtaken if of_rows else 0),
        malformed=tally.malformed,
        connections=broker.connections,
        gaps=len(ingest.gaps),
        longest_silence_s=cache.longest_silence_s,
    )


async def _watch(play: Play, loop: VirtualTimeLoop) -> None:
    over_s = max(fault.to_s for fault in play.result.faults)
    while True:
        await asyncio.sleep(0.25)
        agrees = play.truth.agrees(play.intake.state.race)
        if loop.time() >= over_s and agrees and play.result.recovery_s is None:
            play.result.recovery_s = loop.time() - over_s
