"""Run a local OpenF1 for a test: REST, a broker, and a piece of Japan 2026 in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pitwall.feeds.openf1 import OpenF1Access, OpenF1Account, OpenF1LiveFeed
from pitwall.wire.message import RawFrame, Snapshot
from tests.chaos.openf1_broker import OpenF1Broker
from tests.chaos.openf1_rows import MEETING, SESSION, Row, Story, Told
from tests.chaos.openf1_server import PASSWORD, USER, OpenF1Server
from tests.chaos.virtual_time import VirtualTimeLoop, run_virtually

ACCOUNT = OpenF1Account(USER, PASSWORD)


def row(at: datetime, car: int = 4, **fields: object) -> Row:
    """Return a row of the session, stamped."""
    keys = {"session_key": SESSION, "meeting_key": MEETING, "driver_number": car}
    return keys | {"date": at.isoformat()} | fields


def told(
    after_s: float, endpoint: str, car: int = 4, **fields: object
) -> Callable[[datetime], Told]:
    """Return a word that falls due some seconds after the beginning."""

    def at(begins: datetime) -> Told:
        due = begins + timedelta(seconds=after_s)
        return Told(due, endpoint, row(due, car, **fields))

    return at


def described(begins: datetime) -> list[Told]:
    """Return the session, told a minute before it begins."""
    before = begins - timedelta(minutes=1)
    session = {
        "session_key": SESSION,
        "meeting_key": MEETING,
        "session_name": "Race",
        "session_type": "Race",
        "date_start": begins.isoformat(),
        "date_end": (begins + timedelta(hours=2)).isoformat(),
        "gmt_offset": "09:00:00",
        "circuit_short_name": "Suzuka",
        "country_name": "Japan",
    }
    driver = {"session_key": SESSION, "driver_number": 4, "name_acronym": "NOR"}
    return [
        Told(before, "meetings", {"meeting_key": MEETING, "meeting_name": "Japanese Grand Prix"}),
        Told(before, "sessions", session),
        Told(before, "drivers", driver),
    ]


@dataclass
class World:
    """What a test talks to."""

    feed: OpenF1LiveFeed
    server: OpenF1Server
    broker: OpenF1Broker
    loop: VirtualTimeLoop
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def play(self, lasts_s: float) -> None:
        """Publish what falls due within the next seconds, and let it arrive."""
        now = self.loop.now()
        await self.broker.play(now, now + timedelta(seconds=lasts_s))
        await asyncio.sleep(0.1)


Test = Callable[[World], Awaitable[None]]


def against_openf1(
    test: Test,
    *words: Callable[[datetime], Told],
    account: OpenF1Account | None = ACCOUNT,
    in_session: bool = True,
) -> None:
    """Run `test` in virtual time against a local OpenF1 that tells `words`."""

    async def work(loop: VirtualTimeLoop) -> None:
        begins = loop.now()
        tale = sorted((word(begins) for word in words), key=lambda one: one.at)
        story = Story((*described(begins), *tale))
        server = OpenF1Server(story, loop.now, in_session=in_session)
        broker = OpenF1Broker(
            story, loop.now, lambda user, token: user == USER and server.knows(token)
        )
        async with server.http, broker:
            feed = OpenF1LiveFeed(
                OpenF1Access.of(server.http.url, account), broker.url, now=loop.now
            )
            world = World(feed, server, broker, loop)
            try:
                await test(world)
            finally:
                for task in world.tasks:
                    task.cancel()
                await asyncio.gather(*world.tasks, return_exceptions=True)
                await asyncio.sleep(0.1)  # transports close in the loop's next turns

    run_virtually(work)


async def until_snapshot(feed: OpenF1LiveFeed, frames: AsyncGenerator[RawFrame, None]) -> Snapshot:
    """Return the next snapshot."""
    async for frame in frames:
        for part in feed.read(frame).parts:
            if isinstance(part, Snapshot):
                return part
    raise AssertionError
