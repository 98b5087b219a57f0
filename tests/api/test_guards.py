"""Test what guests, users, programs with a key and the owner may do."""

from __future__ import annotations

import httpx
import pytest

from tests.api.conftest import PASSWORD, Clients, House

# The same in every run and on every worker: it is part of the names of tests.
NOBODYS = "5f0a3c9e-8a41-4b53-9d8e-2f6d6c1b7e90"
ADA = {"email": "ada@example.org", "password": PASSWORD}

MANAGING = [
    ("GET", "/auth/sessions", None),
    ("DELETE", "/auth/sessions", None),
    ("DELETE", f"/auth/sessions/{NOBODYS}", None),
    ("GET", "/auth/keys", None),
    ("POST", "/auth/keys", {"name": "x"}),
    ("DELETE", f"/auth/keys/{NOBODYS}", None),
    ("POST", "/auth/password", {"old_password": PASSWORD, "new_password": "x" * 10 + "yz"}),
    ("DELETE", "/auth/me", {"password": PASSWORD}),
]
OWNING = [("GET", "/auth/users", None), ("PATCH", f"/auth/users/{NOBODYS}", {"disabled": True})]


@pytest.mark.parametrize(("method", "path", "body"), [*MANAGING, *OWNING])
async def test_a_guest_gets_401(
    clients: Clients, method: str, path: str, body: dict[str, object] | None
) -> None:
    answer = await (await clients.guest()).request(method, path, json=body)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == 'Bearer realm="pitwall"'


@pytest.mark.parametrize(("method", "path", "body"), [*MANAGING, *OWNING])
async def test_a_key_manages_nothing(
    clients: Clients, method: str, path: str, body: dict[str, object] | None
) -> None:
    owner = await clients.user("owner@localhost", is_owner=True)
    program = await clients.program(owner)

    assert (await program.request(method, path, json=body)).status_code == 403
    assert (await owner.get("/auth/me")).status_code == 200


@pytest.mark.parametrize(("method", "path", "body"), OWNING)
async def test_a_user_is_no_owner(
    clients: Clients, method: str, path: str, body: dict[str, object] | None
) -> None:
    answer = await (await clients.user()).request(method, path, json=body)

    assert answer.status_code == 403
    assert answer.json()["detail"] == "Only the owner of the server may do this."


async def test_the_owner_shuts_and_opens_accounts_but_not_his_own(clients: Clients) -> None:
    owner = await clients.user("owner@localhost", is_owner=True)
    ada = await clients.user()
    users = {each["email"]: each for each in (await owner.get("/auth/users")).json()}
    adas, own = (f"/auth/users/{users[who]['id']}" for who in (ADA["email"], "owner@localhost"))

    assert "hash" not in str(users)
    assert (await owner.patch(adas, json={"disabled": True})).status_code == 204
    assert (await ada.get("/auth/me")).status_code == 401
    assert (await ada.post("/auth/login", json=ADA)).status_code == 401
    assert (await owner.patch(adas, json={"disabled": False})).status_code == 204
    assert (await ada.post("/auth/login", json=ADA)).status_code == 200
    assert (await owner.patch(own, json={"disabled": True})).status_code == 403
    assert (await owner.patch(OWNING[1][1], json={"disabled": True})).status_code == 404


async def test_nobody_reaches_the_log_ins_and_keys_of_another(clients: Clients) -> None:
    ada, bob = await clients.user(), await clients.user("bob@example.org")
    key = (await ada.post("/auth/keys", json={"name": "laptop"})).json()
    log_in = (await ada.get("/auth/sessions")).json()[0]

    assert (await bob.get("/auth/keys")).json() == []
    assert [each["id"] for each in (await bob.get("/auth/sessions")).json()] != [log_in["id"]]
    assert (await bob.delete(f"/auth/keys/{key['id']}")).status_code == 404
    assert (await bob.delete(f"/auth/sessions/{log_in['id']}")).status_code == 404
    assert (await ada.get("/auth/me")).status_code == 200
    assert len((await ada.get("/auth/keys")).json()) == 1


@pytest.mark.parametrize("value", ["Bearer nonsense", "Bearer ", "bearer pw_000000000000_x"])
async def test_a_key_that_is_none_is_said_to_be_none(clients: Clients, value: str) -> None:
    browser = await clients.user()  # a log-in beside it does not help

    answer = await browser.get("/auth/me", headers={"Authorization": value})

    assert (answer.status_code, answer.json()["detail"]) == (401, "This API key is not valid.")


async def test_asking_too_much_is_refused_for_a_minute(clients: Clients, house: House) -> None:
    program = await clients.program(await clients.user())
    answers: list[httpx.Response] = [await program.get("/auth/me") for _ in range(240)]

    assert answers[0].headers["ratelimit-policy"] == '"account";q=240;w=60'
    assert [answer.status_code for answer in answers[-2:]] == [200, 429]
    house.clock.now_s += 60
    assert (await program.get("/auth/me")).headers["ratelimit"] == '"account";r=239;t=60'
