"""Query OpenF1 by REST, rate limited, with an account or without one."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.http import retry_after_s, tls
from pitwall.feeds.openf1.account import Bearer, OpenF1Account, OpenF1TokenRefusedError
from pitwall.feeds.openf1.limits import ACCOUNT_LIMITS, RequestBudget, Worth
from pitwall.feeds.openf1.rows import Row, rows_of
from pitwall.feeds.response_body import ASKED, pieces_up_to
from pitwall.wire.encode import utc_text

__all__ = ["Answer", "OpenF1Account", "OpenF1Rest"]

log = logging.getLogger(__name__)

OPENF1_URL = "https://api.openf1.org"

LARGEST_ANSWER = 64 * 1024 * 1024

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 8.0

_CLOSED_FOR_S = 60.0

_AGAIN = frozenset({408, 425, 500, 502, 503, 504})

_UNAUTHORISED, _NOT_FOUND, _TOO_MANY = 401, 404, 429

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

JOINING = Patience(4.0, 6)  # one request that fails must not cost those that were answered


@dataclass(frozen=True, slots=True)
class OpenF1Access:
    """What all clients of a process share: the account with its token, and one budget.

    Attributes:
        base_url: The server's address, `http` or `https`.
        bearer: The account's token. None without an account.
        budget: The requests that may be sent now.
    """

    base_url: str
    bearer: Bearer | None
    budget: RequestBudget

    @classmethod
    def of(cls, base_url: str = OPENF1_URL, account: OpenF1Account | None = None) -> OpenF1Access:
        """Return an access with the documented limits."""
        if account is None:
            return cls(base_url, None, RequestBudget())
        return cls(base_url, Bearer(account), RequestBudget(ACCOUNT_LIMITS))


class OpenF1Rest:
    """Queries OpenF1's REST interface; an async context manager that may be entered repeatedly.

    The token and the rate limit outlast a connection.

    Args:
        access: The server's address, the account, and the budget shared with other clients.
        patience: How long to wait, and how often to try.
        now: The wall clock.
        rng: The source of jitter.

    Attributes:
        requests: Number of requests sent so far.
    """

    def __init__(
        self,
        access: OpenF1Access,
        patience: Patience = THOROUGH,
        now: Callable[[], datetime] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.requests = 0
        self._base_url = access.base_url.rstrip("/")
        self._patience = patience
        self._now = now or (lambda: datetime.now(UTC))
        self._rng = rng or random.Random()  # noqa: S311  jitter is not secret
        self._bearer = access.bearer
        self._budget = access.budget
        self._client: httpx.AsyncClient | None = None
        self._renewing = asyncio.Lock()

    @property
    def budget(self) -> RequestBudget:
        """The requests that may be sent now."""
        return self._budget

    @property
    def has_account(self) -> bool:
        """Whether it has an account."""
        return self._bearer is not None

    async def __aenter__(self) -> OpenF1Rest:
        verify = await asyncio.to_thread(tls)
        self._renewing = asyncio.Lock()  # of this event loop
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

    async def rows(
        self,
        endpoint: str,
        *,
        worth: Worth = Worth.DETAIL,
        patience: Patience | None = None,
        **filters: object,
    ) -> Answer:
        """Return the rows that pass all filters; `date__ge=x` asks for `date>=x`.

        Args:
            endpoint: The endpoint, such as `laps`.
            worth: What the request is for: where the limits make some wait, the least goes first.
            patience: How long to wait, and how often to try. None for the client's own.
            **filters: Fields and values.

        Raises:
            FeedUnavailableError: Refused, unreachable, or broken again and again.
        """
        params = _params(filters)
        patience = patience or self._patience
        asked_at = self._now()

        async def ask() -> bytes:
            nonlocal asked_at
            asked_at = self._now()  # after the wait for its turn
            return await self._get(f"/v1/{endpoint}", params)

        body = await self._patiently(ask, worth, patience)
        rows = rows_of(body)
        if rows is None:
            raise FeedUnavailableError(f"OpenF1's answer about {endpoint} is not JSON.")
        return Answer(asked_at, body, rows)

    async def token(self) -> str:
        """Return the account's bearer token, fresh for some minutes; "" without an account.

        Raises:
            FeedUnavailableError: The account is refused, or no token can be fetched now.
        """
        return await self._fresh_token(self._patience)

    async def _fresh_token(self, patience: Patience) -> str:
        bearer = self._bearer
        if bearer is None:
            return ""
        async with self._renewing:  # requests that start together need one token
            if not bearer.is_fresh(self._now()):
                body = await self._patiently(
                    lambda: self._post_token(bearer), Worth.TOKEN, patience
                )
                bearer.take(body, self._now())
        return bearer.token

    def forget_token(self) -> None:
        """Forget the token, which was refused, so that the next call asks for a new one."""
        if self._bearer is not None:
            self._bearer.drop()

    async def _patiently(
        self, ask: Callable[[], Awaitable[bytes]], worth: Worth, patience: Patience
    ) -> bytes:
        """Send a request; when it fails in a way that may pass, wait and send it again."""
        attempt = 0
        while True:
            attempt += 1
            if worth is not Worth.TOKEN:
                await self._fresh_token(patience)
            try:
                return await self._once(ask, worth, patience.answer_within_s)
            except RetryRequestError as error:
                if attempt >= patience.attempts:
                    raise
                log.info(
                    "OpenF1 is asked again",
                    extra={"attempt": attempt, "reason": str(error)},
                )
                ceiling_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0**attempt)
                asked_s = error.retry_after_s
                await asyncio.sleep(self._rng.uniform(0, ceiling_s) if asked_s is None else asked_s)

    async def _once(
        self, ask: Callable[[], Awaitable[bytes]], worth: Worth, within_s: float
    ) -> bytes:
        """Send a request within the budget, and tell the budget how it fared."""
        loop = asyncio.get_running_loop()
        try:
            async with self._budget.request(worth):
                self.requests += 1
                async with asyncio.timeout(within_s):
                    body = await ask()
        except _TooManyRequestsError as error:
            self._budget.refused(loop.time(), error.retry_after_s)
            raise RetryRequestError(str(error), self._budget.paused_s(loop.time())) from error
        except TimeoutError as error:
            message = f"OpenF1 did not answer within {within_s:.0f} s."
            raise RetryRequestError(message) from error
        self._budget.accepted(loop.time())
        return body

    async def _get(self, path: str, params: Mapping[str, str]) -> bytes:
        token = self._bearer.token if self._bearer is not None else ""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        status, body, answer = await self._send("GET", path, params=params, headers=headers)
        if status == _NOT_FOUND and b"No results" in body:
            return b"[]"
        if status in _REFUSED:
            raise self._refusal(status, token)
        _check(answer)
        return body

    def _refusal(self, status: int, token: str) -> FeedUnavailableError:
        """Return the reason for a refusal; a token may have been revoked, so it is renewed."""
        if self._bearer is None:
            if status == _UNAUTHORISED:
                return FeedUnavailableError(LIVE_IS_PAID, _CLOSED_FOR_S)
            return FeedUnavailableError(f"OpenF1 answered {status}.", _CLOSED_FOR_S)
        if self._bearer.token == token:  # another request may have renewed it already
            self._bearer.drop()
        return RetryRequestError(TOKEN_REFUSED)

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
            raise RetryRequestError(f"OpenF1 cannot be reached: {why}.") from error


class RetryRequestError(FeedUnavailableError):
    """The request failed in a way that may pass."""


class _TooManyRequestsError(FeedUnavailableError):
    """The server counted too many requests."""


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    message = f"OpenF1 answered {answer.status_code} {answer.reason_phrase}.".replace(" .", ".")
    if answer.status_code == _TOO_MANY:
        raise _TooManyRequestsError(message, retry_after_s(answer))
    if answer.status_code in _AGAIN:
        raise RetryRequestError(message, retry_after_s(answer))
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
