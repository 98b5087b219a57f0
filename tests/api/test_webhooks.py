"""Test `/account/webhooks`: what accounts may register, and how they are told what is wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from pitwall import services
from pitwall.aio import end
from pitwall.api.app import build_api
from pitwall.api.rate_limits import TRY_WEBHOOK
from pitwall.domain.webhooks import DeliveryState, HookHealth, HookTotals
from pitwall.store.accounts import SqlAccountStore
from pitwall.store.database import Database
from pitwall.store.webhooks import SqlWebhookStore
from pitwall.webhooks.posting import Poster
from pitwall.webhooks.sender import Sender
from pitwall.webhooks.service import MOST_HOOKS, Webhooks
from pitwall.webhooks.targets import Targets, read_networks
from tests.accounts.memory import MemoryAccountStore
from tests.api.conftest import HOST, Clients, House
from tests.webhooks.makers import a_delivery
from tests.webhooks.receivers import answers, receiving

PATH = "/account/webhooks"
URL = "https://hooks.example.org/pitwall"
LOOPBACK = read_networks("127.0.0.0/8")


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def targets() -> Targets:
    return Targets(LOOPBACK, lambda host, _port: [host if host[0].isdigit() else "93.184.216.34"])


@pytest.fixture
def store(database: Database) -> SqlWebhookStore:
    return SqlWebhookStore(database)


@pytest.fixture
def house(database: Database, store: SqlWebhookStore, targets: Targets) -> House:
    """Keep accounts in the database, where webhooks refer to them."""
    house = House(store=cast("MemoryAccountStore", SqlAccountStore(database)))
    house.services = replace(house.services, webhooks=Webhooks(store, targets, _now))
    services.install(house.services)
    return house


@pytest.fixture
async def ada(clients: Clients) -> httpx.AsyncClient:
    return await clients.user()


@pytest.fixture
async def sender(store: SqlWebhookStore, targets: Targets) -> AsyncIterator[Sender]:
    sender = Sender(store, Poster(targets, targets, _now), lambda: True, _now)
    sending = asyncio.ensure_future(sender.run())
    yield sender
    await end(sending)


async def new(client: httpx.AsyncClient, **fields: object) -> dict[str, Any]:
    answer = await client.post(PATH, json={"url": URL} | fields)
    assert answer.status_code == 201, answer.text
    return cast("dict[str, Any]", answer.json())


async def test_register_show_change_and_delete(
    ada: httpx.AsyncClient, store: SqlWebhookStore
) -> None:
    hook = await new(ada, name="light", pass_below=0.1, drivers=["nor", "81"], role="attacker")
    secret = hook.pop("secret")
    assert secret.startswith("whsec_")
    assert (hook["kind"], hook["p_above"], hook["only_live"]) == ("generic", 0.4, True)
    assert (hook["events"], hook["drivers"]) == (["chance_above", "passed"], ["NOR", "81"])
    assert (await ada.get(PATH)).json() == [hook]
    assert (await ada.get(f"{PATH}/{hook['id']}")).json() == hook

    change = {"events": ["flag"], "pass_below": None, "paused": True, "drivers": []}
    changed = (await ada.patch(f"{PATH}/{hook['id']}", json=change)).json()
    assert changed.pop("paused_at") is not None
    kept = {name: value for name, value in hook.items() if name != "paused_at"}
    assert changed == kept | {"events": ["flag"], "pass_below": None, "drivers": []}
    resumed = (await ada.patch(f"{PATH}/{hook['id']}", json={"paused": False})).json()
    assert resumed == changed | {"paused_at": None}

    renewed = (await ada.post(f"{PATH}/{hook['id']}/secret")).json()
    assert renewed["secret"] != secret
    (stored,) = await store.active()
    assert stored.secret == renewed["secret"]
    assert (await ada.delete(f"{PATH}/{hook['id']}")).status_code == 204
    assert (await ada.get(PATH)).json() == []


async def test_the_command_of_the_docs_registers_a_webhook(ada: httpx.AsyncClient) -> None:
    text = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    command = text.partition("curl -s -b cookies")[2].partition("}'")[0]
    headers = dict(each.split(": ") for each in re.findall(r"-H '([^']*)'", command))
    body = command.partition("-d '")[2] + "}"
    headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in ada.cookies.items())
    ada.headers.pop("origin", None)

    answer = await ada.post(f"http://localhost:8000{PATH}", content=body, headers=headers)

    assert answer.status_code == 201, answer.text


async def test_a_webhook_is_its_owners_alone(clients: Clients, ada: httpx.AsyncClient) -> None:
    hook = await new(ada)
    bob = await clients.user("bob@example.org")
    path = f"{PATH}/{hook['id']}"
    assert (await bob.get(PATH)).json() == []
    for method, where in (
        ("GET", path),
        ("PATCH", path),
        ("DELETE", path),
        ("POST", f"{path}/test"),
        ("POST", f"{path}/secret"),
        ("POST", f"{path}/resend"),
        ("GET", f"{path}/deliveries"),
        ("POST", f"{path}/deliveries/{uuid4()}/resend"),
    ):
        answer = await bob.request(method, where, json={} if method == "PATCH" else None)
        assert answer.status_code == 404, (method, where)
        assert answer.json()["detail"] == f"You have no webhook {hook['id']}."
    guest, program = await clients.guest(), await clients.program(ada)
    assert (await guest.get(PATH)).status_code == 401
    assert (await program.get(PATH)).status_code == 403


@pytest.mark.parametrize(
    ("fields", "name", "reason"),
    [
        ({"url": "http://93.184.216.34/"}, "body.url", "must begin with https://"),
        ({"url": "https://10.0.0.1/"}, "body.url", "does not lead to the public internet"),
        ({"url": "https://a:b@hooks.example.org/"}, "body.url", "Leave user and password out"),
        ({"url": "https://ntfy.example.org/", "kind": "ntfy"}, "body.url", "one topic"),
        ({"url": ""}, "body.url", "at least 1 character"),
        ({"drivers": ["LANDO"]}, "body.drivers", "three letters or car numbers"),
        ({"events": []}, "body.events", "at least 1 item"),
        ({"events": ["test"]}, "body.events", "Choose at least one of"),
        ({"events": ["overtake"]}, "body.events.0", "'chance_above'"),
        ({"p_above": 40}, "body.p_above", "less than or equal to 1"),
        ({"pass_below": 0}, "body.pass_below", "greater than 0"),
        ({"role": "both"}, "body.role", "'attacker'"),
        ({"name": "a\u202eb"}, "body.name", "printable"),
        ({"colour": "red"}, "body.colour", "Extra inputs"),
    ],
)
async def test_a_problem_says_what_is_wrong(
    ada: httpx.AsyncClient, fields: dict[str, object], name: str, reason: str
) -> None:
    answer = await ada.post(PATH, json={"url": URL} | fields)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    (invalid,) = answer.json()["invalid"]
    assert invalid["name"] == name
    assert reason in invalid["reason"]


async def test_kinds_are_recognised_by_their_addresses(ada: httpx.AsyncClient) -> None:
    for url, kind in (
        ("https://ntfy.sh/my-battles", "ntfy"),
        ("https://discord.com/api/webhooks/1/abc", "discord"),
        (URL, "generic"),
    ):
        assert (await new(ada, url=url))["kind"] == kind
    assert (await new(ada, url="https://n.example.org/a", kind="ntfy"))["kind"] == "ntfy"


async def test_an_account_has_so_many_webhooks(ada: httpx.AsyncClient) -> None:
    for _ in range(MOST_HOOKS):
        await new(ada)
    answer = await ada.post(PATH, json={"url": URL})
    assert answer.status_code == 422
    assert f"You have {MOST_HOOKS} webhooks" in answer.json()["detail"]


async def test_a_test_says_what_came_of_it(ada: httpx.AsyncClient, sender: Sender) -> None:
    async with receiving(answers(204)) as receiver:
        hook = await new(ada, url=receiver.url())
        path = f"{PATH}/{hook['id']}"
        sent = (await ada.post(f"{path}/test")).json()
        assert (sent["state"], sent["status"], sent["error"]) == ("sent", 204, "")
        assert receiver.got[0].id == sent["id"]

        receiver.behave = answers(500)
        failed = (await ada.post(f"{path}/test")).json()
        assert (failed["state"], failed["attempts"]) == ("waiting", 1)
        assert failed["error"] == "The receiver answered 500."
        assert failed["next_at"] is not None
        now = (await ada.get(path)).json()
        assert (now["sent"], now["failed"], now["queued"], now["failures"]) == (1, 1, 1, 1)
        listed = (await ada.get(f"{path}/deliveries", params={"state": "sent"})).json()
        assert listed == [sent]
        await ada.patch(path, json={"paused": True})
        refused = await ada.post(f"{path}/test")
        assert refused.json()["detail"] == "This webhook is paused: resume it first."


async def test_tests_are_limited(ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pitwall.webhooks.service._TRIED_WITHIN_S", 0.0)
    hook = await new(ada)
    asked = [await ada.post(f"{PATH}/{hook['id']}/test") for _ in range(TRY_WEBHOOK.quota + 1)]
    assert [each.status_code for each in asked] == [200] * TRY_WEBHOOK.quota + [429]


async def test_dead_deliveries_are_listed_and_sent_again(
    ada: httpx.AsyncClient, store: SqlWebhookStore
) -> None:
    path = f"{PATH}/{(await new(ada))['id']}"
    (hook,) = await store.active()
    for seconds in range(3):
        delivery = a_delivery(hook, seconds)
        await store.enqueue(delivery)
        dead = replace(delivery, state=DeliveryState.DEAD, attempts=12, error="no", ended_at=_now())
        await store.settle(dead, HookHealth(1, _now(), None, "no"))

    letters = (await ada.get(f"{path}/deliveries", params={"state": "dead"})).json()
    assert [each["error"] for each in letters] == ["no"] * 3
    one = f"{path}/deliveries/{letters[0]['id']}/resend"
    assert (await ada.post(one)).json() == {"resent": 1}
    assert (await ada.post(one)).status_code == 404
    assert (await ada.post(f"{path}/resend")).json() == {"resent": 2}
    assert (await ada.get(path)).json()["queued"] == 3


async def test_health_counts_what_webhooks_do(clients: Clients, house: House) -> None:
    guest = await clients.guest()
    assert (await guest.get("/health")).json()["webhooks"] is None
    totals = HookTotals(hooks=2, queued=1, sent=9, failed=3, dead=1)
    services.install(replace(house.services, hook_totals=lambda: totals))
    assert (await guest.get("/health")).json()["webhooks"] == {
        "hooks": 2,
        "queued": 1,
        "sent": 9,
        "failed": 3,
        "dead": 1,
        "turned_away": 0,
    }


@pytest.mark.parametrize("path", ["/account/", "/account/webhooks"])
async def test_a_browser_gets_the_page_of_the_account_and_a_program_the_routes(
    house: House, path: str
) -> None:
    api = build_api()

    async def page(_request: object) -> PlainTextResponse:
        return PlainTextResponse("the page")

    api.mount("/", Starlette(routes=[Mount("/", routes=[Route("/{rest:path}", page)])]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=api), base_url=HOST) as client:
        opened = await client.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
        asked = await client.get(path, headers={"Accept": "application/json"})
    assert opened.text == "the page"
    assert asked.status_code == (404 if path == "/account/" else 401)
