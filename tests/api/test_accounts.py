"""Test `/auth` from the outside: cookies, keys, limits, and what is never revealed."""

from __future__ import annotations

import json
import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import pytest

from pitwall.accounts.rules import account_key
from pitwall.api.account_schemas import NO_SUCH_THEME, SettingsBody
from pitwall.api.app import build_api
from pitwall.api.protection.stack import Protection, protected
from pitwall.store.accounts import SqlAccountStore
from pitwall.store.database import Database
from tests.accounts.memory import MemoryAccountStore
from tests.api.conftest import HOST, PASSWORD, Clients, House

ROOT = Path(__file__).parents[2]
ADA = {"email": "ada@example.org", "password": PASSWORD}
WRONG = ADA | {"password": "a wrong password"}


async def test_register_log_in_and_out(clients: Clients) -> None:
    browser = await clients.guest()
    assert (await browser.get("/auth/me")).status_code == 401

    registered = await browser.post("/auth/register", json=ADA)
    logged_in = await browser.post("/auth/login", json=ADA)
    me = await browser.get("/auth/me")
    logged_out = await browser.post("/auth/logout")

    assert registered.status_code == 202
    assert (logged_in.status_code, logged_in.json()["email"]) == (200, ADA["email"])
    assert me.json() == logged_in.json()
    assert me.json()["role"] == "user"
    assert logged_out.status_code == 204
    assert not browser.cookies
    assert (await browser.get("/auth/me")).status_code == 401


async def test_the_old_cookie_opens_nothing_after_logging_out(clients: Clients) -> None:
    browser = await clients.user()
    stolen = browser.cookies["pitwall"]
    await browser.post("/auth/logout")

    browser.cookies.set("pitwall", stolen)

    assert (await browser.get("/auth/me")).status_code == 401


@pytest.mark.parametrize(
    ("base_url", "cookie"),
    [
        (HOST, "pitwall={}; HttpOnly; Max-Age=7776000; Path=/; SameSite=lax"),
        (
            "https://pitwall.example",
            "__Host-pitwall={}; HttpOnly; Max-Age=7776000; Path=/; SameSite=lax; Secure",
        ),
    ],
)
async def test_the_cookie_is_as_strict_as_the_scheme_allows(
    clients: Clients, house: House, base_url: str, cookie: str
) -> None:
    await house.accounts.create(ADA["email"], PASSWORD)
    browser = await clients.guest(base_url, Origin=base_url)

    answer = await browser.post("/auth/login", json=ADA)

    ((_, token),) = answer.cookies.items()
    assert answer.headers["set-cookie"] == cookie.format(token)
    assert len(token) == 43
    assert answer.headers["cache-control"] == "no-store"
    assert token not in answer.text
    assert (await browser.get("/auth/me")).status_code == 200


async def test_passwords_are_not_taken_over_plain_http_from_elsewhere(clients: Clients) -> None:
    there = "http://192.168.1.5:8000"
    browser = await clients.guest(there, Origin=there)

    answer = await browser.post("/auth/login", json=ADA)

    assert answer.status_code == 403
    assert "PITWALL_PLAIN_HTTP" in answer.json()["detail"]


async def test_unknown_email_wrong_password_and_shut_account_get_one_answer(
    clients: Clients, house: House
) -> None:
    user = await house.accounts.create("bob@example.org", PASSWORD)
    await house.accounts.create(ADA["email"], PASSWORD)
    await house.people.admin.disable(user.id)
    browser = await clients.guest()

    answers = [
        await browser.post("/auth/login", json=who)
        for who in (WRONG, ADA | {"email": "x@y.z"}, ADA | {"email": "bob@example.org"})
    ]

    assert {answer.status_code for answer in answers} == {401}
    said = [answer.json() | {"request_id": ""} for answer in answers]
    assert said[0] == said[1] == said[2]
    assert said[0]["detail"] == "E-mail or password is wrong."


async def test_registering_does_not_tell_whether_an_email_is_taken(clients: Clients) -> None:
    browser = await clients.guest()

    first = await browser.post("/auth/register", json=ADA)
    again = await browser.post("/auth/register", json=WRONG)

    assert (first.status_code, first.json()) == (again.status_code, again.json())


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (ADA | {"email": "ada"}, "body.email"),
        (ADA | {"password": "short"}, "body.password"),
        (ADA | {"password": "password123"}, "body.password"),
        ({"email": "ada@example.org"}, "body.password"),
        (ADA | {"is_owner": True}, "body.is_owner"),
    ],
)
async def test_a_refused_field_is_named(
    clients: Clients, sent: dict[str, object], field: str
) -> None:
    answer = await (await clients.guest()).post("/auth/register", json=sent)

    assert answer.status_code == 422
    assert [each["name"] for each in answer.json()["invalid"]] == [field]


