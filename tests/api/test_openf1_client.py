"""Test that a client of OpenF1, written by others, reads stored sessions unchanged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from openf1py.client import OpenF1Client

from pitwall.domain.records import Batch
from tests.api.conftest import HOST, Clients


class Bridge(httpx.BaseTransport):
    """Lets a client that blocks in a thread ask an app that runs in this loop."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._loop = asyncio.get_running_loop()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        asked = asyncio.run_coroutine_threadsafe(self._client.get(path), self._loop)
        answer = asked.result(timeout=30)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


@pytest.fixture
async def client(
    clients: Clients, kept: Batch, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OpenF1Client]:
    assert kept.laps
    monkeypatch.setattr(OpenF1Client, "BASE_URL", f"{HOST}/v1")
    with OpenF1Client(transport=Bridge(await clients.guest())) as client:
        yield client


async def test_it_reads_sessions_laps_and_gaps(client: OpenF1Client) -> None:
    (session,) = await asyncio.to_thread(client.sessions.list, year=2026)
    laps = await asyncio.to_thread(
        client.laps.list, session_key=session.session_key, driver_number=2
    )
    stints = await asyncio.to_thread(client.stints.list, session_key="latest")
    assert session.session_name == "Race"
    assert [(lap.lap_number, lap.lap_duration) for lap in laps] == [(1, 92.125)]
    assert [stint.compound for stint in stints] == ["SOFT", "SOFT"]


async def test_nothing_found_is_an_empty_list(client: OpenF1Client) -> None:
    assert await asyncio.to_thread(client.weather.list, session_key="latest") == []
