"""Serve OpenF1's REST interface: filters, token, limits, and no row before its time."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

import orjson

from pitwall.feeds.openf1.rows import key_of
from tests.chaos.http_server import Client, HttpServer, Request
from tests.chaos.openf1_rows import SESSION, Row, Story, Told

USER, PASSWORD = "fan@example.org", "secret"
IN_SESSION = {"detail": "Session in progress, access is restricted to authenticated users."}
_FILTER = re.compile(r"(\w+)(>=|<=|>|<|=)(.*)\Z", re.DOTALL)
# As OpenF1 documents them: a second and a minute, for everyone and with an account.
LIMITS = {False: ((3, 1.0), (30, 60.0)), True: ((6, 1.0), (60, 60.0))}
LIFE_S = 3600


class OpenF1Server:
    """Serves one session by REST.

    Subclasses misbehave by overriding `admits`.

    Args:
        story: What is told, and when.
        now: The wall clock of the server.
        in_session: Whether a session is on: then only accounts are answered.

    Attributes:
        asked: Paths and queries in order.
        withheld: Endpoints that have nothing.
        refused: How many requests were too many.
    """

    def __init__(self, story: Story, now: Callable[[], datetime], *, in_session: bool) -> None:
        self.story = story
        self.now = now
        self.in_session = in_session
        self.asked: list[str] = []
        self.withheld: set[str] = set()
        self.tokens: dict[str, datetime] = {}
        self.refused = 0
        self._by_endpoint: dict[str, list[Told]] = {}
        for told in story.told:
            self._by_endpoint.setdefault(told.endpoint, []).append(told)
        self._keys = {id(told): key_of(told.endpoint, told.row) for told in story.told}
        self._times: dict[bool, deque[datetime]] = {False: deque(), True: deque()}
        self.http = HttpServer(self.handle)

    def knows(self, token: str) -> bool:
        """Whether a token is good now."""
        return self.now() < self.tokens.get(token, datetime.min.replace(tzinfo=UTC))

    async def admits(self, request: Request, client: Client) -> bool:
        """Whether to go on with a request; False after having answered otherwise."""
        return True

    async def handle(self, request: Request, client: Client) -> bool:
        length = int(request.headers.get("content-length", 0))
        body = await client.reader.readexactly(length) if length else b""
        target = request.raw.split(b" ", 2)[1].decode()
        self.asked.append(target)
        if not await self.admits(request, client):
            return False
        known = request.path == "/token" or self.knows(_bearer_of(request))
        if wait_s := self.too_often_for_s(has_account=known):
            self.refused += 1
            error = orjson.dumps({"error": "Rate limit exceeded"})
            client.answer(429, error, Retry_After=str(math.ceil(wait_s)))
        elif request.path == "/token":
            self._token(body, client)
        else:
            self._rows(request, target, client)
        await client.writer.drain()
        return True

    def _token(self, body: bytes, client: Client) -> None:
        form = dict(pair.split("=", 1) for pair in unquote_plus(body.decode()).split("&"))
        if form != {"username": USER, "password": PASSWORD}:
            client.answer(401, orjson.dumps({"detail": "Incorrect username or password"}))
            return
        token = f"token-{len(self.tokens)}"
        self.tokens[token] = self.now() + timedelta(seconds=LIFE_S)
        told = {"access_token": token, "expires_in": str(LIFE_S), "token_type": "bearer"}
        client.answer(200, orjson.dumps(told), Content_Type="application/json")

    def _rows(self, request: Request, target: str, client: Client) -> None:
        bearer = _bearer_of(request)
        if bearer and not self.knows(bearer):
            client.answer(401, orjson.dumps({"detail": "Invalid token"}))
        elif self.in_session and not bearer:
            client.answer(401, orjson.dumps(IN_SESSION))
        else:
            self._answer(request.path.removeprefix("/v1/"), target.partition("?")[2], client)

    def too_often_for_s(self, *, has_account: bool) -> float:
        """Count a request, and return for how long it is one too many; 0 when it is not."""
        now, times = self.now(), self._times[has_account]
        while times and (now - times[0]).total_seconds() >= LIMITS[has_account][-1][1]:
            times.popleft()
        for most, window_s in LIMITS[has_account]:
            since = now - timedelta(seconds=window_s)
            recent = [at for at in times if at > since]
            if len(recent) >= most:
                return (recent[-most] - since).total_seconds()
        times.append(now)
        return 0.0

    def _answer(self, endpoint: str, query: str, client: Client) -> None:
        tests = [_test(part) for part in unquote_all(query)]
        rows = [] if endpoint in self.withheld else self._visible(endpoint)
        found = [row for row in rows if all(test(row) for test in tests)]
        if found:
            client.answer(200, orjson.dumps(found), Content_Type="application/json")
        else:
            client.answer(404, orjson.dumps({"detail": "No results found."}))

    def _visible(self, endpoint: str) -> list[Row]:
        """Return the newest version of each row told so far, in the order first told."""
        told = self._by_endpoint.get(endpoint, [])
        so_far = told[: bisect_right(told, self.now(), key=lambda one: one.at)]
        return list({self._keys[id(one)]: one.row for one in so_far}.values())


def _bearer_of(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def unquote_all(query: str) -> list[str]:
    """Return the parts of a query, such as `date>=2026-03-29`."""
    return [unquote_plus(part) for part in query.split("&") if part]


def _test(text: str) -> Callable[[Row], bool]:
    match = _FILTER.match(text)
    assert match is not None, f"no filter: {text}"
    field, sign, wanted = match.groups()
    value: Any = _typed(str(SESSION) if wanted == "latest" else wanted)

    def passes(row: Row) -> bool:
        found = _typed(row.get(field))
        if found is None or type(found) is not type(value):
            return False
        checks = {
            "=": found == value,
            ">=": found >= value,
            "<=": found <= value,
            ">": found > value,
            "<": found < value,
        }
        return bool(checks[sign])

    return passes


@lru_cache(maxsize=200_000)
def _typed(value: object) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return float(value)
    text = str(value)
    try:
        return float(text)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return at if at.tzinfo else at.replace(tzinfo=UTC)