async def test_guessing_is_slowed_by_account(clients: Clients, house: House) -> None:
    await house.accounts.create(ADA["email"], PASSWORD)
    browser = await clients.guest()
    for _ in range(10):
        assert (await browser.post("/auth/login", json=WRONG)).status_code == 401

    refused = await browser.post("/auth/login", json=ADA)

    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "900"
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["ratelimit-policy"] == (
        '"login-address";q=20;w=300, "login-account";q=10;w=900'
    )
    assert refused.headers["ratelimit"] == ('"login-address";r=9;t=300, "login-account";r=0;t=900')
    house.clock.now_s += 900
    assert (await browser.post("/auth/login", json=ADA)).status_code == 200


SPELLINGS = ["\uff21da@example.org", "ADA@example.org", " ada@example.org", "ad\uff41@example.org",
             "ada\uff20example.org", "ada@example\uff0eorg", "\U0001d41ada@example.org",
             "ada@ex\u1d43mple.org", "ada@e\u2093ample.org", "ada@example.\u1d52rg"]  # fmt: skip


async def test_guessing_is_slowed_by_account_however_its_email_is_spelt(
    clients: Clients, house: House
) -> None:
    await house.accounts.create(ADA["email"], PASSWORD)
    browser = await clients.guest()
    for spelling in SPELLINGS:
        assert account_key(spelling) == ADA["email"]
        answer = await browser.post("/auth/login", json=WRONG | {"email": spelling})
        assert answer.status_code == 401

    last = "\uff41\uff44\uff41@example.org"
    assert (await browser.post("/auth/login", json=ADA | {"email": last})).status_code == 429
    assert (await browser.post("/auth/login", json=ADA)).status_code == 429


async def test_guessing_is_slowed_by_address(clients: Clients) -> None:
    browser = await clients.guest()
    for number in range(20):
        await browser.post("/auth/login", json=ADA | {"email": f"{number}@example.org"})

    assert (await browser.post("/auth/login", json=ADA)).status_code == 429


async def test_logging_in_often_is_no_guessing(clients: Clients, house: House) -> None:
    await house.accounts.create(ADA["email"], PASSWORD)
    browser = await clients.guest()

    for _ in range(15):
        assert (await browser.post("/auth/login", json=ADA)).status_code == 200

    assert len((await browser.get("/auth/sessions")).json()) == 1


async def test_changing_the_password_ends_the_other_log_ins_and_keeps_the_keys(
    clients: Clients,
) -> None:
    here = await clients.user()
    elsewhere = await clients.guest()
    await elsewhere.post("/auth/login", json=ADA)
    program = await clients.program(here)

    wrong = await here.post(
        "/auth/password", json={"old_password": "no", "new_password": "brand new engine"}
    )
    right = await here.post(
        "/auth/password", json={"old_password": PASSWORD, "new_password": "brand new engine"}
    )

    assert (wrong.status_code, wrong.json()["invalid"][0]["name"]) == (422, "body.old_password")
    assert right.status_code == 204
    assert (await here.get("/auth/me")).status_code == 200
    assert (await elsewhere.get("/auth/me")).status_code == 401
    assert (await program.get("/auth/me")).json()["role"] == "api"


async def test_log_ins_are_listed_and_ended(clients: Clients) -> None:
    here = await clients.user()
    elsewhere = await clients.guest(**{"User-Agent": "Phone"})
    await elsewhere.post("/auth/login", json=ADA)

    listed = (await here.get("/auth/sessions")).json()
    other = next(each for each in listed if not each["current"])
    ended = await here.delete(f"/auth/sessions/{other['id']}")

    assert [each["current"] for each in listed].count(True) == 1
    assert other["user_agent"] == "Phone"
    assert "token" not in str(listed)
    assert ended.status_code == 204
    assert (await elsewhere.get("/auth/me")).status_code == 401
    assert (await here.delete(f"/auth/sessions/{other['id']}")).status_code == 404
    await elsewhere.post("/auth/login", json=ADA)
    assert (await here.delete("/auth/sessions")).json() == {"ended": 1}


async def test_a_key_is_shown_once_and_opens_until_it_is_revoked(clients: Clients) -> None:
    browser = await clients.user()
    made = await browser.post("/auth/keys", json={"name": "laptop"})
    key = made.json()["key"]
    bearer = {"Authorization": f"Bearer {key}"}
    program = await clients.guest()

    assert made.status_code == 201
    assert key.startswith(made.json()["prefix"] + "_")
    assert (await program.get("/auth/me", headers=bearer)).json()["role"] == "api"
    listed = await browser.get("/auth/keys")
    assert key not in listed.text
    assert listed.json()[0]["last_used_at"] is not None
    assert (await browser.delete(f"/auth/keys/{made.json()['id']}")).status_code == 204
    assert (await program.get("/auth/me", headers=bearer)).status_code == 401


async def test_deleting_the_account_takes_the_password_and_then_everything(
    clients: Clients, house: House
) -> None:
    browser = await clients.user()
    program = await clients.program(browser)

    refused = await browser.request("DELETE", "/auth/me", json={"password": "wrong"})
    done = await browser.request("DELETE", "/auth/me", json={"password": PASSWORD})

    assert (refused.status_code, done.status_code) == (422, 204)
    assert not browser.cookies
    assert (await program.get("/auth/me")).status_code == 401
    assert await house.store.users() == []


