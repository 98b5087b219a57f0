"""Test that the API answers as its OpenAPI schema says, and that its examples hold."""

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
from jsonschema_rs import Draft202012Validator
from schemathesis import Case, GenerationMode
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from pitwall import services
from pitwall.accounts.tokens import SECURE_NAME
from pitwall.analysis.track_record import TrackRecords
from pitwall.api import examples
from pitwall.api.app import build_api
from pitwall.api.problems import MEDIA_TYPE
from pitwall.api.protection.stack import Protection, protected
from pitwall.domain.limits import LimitPolicy, Standing
from pitwall.engine.clock import wall_now
from pitwall.replay.moments import StoredForecasts
from pitwall.store import migrations
from pitwall.store.accounts import SqlAccountStore
from pitwall.store.database import Database, database_url
from pitwall.store.ledger.reader import SqlLedgerReader
from pitwall.store.race_exporter import SqlRaceExporter
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.webhooks import SqlWebhookStore
from pitwall.webhooks.service import Webhooks
from pitwall.webhooks.targets import Targets
from tests.api.conftest import PASSWORD, Clients, House
from tests.live.frames import a_frame
from tests.store.races import PREDICTOR, keep_small, moments_of

IDENTITIES = ("guest", "user", "owner", "program")
EXAMPLES = 8
# A schema cannot say which passwords are common, which keys exist, or what belongs together: what
# it allows may still be refused, as documented. And 401 is not for the schema to provoke.
UNSAID = [positive_data_acceptance, ignored_auth]
BACKWARDS = f"from={examples.AT}&to={examples.OPENED_AT}"
OPENAPI: dict[str, Any] = build_api().openapi()
ROUTES = sorted((path, method) for path, methods in OPENAPI["paths"].items() for method in methods)

ENDLESS = {"/live-battles/stream"}  # an answer that never ends: see `test_live_stream`


class Patient:
    """A `RateLimiter` that lets everybody ask for ever."""

    async def take(self, policy: LimitPolicy, asker: str) -> Standing:
        return Standing(policy, bool(asker), policy.quota, policy.window_s)

    async def give_back(self, policy: LimitPolicy, asker: str) -> None: ...


class Known:
    """Everybody who asks, with the credentials that they send."""

    def __init__(self, house: House, database: Database) -> None:
        self._house = house
        self._stored = SqlAccountStore(database)  # to which their webhooks refer

    def credentials(self, identity: str) -> dict[str, Any]:
        return asyncio.run(self._credentials(identity))

    async def _credentials(self, identity: str) -> dict[str, Any]:
        if identity == "guest":
            return {}
        email = f"{identity}@example.org"
        if await self._house.store.user_by_email(email) is None:
            is_owner = identity == "owner"
            user = await self._house.accounts.create(email, PASSWORD, is_owner=is_owner)
            await self._stored.add_user(user)
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
    asyncio.run(migrations.upgrade(database))
    asyncio.run(keep_small(database))
    reader = SqlRaceReader(database)
    house.services = replace(
        house.services,
        limits=Patient(),
        what_if=house.services.what_if,
        stored_races=reader,
        exports=SqlRaceExporter(database),
        stored_forecasts=StoredForecasts(moments_of(reader), PREDICTOR),
        records=TrackRecords(SqlLedgerReader(database)),
        webhooks=Webhooks(
            SqlWebhookStore(database),
            Targets(resolve=lambda _host, _port: ["93.184.216.34"]),
            wall_now,
        ),
    )
    services.install(house.services)
    asyncio.run(house.live.publish(a_frame()))
    yield Known(house, database)
    asyncio.run(database.close())


@pytest.fixture(scope="module")
def schema() -> BaseSchema:
    """Read the schema once; what the routes work with is each test's own: see `known`."""
    app = protected(build_api(), Protection())
    loaded = schemathesis.openapi.from_asgi("/openapi.json", app)
    # Who comes with what is this test's own matter; `test_guards` has wrong credentials.
    loaded.config.generation.update(with_security_parameters=False)
    return loaded


@pytest.mark.slow
@pytest.mark.parametrize("identity", IDENTITIES)
@pytest.mark.parametrize(("path", "method"), [each for each in ROUTES if each[0] not in ENDLESS])
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


