"""Whatever its OpenAPI lets one ask, the API answers as its OpenAPI says, and never with a 5xx."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from pitwall import services
from pitwall.accounts.cookie import SECURE_NAME
from pitwall.api.app import build_api
from pitwall.api.protection.around import Protection, protected
from pitwall.domain.limits import LimitPolicy, Standing
from pitwall.pipeline.stored import StoredForecasts
from pitwall.pipeline.track_record import TrackRecords
from pitwall.store import migrating
from pitwall.store.engine import Database, database_url
from pitwall.store.exporting import RaceExporter
from pitwall.store.ledger.reading import LedgerReader
from pitwall.store.reading import RaceReader
from tests.api.conftest import PASSWORD, House
from tests.api.test_live import a_frame
from tests.store.races import PREDICTOR, keep_small

IDENTITIES = ("guest", "user", "owner", "program")
EXAMPLES = 8
# A schema cannot say which passwords are common, which keys exist, or what belongs together: what
# it allows may still be refused, as documented. And 401 is not for the schema to provoke.
UNSAID = [positive_data_acceptance, ignored_auth]
ROUTES = sorted(
    (path, method) for path, methods in build_api().openapi()["paths"].items() for method in methods
)


class Patient:
    """A `RateLimiter` that lets everybody ask for ever."""

    async def take(self, policy: LimitPolicy, asker: str) -> Standing:
        return Standing(policy, bool(asker), policy.quota, policy.window_s)

    async def give_back(self, policy: LimitPolicy, asker: str) -> None: ...


class Known:
    """Everybody who asks, with what he comes."""

    def __init__(self, house: House) -> None:
        self._house = house

    def credentials(self, identity: str) -> dict[str, Any]:
        return asyncio.run(self._credentials(identity))

    async def _credentials(self, identity: str) -> dict[str, Any]:
        if identity == "guest":
            return {}
        email = f"{identity}@example.org"
        if await self._house.store.user_by_email(email) is None:
            await self._house.accounts.create(email, PASSWORD, is_owner=identity == "owner")
        log_in = await self._house.accounts.log_in(email, PASSWORD)
        if identity == "program":
            _, secret = await self._house.people.keys.create(log_in.account, "script")
            return {"headers": {"Authorization": f"Bearer {secret}"}}
        return {
            "cookies": {SECURE_NAME: log_in.token},
            "headers": {"Sec-Fetch-Site": "same-origin"},
        }


@pytest.fixture
def known(house: House, tmp_path: Path) -> Iterator[Known]:
    database = Database(database_url(None, tmp_path))
    asyncio.run(migrating.upgrade(database))
    asyncio.run(keep_small(database))
    reader = RaceReader(database)
    house.services = replace(
        house.services,
        limits=Patient(),
        what_if=house.services.what_if,
        kept=reader,
        exports=RaceExporter(database),
        stored_forecasts=StoredForecasts(reader, PREDICTOR),
        records=TrackRecords(LedgerReader(database)),
    )
    services.install(house.services)
    asyncio.run(house.live.publish(a_frame()))
    yield Known(house)
    asyncio.run(database.close())


@pytest.fixture
def schema(known: Known) -> BaseSchema:
    app = protected(build_api(), Protection())
    loaded = schemathesis.openapi.from_asgi("/openapi.json", app)
    # Who comes with what is this test's own matter; `test_guards` has wrong credentials.
    loaded.config.generation.update(with_security_parameters=False)
    return loaded


@pytest.mark.slow
@pytest.mark.parametrize("identity", IDENTITIES)
@pytest.mark.parametrize(("path", "method"), ROUTES)
def test_a_route_keeps_its_word(
    schema: BaseSchema, known: Known, path: str, method: str, identity: str
) -> None:
    operation = schema[path][method]
    credentials = known.credentials(identity)

    def ask_all(mode: GenerationMode) -> None:
        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=EXAMPLES, database=None)
        def ask(case: Case[Any]) -> None:
            case.call_and_validate(
                base_url="https://pitwall.example", excluded_checks=UNSAID, **credentials
            )

        ask()

    ask_all(GenerationMode.POSITIVE)
    with suppress(Unsatisfiable):  # what takes nothing cannot be asked wrongly
        ask_all(GenerationMode.NEGATIVE)