async def test_proofs_of_the_password_are_limited_too(clients: Clients) -> None:
    browser = await clients.user()
    for _ in range(10):
        await browser.request("DELETE", "/auth/me", json={"password": "wrong"})

    answer = await browser.request("DELETE", "/auth/me", json={"password": PASSWORD})

    assert answer.status_code == 429


@pytest.fixture
def chosen_house(database: Database) -> House:
    """Return a house whose accounts are in the real database."""
    return House(store=cast("MemoryAccountStore", SqlAccountStore(database)))


async def test_what_a_user_chose_follows_the_account_and_ends_with_it(
    chosen_house: House, protection: Protection
) -> None:
    chosen = {"theme": "light", "names": "full", "drivers": "NOR, LEC"}
    async with AsyncExitStack() as stack:
        clients = Clients(protected(build_api(), protection), chosen_house, stack)
        laptop = await clients.user("ada@example.org")
        phone = await clients.guest()
        await phone.post("/auth/login", json=ADA)
        stranger = await clients.user("bob@example.org")
        assert (await phone.get("/auth/settings")).json() == {}

        kept = await laptop.put("/auth/settings", json=chosen)

        assert (kept.status_code, kept.content) == (204, b"")
        assert (await phone.get("/auth/settings")).json() == chosen
        assert (await stranger.get("/auth/settings")).json() == {}
        await phone.put("/auth/settings", json={"theme": "dark"})
        answer = await laptop.get("/auth/settings")
        assert answer.json() == {"theme": "dark"}
        assert answer.headers["cache-control"] == "no-store"
        proof = {"password": PASSWORD}
        assert (await laptop.request("DELETE", "/auth/me", json=proof)).status_code == 204
        await laptop.post("/auth/register", json=ADA)
        await laptop.post("/auth/login", json=ADA)
        assert (await laptop.get("/auth/settings")).json() == {}


@pytest.mark.parametrize(
    ("sent", "field", "reason"),
    [
        ({"theme": "pink"}, "body.theme", NO_SUCH_THEME),
        ({"colour": "red"}, "body.colour", "Extra inputs are not permitted"),
        ({"drivers": "x" * 61}, "body.drivers", "String should have at most 60 characters"),
        ({"sound": True}, "body.sound", "Input should be 'no' or 'yes'"),
        ([], "body", "Input should be a valid dictionary or object to extract fields from"),
    ],
)
async def test_a_setting_that_is_none_changes_nothing(
    clients: Clients, sent: object, field: str, reason: str
) -> None:
    browser = await clients.user()
    await browser.put("/auth/settings", json={"theme": "light"})

    answer = await browser.put("/auth/settings", json=sent)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["invalid"] == [{"name": field, "reason": reason}]
    assert (await browser.get("/auth/settings")).json() == {"theme": "light"}


async def test_settings_are_for_log_ins_of_the_servers_own_pages(clients: Clients) -> None:
    browser, guest = await clients.user(), await clients.guest()
    key = (await browser.post("/auth/keys", json={"name": "script"})).json()["key"]
    program = {"Authorization": f"Bearer {key}"}
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}

    answers = [
        await guest.get("/auth/settings"),
        await guest.put("/auth/settings", json={}),
        await guest.get("/auth/settings", headers=program),
        await guest.put("/auth/settings", json={}, headers=program),
        await browser.put("/auth/settings", json={"theme": "light"}, headers=elsewhere),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 403, 403, 403]
    assert (await browser.get("/auth/settings")).json() == {}


async def test_a_stored_setting_that_is_no_longer_known_is_left_out(
    clients: Clients, house: House
) -> None:
    browser = await clients.user()
    (user,) = await house.store.users()
    await house.store.keep_settings(user.id, {"theme": "sepia", "old": "x", "names": "full"})

    assert (await browser.get("/auth/settings")).json() == {"names": "full"}


def test_the_browser_and_the_server_know_the_same_settings() -> None:
    script = (ROOT / "assets" / "settings.js").read_text(encoding="utf-8")
    known = re.search(r"const CHOICES = (\{.*?\});", script, re.DOTALL)
    of_device = re.search(r"const OF_THIS_DEVICE = (\[.*?\]);", script)
    assert known
    assert of_device
    plain = re.sub(r"//.*", "", known[1]).replace("null", "null,").replace(",,", ",")
    plain = re.sub(r"(\w+):", r'"\1":', plain)
    choices = json.loads(re.sub(r",\s*\}", "}", plain))
    shared = {name: each for name, each in choices.items() if name not in json.loads(of_device[1])}

    fields = SettingsBody.model_json_schema()["properties"]
    values = {name: field["anyOf"][0].get("enum") for name, field in fields.items()}

    assert values == shared
