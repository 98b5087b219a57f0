"""Test that a Redis restart under two recording workers loses nothing and is reported."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from redis import Redis

from pitwall.domain.stored_races import RaceFilter
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.store.database import Database, database_url
from pitwall.store.ledger.verifier import verify
from pitwall.store.race_reader import SqlRaceReader
from tests.browser.conftest import Server
from tests.servers.ports import free_port
from tests.servers.redis import RedisServer
from tests.sockets.raw import LIVE, RawSocket

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.alone]

SOON_S = 30.0


def details(server: Server) -> set[str]:
    """Return what the workers say of themselves; which of them is asked is chance."""
    said = [httpx.get(f"{server.url}/health", timeout=10).json()["detail"] for _ in range(4)]
    return {str(each) for each in said}


async def until_told(server: Server, is_right: Callable[[set[str]], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not is_right(await asyncio.to_thread(details, server)):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_redis_restarted_while_a_race_is_recorded_costs_nothing(
    built: None, redis_server: RedisServer, postgres_url: str, tmp_path: Path
) -> None:
    server = Server(
        free_port(),
        tmp_path,
        PITWALL_REDIS_URL=redis_server.url,
        PITWALL_DATABASE_URL=postgres_url,
        PITWALL_WORKERS="2",
        PITWALL_SPEED="10",
    )
    await asyncio.to_thread(server.start)
    try:
        async with RawSocket(server.port) as tab:
            await until_told(server, lambda said: said == {""})
            for how in ("kill", "shutdown", "kill"):
                if how == "shutdown":
                    with Redis.from_url(redis_server.url) as asking:
                        asking.shutdown(nosave=True)
                redis_server.kill()
                await until_told(server, lambda said: all("Redis" in each for each in said))
                await asyncio.sleep(2.5)  # longer than a lease: one goes on alone
                await asyncio.to_thread(redis_server.start)
                await until_told(server, lambda said: said == {""})
                had = len(tab.deltas(LIVE))
                await tab.until(lambda had=had: len(tab.deltas(LIVE)) > had + 8)  # type: ignore[misc]
                await asyncio.sleep(6.0)  # a minute of the race, in which the next chunk is made
    finally:
        await asyncio.to_thread(server.stop)

    database = Database(database_url(postgres_url, tmp_path))
    reader = SqlRaceReader(database)
    (found,), _ = await reader.races(RaceFilter(), 10)
    kept = await reader.messages(await reader.race(found.id))
    ledger = await verify(database)
    await database.close()
    fed = SimulatedFeed(7).messages()
    assert kept == [next(fed) for _ in kept]
    assert len(kept) == found.messages
    assert ledger.forecasts == ledger.compared > 0
