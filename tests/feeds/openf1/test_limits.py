"""Test that OpenF1 is used within its documented limits, and that no viewer waits long for them.

The local server counts as OpenF1 documents: 3 requests a second and 30 a minute, 6 and 60 with an
account. Time is virtual.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pitwall.feeds.openf1 import OpenF1Access, OpenF1Account, OpenF1LiveFeed, OpenF1Rest
from pitwall.feeds.openf1.history_fetch import INTERVALS, TELEMETRY, HistoryFetcher
from pitwall.feeds.openf1.limits import PUBLIC_LIMITS, RequestBudget, Worth
from tests.chaos.http_server import Client, Request
from tests.chaos.openf1_broker import OpenF1Broker
from tests.chaos.openf1_rows import SESSION, Story, Told, japan
from tests.chaos.openf1_server import USER, OpenF1Server
from tests.chaos.virtual_time import VirtualTimeLoop, run_virtually
from tests.feeds.openf1.worlds import ACCOUNT, World, against_openf1, row, told, until_snapshot

TWO_HOURS_S = 7200.0
MID_RACE = datetime(2026, 3, 29, 6, 0, tzinfo=UTC)
AFTERWARDS = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
ANSWERED_AFTER_S = 0.25  # a round trip and OpenF1's own work


class SlowServer(OpenF1Server):
    """Answers after a while, as a server at the other end of the world does."""

    async def admits(self, request: Request, client: Client) -> bool:
        await asyncio.sleep(ANSWERED_AFTER_S)
        return True


@pytest.mark.parametrize(
    ("account", "within_s"), [(ACCOUNT, 5.0), (None, 25.0)], ids=["account", "free"]
)
def test_the_first_picture_of_a_live_race_comes_soon(
    shared: Path, account: OpenF1Account | None, within_s: float
) -> None:
    async def work(loop: VirtualTimeLoop) -> None:
        story = japan(shared)
        server = SlowServer(story, loop.now, in_session=account is not None)
        broker = OpenF1Broker(story, loop.now, lambda user, _token: user == USER)
        async with server.http, broker:
            access = OpenF1Access.of(server.http.url, account)
            feed = OpenF1LiveFeed(access, broker.url, now=loop.now)
            async with aclosing(feed.frames()) as frames:
                snapshot = await until_snapshot(feed, frames)

            bodies = [(message.topic, message.body) for message in snapshot.messages]
            assert any(topic == "DriverList" and b"RUS" in body for topic, body in bodies)
            assert sum(b'"GapToLeader"' in body for _, body in bodies) >= 20
            assert any(topic == "TimingAppData" for topic, _ in bodies)
            assert loop.time() <= within_s
            assert server.refused == 0

    run_virtually(work, MID_RACE)


@pytest.mark.parametrize(
    ("account", "within_s"), [(ACCOUNT, 5.0), (None, 25.0)], ids=["account", "free"]
)
def test_the_first_picture_of_a_past_race_comes_soon(
    shared: Path, account: OpenF1Account | None, within_s: float
) -> None:
    async def test(fetcher: HistoryFetcher, loop: VirtualTimeLoop) -> None:
        while not fetcher.is_ready:  # noqa: ASYNC110  a thread waits for it, not a task
            await asyncio.sleep(0.1)
        assert loop.time() <= within_s
        assert len(fetcher.session().of("drivers")) == 22

    against_history(japan(shared), test, account)


def against_history(
    story: Story,
    test: Callable[[HistoryFetcher, VirtualTimeLoop], Awaitable[None]],
    account: OpenF1Account | None = None,
    server_of: type[OpenF1Server] = SlowServer,
) -> OpenF1Server:
    """Fetch a race hours after its end while `test` looks on; return the server."""
    servers: list[OpenF1Server] = []

    async def work(loop: VirtualTimeLoop) -> None:
        server = server_of(story, loop.now, in_session=False)
        servers.append(server)
        async with server.http:
            access = OpenF1Access.of(server.http.url, account)
            fetcher = HistoryFetcher(access, str(SESSION))
            async with OpenF1Rest(access, now=loop.now) as rest:
                fetching = asyncio.create_task(fetcher.fetch(rest))
                await test(fetcher, loop)
                fetching.cancel()
                await asyncio.gather(fetching, return_exceptions=True)

    run_virtually(work, AFTERWARDS)
    return servers[0]


def a_race_with_telemetry() -> Story:
    """Return two hours of one car, with telemetry every ten seconds."""
    begins = AFTERWARDS - timedelta(hours=5)
    session = {
        "session_key": SESSION,
        "session_name": "Race",
        "date_start": begins.isoformat(),
        "date_end": (begins + timedelta(hours=2)).isoformat(),
    }
    words = [Told(begins, "sessions", session)]
    for n in range(720):
        at = begins + timedelta(seconds=10 * n)
        words += [
            Told(at, "car_data", row(at, speed=n % 300)),
            Told(at, "location", row(at, x=n, y=n, z=0)),
        ]
        if n % 6 == 0:
            words += [
                Told(at, "position", row(at, position=1)),
                Told(at, "intervals", row(at, interval=0.5)),
            ]
    return Story(tuple(sorted(words, key=lambda one: one.at)))


async def until_complete(fetcher: HistoryFetcher, loop: VirtualTimeLoop) -> list[str]:
    said: list[str] = []
    while progress := fetcher.progress:
        said.append(progress)
        await asyncio.sleep(1)
    return said


def rows_by_endpoint(fetcher: HistoryFetcher) -> dict[str, int]:
    counts = dict.fromkeys((INTERVALS, *TELEMETRY), 0)
    for piece in fetcher.pieces():
        counts[piece.endpoint] += len(fetcher.rows(piece))
    return counts


@pytest.mark.parametrize("account", [ACCOUNT, None], ids=["account", "free"])
def test_history_and_telemetry_come_complete_and_say_how_far_they_are(
    account: OpenF1Account | None,
) -> None:
    async def test(fetcher: HistoryFetcher, loop: VirtualTimeLoop) -> None:
        said = await until_complete(fetcher, loop)

        assert rows_by_endpoint(fetcher) == {"intervals": 120, "car_data": 720, "location": 720}
        assert any("complete until 08:" in progress for progress in said)
        assert loop.time() < 180

    server = against_history(a_race_with_telemetry(), test, account)
    assert server.refused == 0


class CrowdedServer(OpenF1Server):
    """Counts another program at the same address, which sends 20 requests a minute."""

    others: datetime | None = None

    def too_often_for_s(self, *, has_account: bool) -> float:
        now = self.now().replace(microsecond=0)
        if now.second % 3 == 0 and now != self.others:
            self.others = now
            super().too_often_for_s(has_account=has_account)
        return super().too_often_for_s(has_account=has_account)


def test_history_comes_complete_where_another_program_uses_up_the_limits() -> None:
    async def test(fetcher: HistoryFetcher, loop: VirtualTimeLoop) -> None:
        await until_complete(fetcher, loop)

        assert rows_by_endpoint(fetcher) == {"intervals": 120, "car_data": 720, "location": 720}

    server = against_history(a_race_with_telemetry(), test, server_of=CrowdedServer)
    assert server.refused > 0


class BreakingServer(OpenF1Server):
    """Fails, refuses everything for a session of others, and answers too late, again and again."""

    async def admits(self, request: Request, client: Client) -> bool:
        number = len(self.asked)
        if number > 12 and number % 3:
            client.answer((502, 401, 429)[number // 3 % 3], Retry_After="40")
            await client.writer.drain()
            return False
        return True


def test_history_waits_for_as_long_as_it_is_refused_and_says_why() -> None:
    async def test(fetcher: HistoryFetcher, loop: VirtualTimeLoop) -> None:
        said = await until_complete(fetcher, loop)

        assert rows_by_endpoint(fetcher) == {"intervals": 120, "car_data": 720, "location": 720}
        assert any("Trying again." in progress for progress in said)

    against_history(a_race_with_telemetry(), test, server_of=BreakingServer)


@pytest.mark.parametrize("account", [ACCOUNT, None], ids=["account", "free"])
def test_no_request_of_two_hours_is_one_too_many(account: OpenF1Account | None) -> None:
    async def test(world: World) -> None:
        frames = 0

        async def read() -> None:
            nonlocal frames
            async with aclosing(world.feed.frames()) as opened:
                async for _ in opened:
                    frames += 1

        reading = asyncio.create_task(read())
        world.tasks.append(reading)
        for _ in range(int(TWO_HOURS_S // 60)):
            await asyncio.sleep(60)
            await world.feed.ask_snapshot()  # as the ingest does
        assert not reading.done()
        assert frames > 1000
        assert world.server.refused == 0
        if account is None:  # nothing but polling
            polled = [asked for asked in world.server.asked if "/v1/intervals" in asked]
            assert len(polled) / (TWO_HOURS_S / 60) > 6  # a minute

    against_openf1(
        test, told(-5, "position", position=2), account=account, in_session=account is not None
    )


def test_a_budget_serves_by_worth() -> None:
    async def work(loop: VirtualTimeLoop) -> None:
        budget, order = RequestBudget(PUBLIC_LIMITS), []

        async def ask(worth: Worth) -> None:
            async with budget.request(worth):
                order.append(worth)

        for _ in range(3):
            await ask(Worth.TELEMETRY)
        waiting = (Worth.TELEMETRY, Worth.DETAIL, Worth.PICTURE, Worth.LIVE)
        await asyncio.gather(*(ask(worth) for worth in waiting))
        assert order[3:] == sorted(waiting)

    run_virtually(work)


def test_a_budget_learns_from_a_refusal_and_forgets_it_slowly() -> None:
    async def work(loop: VirtualTimeLoop) -> None:
        budget = RequestBudget(PUBLIC_LIMITS)
        await asyncio.sleep(10)
        budget.refused(loop.time(), 12.0)
        assert budget.per_minute == 22
        async with budget.request(Worth.TOKEN):
            assert loop.time() == pytest.approx(22, abs=0.1)
        for _ in range(10):
            await asyncio.sleep(61)
            budget.accepted(loop.time())
        assert budget.per_minute == 30

    run_virtually(work)


def test_telemetry_leaves_room_for_what_cannot_wait() -> None:
    async def work(loop: VirtualTimeLoop) -> None:
        budget = RequestBudget(PUBLIC_LIMITS)

        async def fetch() -> None:
            while True:
                async with budget.request(Worth.TELEMETRY):
                    pass

        fetching = asyncio.create_task(fetch())
        await asyncio.sleep(40)  # by now it has used up its part of the minute
        asked_s = loop.time()
        async with budget.request(Worth.PICTURE):
            assert loop.time() - asked_s < 1.5
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)

    run_virtually(work)
