"""Query OpenF1 by REST, rate limited, with an account or without one."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.http import retry_after_s, tls
from pitwall.feeds.openf1.account import Bearer, OpenF1Account, OpenF1TokenRefusedError
from pitwall.feeds.openf1.rows import Row, rows_of
from pitwall.feeds.response_body import ASKED, pieces_up_to
from pitwall.wire.encode import utc_text

__all__ = ["Answer", "OpenF1Account", "OpenF1Rest"]

# OpenF1 answers 429 above thirty requests per address, which other programs may share.
REQUESTS, WINDOW_S = 25, 10.0


class RateLimit:
    """Lets requests pass in order, and delays them when there were too many recently."""

    def __init__(self, requests: int = REQUESTS, window_s: float = WINDOW_S) -> None:
        self._requests = requests
        self._window_s = window_s
        self._passed_s: deque[float] = deque(maxlen=requests)
        self._lock = asyncio.Lock()

    async def wait(self) -> None:
        """Return as soon as one more request is within the limit, in order of the calls."""
        loop = asyncio.get_running_loop()
        async with self._lock:
            if len(self._passed_s) == self._requests:
                due_s = self._passed_s[0] + self._window_s
                await asyncio.sleep(max(0.0, due_s - loop.time()))
            self._passed_s.append(loop.time())


log = logging.getLogger(__name__)

OPENF1_URL = "https://api.openf1.org"

LARGEST_ANSWER = 64 * 1024 * 1024

WINDOW = timedelta(minutes=20)  # of intervals, 1.2 MB

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 8.0

_CLOSED_FOR_S = 60.0

_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})

_UNAUTHORISED, _NOT_FOUND = 401, 404

_REFUSED = frozenset({401, 403})

LIVE_IS_PAID = (
    "OpenF1 answers only paying accounts while a session is on, about past sessions too. "
    "If you have an account, set PITWALL_OPENF1_USER and PITWALL_OPENF1_PASSWORD; "
    "without one, past sessions are available again some time after the session."
)

TOKEN_REFUSED = "OpenF1 refused this account's token."  # noqa: S105  a message, not a token

ACCOUNT_REFUSED = "OpenF1 refused this user and password."


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request.

    Attributes:
        asked_at: When the request was sent, by the wall clock, UTC.
        body: The JSON text as it came; `[]` for an empty answer.
        rows: The rows in it.
    """

    asked_at: datetime
    body: bytes
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a request, and how often to try it.

    Attributes:
        answer_within_s: Until the whole answer has arrived; a server that sends a byte at a
            time never times out by itself.
        attempts: How often to try when a failure may pass.
    """

    answer_within_s: float
    attempts: int


THOROUGH = Patience(30.0, 4)

BRIEF = Patience(4.0, 1)  # during a race the caller tries again, and must not wait long


class OpenF1Rest:
    """Queries OpenF1's REST interface; an async context manager that may be entered repeatedly.

    The token and the rate limit outlast a connection.

    Args:
        base_url: The server's address, `http` or `https`.
        account: None queries without one, which is refused while a session is on.
        patience: How long to wait, and how often to try.
        now: The wall clock.
        rng: The source of jitter.

    Attributes:
        requests: Number of requests sent so far.
    """

    def __init__(
        self,
        base_url: str = OPENF1_URL,
        account: OpenF1Account | None = None,
        patience: Patience = THOROUGH,
        now: Callable[[], datetime] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.requests = 0
        self._base_url = base_url.rstrip("/")
        self._patience = patience
        self._now = now or (lambda: datetime.now(UTC))
        self._rng = rng or random.Random()  # noqa: S311  jitter is not secret
        self._bearer = None if account is None else Bearer(account)
        self._limit = RateLimit()
        self._client: httpx.AsyncClient | None = None

    @property
    def has_account(self) -> bool:
        """Whether it has an account."""
        return self._bearer is not None

    async def __aenter__(self) -> OpenF1Rest:
        verify = await asyncio.to_thread(tls)
        self._client = httpx.AsyncClient(
            base_url=self._base_url,
            timeout=self._patience.answer_within_s,
            verify=verify,
            headers={"Accept-Encoding": ASKED},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def rows(self, endpoint: str, **filters: object) -> Answer:
        """Return the rows that pass all filters; `date__ge=x` asks for `date>=x`.

        Raises:
            FeedUnavailableError: Refused, unreachable, or broken again and again.
        """
        params = _params(filters)
        asked_at = self._now()
        body = await self._patiently(lambda: self._get(f"/v1/{endpoint}", params))
        rows = rows_of(body)
        if rows is None:
            raise FeedUnavailableError(f"OpenF1's answer about {endpoint} is not JSON.")
        return Answer(asked_at, body, rows)

    async def windows(
        self, endpoint: str, since: datetime, until: datetime, **filters: object
    ) -> AsyncIterator[Answer]:
        """Yield the rows of one window of time after another; rows at the edges may come twice.

        Raises:
            FeedUnavailableError: As `rows`.
        """
        while since < until:
            end = min(since + WINDOW, until)
            yield await self.rows(endpoint, date__ge=since, date__le=end, **filters)
            since = end

    async def token(self) -> str:
        """Return the account's bearer token, fresh for some minutes; "" without an account.

        Raises:
            FeedUnavailableError: The account is refused, or no token can be fetched now.
        """
        if self._bearer is None:
            return ""
        bearer = self._bearer
        if not bearer.is_fresh(self._now()):
            body = await self._patiently(lambda: self._post_token(bearer))
            bearer.take(body, self._now())
        return bearer.token

    def forget_token(self) -> None:
        """Forget the token, which was refused, so that the next call asks for a new one."""
        if self._bearer is not None:
            self._bearer.drop()

    async def _patiently(self, ask: Callable[[], Awaitable[bytes]]) -> bytes:
        """Send a request; when it fails in a way that may pass, wait and send it again."""
        reason = FeedUnavailableError("OpenF1 was not asked.")
        within_s = self._patience.answer_within_s
        for attempt in range(self._patience.attempts):
            if attempt:
                ceiling_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0**attempt)
                asked_s = reason.retry_after_s or 0.0
                await asyncio.sleep(max(asked_s, self._rng.uniform(0, ceiling_s)))
            await self._limit.wait()
            self.requests += 1
            try:
                async with asyncio.timeout(within_s):
                    return await ask()
            except _RetryRequestError as error:
                reason = error
            except TimeoutError:
                reason = _RetryRequestError(f"OpenF1 did not answer within {within_s:.0f} s.")
            if (reason.retry_after_s or 0.0) > _LONGEST_WAIT_S:
                break  # the caller can use the time better
        raise reason

    async def _get(self, path: str, params: Mapping[str, str]) -> bytes:
        token = await self._token_held()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        status, body, answer = await self._send("GET", path, params=params, headers=headers)
        if status == _NOT_FOUND and b"No results" in body:
            return b"[]"
        if status in _REFUSED:
            raise self._refusal(status)
        _check(answer)
        return body

    async def _token_held(self) -> str:
        """Return the token to send, after renewing it where that is due."""
        if self._bearer is not None and not self._bearer.is_fresh(self._now()):
            self._bearer.take(await self._post_token(self._bearer), self._now())
        return self._bearer.token if self._bearer is not None else ""

    def _refusal(self, status: int) -> FeedUnavailableError:
        """Return the reason for a refusal; a token may have been revoked, so it is renewed."""
        if self._bearer is None:
            if status == _UNAUTHORISED:
                return FeedUnavailableError(LIVE_IS_PAID, _CLOSED_FOR_S)
            return FeedUnavailableError(f"OpenF1 answered {status}.", _CLOSED_FOR_S)
        self._bearer.drop()
        return _RetryRequestError(TOKEN_REFUSED)

    async def _post_token(self, bearer: Bearer) -> bytes:
        form = {"username": bearer.account.user, "password": bearer.account.password}
        status, body, answer = await self._send("POST", "/token", data=form)
        if status in _REFUSED or status in {400, 422}:
            raise OpenF1TokenRefusedError(ACCOUNT_REFUSED)
        _check(answer)
        return body

    async def _send(
        self,
        method: str,
        path: str,
        **parts: Any,  # noqa: ANN401  httpx's own keywords
    ) -> tuple[int, bytes, httpx.Response]:
        """Send one request and read its answer, up to a bound on its size."""
        if self._client is None:
            raise FeedUnavailableError("The connection to OpenF1 is closed.")
        try:
            async with self._client.stream(method, path, **parts) as answer:
                pieces = [piece async for piece in pieces_up_to(answer, LARGEST_ANSWER)]
                return answer.status_code, b"".join(pieces), answer
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = str(error).rstrip(".") or type(error).__name__
            raise _RetryRequestError(f"OpenF1 cannot be reached: {why}.") from error


class _RetryRequestError(FeedUnavailableError):
    """The request failed in a way that may pass."""


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    message = f"OpenF1 answered {answer.status_code} {answer.reason_phrase}.".replace(" .", ".")
    if answer.status_code in _AGAIN:
        raise _RetryRequestError(message, retry_after_s(answer))
    raise FeedUnavailableError(message)


def _params(filters: Mapping[str, object]) -> dict[str, str]:
    """Return the query: OpenF1 reads `date>=x` as the field `date>` with the value `x`.

    Example:
        >>> _params({"session_key": 9, "lap_number__ge": 3})
        {'session_key': '9', 'lap_number>': '3'}
    """
    ends = {"__ge": ">", "__le": "<"}
    params = {}
    for name, value in filters.items():
        field = name[:-4] + ends[name[-4:]] if name[-4:] in ends else name
        params[field] = utc_text(value) if isinstance(value, datetime) else str(value)
    return params
