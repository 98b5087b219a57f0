"""Provide the API with accounts behind all its protections, and clients to use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from pitwall import services
from pitwall.accounts.admin import AccountAdmin
from pitwall.accounts.keys import ApiKeys
from pitwall.accounts.service import Accounts
from pitwall.api.app import build_api
from pitwall.api.protection.stack import Protection, protected
from pitwall.cache.memory import MemoryLiveCache, MemoryRateLimiter
from pitwall.domain.records import Batch, KeyframePlace
from pitwall.domain.stored_races import HistoryPage, RaceFilter, RaceSummary
from pitwall.domain.timeline import Timeline
from pitwall.errors import RaceNotFoundError, SelectionError
from pitwall.live.publishing import FrameRing
from pitwall.prediction.what_if import MixtureWhatIf
from pitwall.replay.moments import StoredForecasts
from pitwall.store.database import Database
from pitwall.store.race_exporter import SqlRaceExporter
from pitwall.store.race_reader import SqlRaceReader
from pitwall.wire.message import RawMessage
from tests.accounts.memory import MemoryAccountStore, quick_passwords
from tests.makers import shipped
from tests.store.races import PREDICTOR, keep_small, moments_of

HOST = "http://localhost:8000"
PASSWORD = "an engine of brass"
OWN_PAGE = {"Sec-Fetch-Site": "same-origin", "Origin": HOST}


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


class NoRaces:
    """A `SqlRaceReader` of an empty database."""

    async def races(
        self, wanted: RaceFilter, limit: int, after: str | None = None
    ) -> tuple[list[RaceSummary], str | None]:
        assert wanted.year is None or limit > 0
        if after is not None:
            raise SelectionError(f"The cursor {after} is damaged.")
        return [], None

    async def race(self, race_id: str) -> RaceSummary:
        raise RaceNotFoundError(f"No race {race_id!r} is stored here.")

    async def page(self, *_asked: Any) -> HistoryPage:
        return HistoryPage((), None)

    async def keyframe(self, *_asked: Any) -> None:
        return None

    async def keyframe_places(self, *_asked: Any) -> list[KeyframePlace]:
        return []

    async def timeline(self, race: RaceSummary) -> Timeline:
        raise RaceNotFoundError(f"No race {race.id!r} is stored here.")

    async def messages(self, *_asked: Any) -> list[RawMessage]:
        return []


@dataclass
class House:
    """Everything behind the API's door."""

    clock: Clock = field(default_factory=Clock)
    store: MemoryAccountStore = field(default_factory=MemoryAccountStore)
    live: MemoryLiveCache = field(default_factory=MemoryLiveCache)

    def __post_init__(self) -> None:
        passwords = quick_passwords()
        self.accounts = Accounts(self.store, passwords)
        self.people = services.People(
            self.accounts, ApiKeys(self.store), AccountAdmin(self.store, passwords)
        )
        self.services = services.Services(
            live=self.live,
            tab_is_open=lambda _token: True,
            frame_buffer=FrameRing(),
            accounts=self.people,
            limits=MemoryRateLimiter(self.clock),
            stored_races=NoRaces(),
            what_if=MixtureWhatIf(shipped()),
        )
        services.install(self.services)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def protection() -> Protection:
    return Protection()


@pytest.fixture
def app(house: House, protection: Protection) -> ASGIApp:
    return protected(build_api(), protection)


class Clients:
    """Opens clients, each a browser or a program of its own."""

    def __init__(self, app: ASGIApp, house: House, stack: AsyncExitStack) -> None:
        self._app = app
        self._house = house
        self._stack = stack

    async def guest(self, base_url: str = HOST, **headers: str) -> httpx.AsyncClient:
        """Open a browser on a page of the server."""
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        client = httpx.AsyncClient(
            transport=transport, base_url=base_url, headers=OWN_PAGE | headers
        )
        return await self._stack.enter_async_context(client)

    async def user(
        self, email: str = "ada@example.org", *, is_owner: bool = False
    ) -> httpx.AsyncClient:
        """Open a browser in which somebody new has logged in."""
        await self._house.accounts.create(email, PASSWORD, is_owner=is_owner)
        client = await self.guest()
        answer = await client.post("/auth/login", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200
        return client

    async def program(self, of: httpx.AsyncClient) -> httpx.AsyncClient:
        """Open a program with an API key of somebody who is logged in."""
        key = (await of.post("/auth/keys", json={"name": "script"})).json()["key"]
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        client = httpx.AsyncClient(
            transport=transport, base_url=HOST, headers={"Authorization": f"Bearer {key}"}
        )
        return await self._stack.enter_async_context(client)


@pytest.fixture
async def clients(app: ASGIApp, house: House) -> AsyncIterator[Clients]:
    async with AsyncExitStack() as stack:
        yield Clients(app, house, stack)


@pytest.fixture
async def kept(database: Database, house: House) -> AsyncIterator[Batch]:
    """The made-up race, kept, behind the API's door."""
    reader = SqlRaceReader(database)
    services.install(
        replace(
            house.services,
            stored_races=reader,
            exports=SqlRaceExporter(database),
            stored_forecasts=StoredForecasts(moments_of(reader), PREDICTOR),
        )
    )
    yield await keep_small(database)
    services.install(house.services)


@pytest.fixture
async def program(clients: Clients, kept: Batch) -> httpx.AsyncClient:
    return await clients.program(await clients.user())