def described(openapi: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every property of every component and every parameter, with its schema."""
    for name, schema in openapi["components"]["schemas"].items():
        for field, part in schema.get("properties", {}).items():
            yield f"{name}.{field}", part
    for path, method in ROUTES:
        for parameter in openapi["paths"][path][method].get("parameters", ()):
            yield f"{method} {path} {parameter['name']}", parameter["schema"]


def problems_shown(openapi: dict[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    """Yield method, path, status and example of every documented problem."""
    for path, method in ROUTES:
        for status, response in openapi["paths"][path][method]["responses"].items():
            media = response.get("content", {}).get(MEDIA_TYPE)
            if media:
                yield method, path, status, media.get("example")


def is_shown_elsewhere(part: dict[str, Any]) -> bool:
    """Whether this is an object, or a list of objects, whose own fields have the examples."""
    if "anyOf" in part:
        kinds = [each for each in part["anyOf"] if each != {"type": "null"}]
        return all(is_shown_elsewhere(each) for each in kinds)
    if part.get("type") == "array":
        return is_shown_elsewhere(part["items"])
    target = part.get("$ref", "").rpartition("/")[2]
    return "properties" in OPENAPI["components"]["schemas"].get(target, {})


def valid(schema: dict[str, Any], value: Any) -> bool:
    whole = {"components": OPENAPI["components"], **schema}
    return Draft202012Validator(whole, validate_formats=True).is_valid(value)


def test_every_field_and_every_parameter_has_an_example() -> None:
    missing = [
        name
        for name, part in described(OPENAPI)
        if not part.get("examples") and not is_shown_elsewhere(part)
    ]

    assert missing == []


def test_every_example_is_what_its_schema_allows() -> None:
    wrong = [
        (name, example)
        for name, part in described(OPENAPI)
        for example in part.get("examples", ())
        if not valid(part, example)
    ]

    assert wrong == []


def test_every_documented_problem_shows_one_of_its_status() -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    shown = list(problems_shown(OPENAPI))
    wrong = [
        (method, path, status)
        for method, path, status, example in shown
        if not valid(problem, example) or str(example["status"]) != status
    ]

    assert shown
    assert wrong == []
    assert not [example for *_, example in shown if "{" in example["instance"]]


@pytest.mark.parametrize(
    ("method", "path", "asked", "status"),
    [
        ("get", "/live-battles", "/live-battles?min_p=2", 422),
        ("get", "/live-battles", "/live-battles", 503),
        ("get", "/live", "/live", 503),
        ("get", "/predict", "/predict?attacker=PIAS", 422),
        ("get", "/history", "/history?limit=1000", 422),
        ("get", "/history/{race_id}", f"/history/{examples.RACE_ID}?{BACKWARDS}", 422),
        ("post", "/auth/keys", "/auth/keys", 422),
        ("delete", "/auth/keys/{key_id}", f"/auth/keys/{examples.NO_UUID}", 422),
        ("delete", "/auth/keys/{key_id}", f"/auth/keys/{examples.KEY_ID}", 404),
        ("delete", "/auth/sessions/{log_in_id}", f"/auth/sessions/{examples.LOG_IN_ID}", 404),
        ("get", "/auth/me", "/auth/me", 401),
        ("get", "/auth/settings", "/auth/settings", 401),
    ],
)  # fmt: skip
async def test_a_problem_reads_as_its_example(
    clients: Clients, method: str, path: str, asked: str, status: int
) -> None:
    client = await (clients.guest() if status == 401 else clients.user())
    answer = (await client.request(method, asked)).json()
    media = OPENAPI["paths"][path][method]["responses"][str(status)]["content"][MEDIA_TYPE]

    said = ("status", "title", "detail", "instance", "invalid")
    assert {name: answer.get(name) for name in said} == {
        name: media["example"].get(name) for name in said
    }


def test_the_forecasts_in_the_examples_add_up() -> None:
    for mixed in (examples.PREDICTION_ROW, examples.WHAT_IF_MIXED):
        assert mixed["p_low"] <= mixed["p_high"] <= 1
        assert mixed.get("p_overtake", examples.WHAT_IF_P_OVERTAKE) <= mixed["p_overtake_3"]
    for experts in (examples.EXPERTS, examples.WHAT_IF_MIXED["experts"]):
        assert sum(each["weight"] for each in experts) == pytest.approx(1, abs=2e-4)
