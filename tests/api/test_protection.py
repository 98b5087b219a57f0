"""Test request ids, security headers and refusals around every answer."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import httpx
import pytest
from starlette.responses import HTMLResponse
from starlette.types import Message, Scope

from pitwall import logs
from pitwall.api.protection.content_policy import content_policy, hashes_of_pages
from pitwall.api.protection.stack import Protection, protected
from tests.api.conftest import HOST, PASSWORD, Clients

ELSEWHERE = "https://evil.example"
FRIEND = "https://friend.example"
ADA = {"email": "ada@example.org", "password": PASSWORD}


async def test_every_answer_has_a_request_id_and_says_it_in_its_problems(clients: Clients) -> None:
    browser = await clients.guest()

    made = await browser.get("/auth/me")
    taken = await browser.get("/auth/me", headers={"X-Request-ID": "from-the-proxy"})
    forged = await browser.get("/auth/me", headers={"X-Request-ID": "x\tERROR forged"})

    assert re.fullmatch("[0-9a-f]{32}", made.headers["x-request-id"])
    assert made.json()["request_id"] == made.headers["x-request-id"]
    assert taken.headers["x-request-id"] == "from-the-proxy"
    assert re.fullmatch("[0-9a-f]{32}", forged.headers["x-request-id"])


async def test_log_records_of_a_request_carry_its_id(clients: Clients) -> None:
    shown: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            shown.append(self.format(record))

    handler = Keeping()
    handler.setFormatter(logs.FieldFormatter(show_time=False))
    handler.addFilter(logs.RequestIdFilter())
    logger = logging.getLogger("pitwall.accounts.service")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        answer = await (await clients.guest()).post("/auth/register", json=ADA)
        logger.info("outside")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)

    opened, outside = shown
    assert opened.endswith(f"request_id={answer.headers['x-request-id']}")
    assert "request_id" not in outside


async def test_browsers_are_told_what_pages_may_do(clients: Clients) -> None:
    answer = await (await clients.guest()).get("/nothing-here")

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("path", ["/assets/page-C05F7ecy.js", "/tower.js"])
async def test_a_file_is_bound_to_run_as_no_page(clients: Clients, path: str) -> None:
    answer = await (await clients.guest()).get(path)

    policy = "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["content-security-policy"] == policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "permissions-policy" not in answer.headers
    # Nothing is there, and that must not be remembered.
    assert answer.status_code == 404
    assert "immutable" not in answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["/replay/x.png", "/nothing.js"])
async def test_a_page_is_a_page_whatever_its_address_ends_in(path: str) -> None:
    app = protected(HTMLResponse("a page"), Protection())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get(path)

    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"


async def test_what_a_worker_may_do_is_said_with_its_script(clients: Clients) -> None:
    answer = await (await clients.guest()).get("/offline.js")

    assert "connect-src 'self'" in answer.headers["content-security-policy"]


async def test_over_https_browsers_are_told_to_stay_there(clients: Clients) -> None:
    answer = await (await clients.guest("https://pitwall.example")).get("/health")

    assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_an_unexpected_failure_is_protected_too(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await clients.user()
    monkeypatch.setattr("pitwall.api.accounts.KeyOut", None)
    await browser.post("/auth/keys", json={"name": "x"})

    answer = await browser.get("/auth/keys")

    assert answer.status_code == 500
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "content-security-policy" in answer.headers
    assert "ratelimit" in answer.headers


def test_the_policy_names_the_scripts_inside_the_built_pages(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes(b'<script type="module">1</script><script src="/a.js">')

    hashes = hashes_of_pages(tmp_path)

    assert hashes == {"'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"}
    assert f"script-src 'self' {next(iter(hashes))};" in content_policy(hashes) + ";"
    assert hashes_of_pages(tmp_path / "not-built") == frozenset()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": ELSEWHERE},
        {"Sec-Fetch-Site": "", "Origin": "null"},
        {"Sec-Fetch-Site": "", "Origin": "http://localhost:9000"},
        {"Sec-Fetch-Site": "", "Origin": ""},
    ],
)
async def test_another_site_changes_nothing_with_the_visitors_cookie(
    clients: Clients, headers: dict[str, str]
) -> None:
    browser = await clients.user()

    answer = await browser.delete("/auth/sessions", headers=headers)

    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert "x-request-id" in answer.headers


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "", "Origin": HOST}, {"Sec-Fetch-Site": "none", "Origin": ""}]
)
async def test_own_pages_change_things(clients: Clients, headers: dict[str, str]) -> None:
    browser = await clients.user()

    assert (await browser.delete("/auth/sessions", headers=headers)).status_code == 200


async def test_another_site_logs_nobody_in(clients: Clients) -> None:
    browser = await clients.guest(**{"Sec-Fetch-Site": "cross-site", "Origin": ELSEWHERE})

    assert (await browser.post("/auth/login", json=ADA)).status_code == 403


async def test_a_program_without_cookie_needs_no_origin(clients: Clients) -> None:
    program = await clients.guest(**{"Sec-Fetch-Site": "", "Origin": ""})

    assert (await program.post("/auth/register", json=ADA)).status_code == 202


async def test_no_other_site_may_read_unless_it_is_named(clients: Clients) -> None:
    browser = await clients.guest(Origin=ELSEWHERE)
    asking = {"Access-Control-Request-Method": "GET"}

    plain = await browser.get("/health")
    preflight = await browser.options("/health", headers=asking)

    assert not [name for name in plain.headers if name.startswith("access-control-")]
    assert preflight.status_code == 403


class TestNamedOrigin:
    @pytest.fixture
    def protection(self) -> Protection:
        return Protection(cors_origins=frozenset({FRIEND}))

    async def test_may_read(self, clients: Clients) -> None:
        browser = await clients.guest(Origin=FRIEND)
        asking = {"Access-Control-Request-Method": "GET"}

        plain = await browser.get("/health")
        preflight = await browser.options("/health", headers=asking)

        assert plain.headers["access-control-allow-origin"] == FRIEND
        assert "access-control-allow-credentials" not in plain.headers
        assert "Origin" in plain.headers["vary"]
        assert preflight.status_code == 204
        assert "authorization" in preflight.headers["access-control-allow-headers"]

    async def test_brings_no_cookies(self, clients: Clients) -> None:
        browser = await clients.user()

        answer = await browser.get("/auth/me", headers={"Origin": FRIEND})
        changing = await browser.delete("/auth/sessions", headers={"Origin": FRIEND})

        assert (answer.status_code, changing.status_code) == (401, 401)

    async def test_does_not_open_the_door_to_others(self, clients: Clients) -> None:
        answer = await (await clients.guest(Origin=ELSEWHERE)).get("/health")

        assert "access-control-allow-origin" not in answer.headers
        assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    ("origin", "passes"), [(HOST, True), (None, True), (ELSEWHERE, False), ("null", False)]
)
async def test_sockets_are_for_own_pages_and_programs(origin: str | None, passes: bool) -> None:
    from pitwall.api.protection.origins import Origins

    reached: list[Scope] = []
    sent: list[Message] = []

    async def inner(scope: Scope, _receive: object, _send: object) -> None:
        reached.append(scope)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost:8000")]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    await Origins(inner, frozenset())({"type": "websocket", "headers": headers}, receive, send)

    assert bool(reached) is passes
    assert sent == ([] if passes else [{"type": "websocket.close", "code": 1008}])
