"""Test `GET /ledger`: open to all programs, while a browser gets the page."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from pitwall import services
from pitwall.analysis.track_record import TrackRecords
from pitwall.api.app import build_api
from pitwall.store.database import Database
from pitwall.store.ledger.reader import SqlLedgerReader
from tests.api.conftest import HOST, House
from tests.store.ledgers import SECONDS, forecasts, outcomes, write

AS_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def ask(path: str, **headers: str) -> httpx.Response:
    api = build_api()

    async def page(_request: object) -> PlainTextResponse:
        return PlainTextResponse("the page")

    api.mount("/", Starlette(routes=[Mount("/", routes=[Route("/{rest:path}", page)])]))
    transport = httpx.ASGITransport(app=api)
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        return await client.get(path, headers=headers)


@pytest.fixture
def ledger(house: House, database: Database) -> Database:
    records = TrackRecords(SqlLedgerReader(database))
    services.install(replace(house.services, records=records))
    return database


async def test_what_came_of_forecasts_is_told_to_everybody(ledger: Database) -> None:
    await write(ledger, forecasts(), outcomes(passed={0, 1}))

    answer = await ask("/ledger")

    assert answer.status_code == 200
    told = answer.json()
    assert (told["made"], told["forecasts"], told["head"]["number"]) == ("live", SECONDS, 4)
    assert told["overall"]["came_true"] == told["overall"]["passes"] == 2
    assert sum(one["forecasts"] for one in told["reliability"]) == SECONDS
    assert told["races"][0]["can_be_replayed"] is True
    assert told["worst"][0]["attacker"] == 2
    assert (await ask("/ledger?made=import")).json()["overall"] is None


async def test_an_empty_ledger_is_an_answer(ledger: Database) -> None:
    told = (await ask("/ledger")).json()

    assert (told["head"], told["forecasts"], told["overall"]) == (None, 0, None)


async def test_a_browser_is_given_the_page_at_the_same_address(ledger: Database) -> None:
    answer = await ask("/ledger")
    assert answer.headers["vary"] == "Accept"

    for path in ("/ledger", "/ledger/"):
        assert (await ask(path, **AS_BROWSER)).text == "the page", path
    assert (await ask("/ledger/anything")).status_code == 404
    assert (await ask("/ledger?made=never")).status_code == 422


async def test_without_a_database_there_is_no_ledger(house: House) -> None:
    answer = await ask("/ledger")

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
