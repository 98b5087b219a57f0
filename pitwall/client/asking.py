"""Ask the server: conditional requests, retries and refusals, without doing any input or output.

What is to be done is written once, as generators of steps: they yield a request or a pause and are
sent the answer. `pitwall.client.clients` takes the steps, blocking or awaiting.
"""

from __future__ import annotations

import email.utils
import json
import random
from collections import OrderedDict
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from pitwall.client.errors import (
    ProblemDetails,
    ProblemError,
    UnreachableError,
    UnreadableAnswerError,
    error_of,
)

T = TypeVar("T")

_PROBLEM: Final = "application/problem+json"
_MOST_ANSWERS: Final = 64
_MOST_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """A request to be sent.

    Attributes:
        path: Below the server's address.
        query: Its parameters; those that are None are left out, a list is sent as several.
        body: Sent as JSON. None for no body.
        accept: The media type of the answer.
        headers: Further headers.
        may_repeat: Whether it changes nothing, so that it may be sent again.
        answers: Statuses besides 200 to 299 that are answers and no refusals.
    """

    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    method: str = "GET"
    body: Mapping[str, Any] | None = None
    accept: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    may_repeat: bool = True
    answers: frozenset[int] = frozenset()

    def build(self, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """Return the request as httpx sends it."""
        query = {name: value for name, value in self.query.items() if value is not None}
        request = client.build_request(
            self.method,
            self.path,
            params=query or None,  # none leaves alone what the path has
            json=self.body,
            headers={"Accept": self.accept, **self.headers},
        )
        if self.method != "GET":  # with the cookie of a log-in the server asks where it comes from
            request.headers["Origin"] = f"{request.url.scheme}://{request.headers['Host']}"
        return request

    @property
    def name(self) -> str:
        """What tells its answer from those of others."""
        return json.dumps([self.path, self.query, self.accept], sort_keys=True, default=str)


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait of so many seconds."""

    seconds: float


Steps = Generator[Request | Pause, httpx.Response | None, T]
"""Steps to a result: yields what is to be done, is sent the answer or thrown its error."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and how patiently, a request is repeated.

    Only requests that change nothing are repeated: after 429, after 5xx, and when the connection
    fails. A wait is drawn at random below a bound that doubles; what the server's `Retry-After`
    asks for is waited for in full, or not at all.

    Attributes:
        attempts: How often a request is sent at most; 1 repeats nothing.
        first_wait_s: The bound of the first wait.
        longest_wait_s: The longest wait; a server that asks for more is not asked again.
    """

    attempts: int = 4
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0

    def wait_s(self, failures: int, retry_after_s: float | None = None) -> float | None:
        """Return how long to wait after so many failures; None to give up.

        Args:
            failures: How often in a row it has failed, from 1.
            retry_after_s: What the server asked for. None where it did not.

        Example:
            >>> RetryPolicy(attempts=2).wait_s(1, 7.0), RetryPolicy(attempts=2).wait_s(2, 7.0)
            (7.0, None)
            >>> RetryPolicy().wait_s(1, 300.0) is None
            True
        """
        if failures >= self.attempts:
            return None
        if retry_after_s is not None:
            return retry_after_s if retry_after_s <= self.longest_wait_s else None
        bound = min(self.longest_wait_s, self.first_wait_s * 2 ** min(failures - 1, 30))
        return random.uniform(0.0, bound)  # noqa: S311  spreads clients, hides nothing


class KnownAnswers:
    """Answers with an entity tag, so that one that has not changed is not sent again."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[str, httpx.Response]] = OrderedDict()
        self._bytes = 0

    def tag_of(self, name: str) -> str | None:
        """Return the entity tag of the answer with this name. None without one."""
        known = self._held.get(name)
        return None if known is None else known[0]

    def newest(self, name: str, answer: httpx.Response) -> httpx.Response:
        """Return the answer to use, which is the one known where the server says 304."""
        if answer.status_code == HTTPStatus.NOT_MODIFIED and name in self._held:
            self._held.move_to_end(name)
            return self._held[name][1]
        tag = answer.headers.get("ETag")
        if answer.status_code == HTTPStatus.OK and tag:
            self._forget(name)
            self._held[name] = (tag, answer)
            self._bytes += len(answer.content)
            while len(self._held) > _MOST_ANSWERS or self._bytes > _MOST_BYTES:
                self._forget(next(iter(self._held)))
        return answer

    def clear(self) -> None:
        """Forget all answers: another account may be told something else."""
        self._held.clear()
        self._bytes = 0

    def _forget(self, name: str) -> None:
        known = self._held.pop(name, None)
        if known is not None:
            self._bytes -= len(known[1].content)


@dataclass(frozen=True, slots=True)
class RequestSteps:
    """Makes the steps of a request: asked, repeated where it failed, refused or answered.

    Args:
        retry: How often it is repeated.
    """

    retry: RetryPolicy
    known: KnownAnswers = field(default_factory=KnownAnswers)

    def answer(self, request: Request) -> Steps[httpx.Response]:
        """Ask until there is an answer.

        Raises:
            ProblemError: The server refused, or failed too often.
            UnreachableError: The server could not be reached.
        """
        failures = 0
        while True:
            try:
                answer = yield self._conditional(request)
            except httpx.RequestError as error:
                failures += 1
                wait_s = self.retry.wait_s(failures) if request.may_repeat else None
                if wait_s is None:
                    raise UnreachableError(unreachable(error)) from error
            else:
                assert answer is not None  # noqa: S101  a request is sent its answer
                answer = self.known.newest(request.name, answer)
                if answer.is_success or answer.status_code in request.answers:
                    return answer
                failures += 1
                problem = problem_of(answer)
                wait_s = self._wait_s(request, problem, failures)
                if wait_s is None:
                    raise problem
            yield Pause(wait_s)

    def value(self, request: Request, kind: type[T]) -> Steps[T]:
        """Ask, and return the answer as a value of this kind.

        Raises:
            ProblemError: The server refused, or failed too often.
            UnreachableError: The server could not be reached.
            UnreadableAnswerError: The answer has another form.
        """
        answer = yield from self.answer(request)
        return decoded(answer.content, kind, request.path)

    def _conditional(self, request: Request) -> Request:
        tag = self.known.tag_of(request.name) if request.method == "GET" else None
        if tag is None:
            return request
        return Request(
            request.path,
            request.query,
            accept=request.accept,
            headers={**request.headers, "If-None-Match": tag},
            answers=request.answers,
        )

    def _wait_s(self, request: Request, problem: ProblemError, failures: int) -> float | None:
        if not request.may_repeat or not may_pass(problem.status):
            return None
        return self.retry.wait_s(failures, problem.retry_after_s)


def may_pass(status: int) -> bool:
    """Whether the same request may succeed later."""
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def decoded(content: bytes | str, kind: type[T], path: str) -> T:
    """Return a JSON text as a value of this kind.

    Raises:
        UnreadableAnswerError: It has another form.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError as error:
        message = f"The answer of {path} is not what this client expects: {error}."
        raise UnreadableAnswerError(message) from error


def problem_of(answer: httpx.Response) -> ProblemError:
    """Return the refusal that an answer is; one of a proxy in between has its status alone."""
    problem = ProblemDetails(title=answer.reason_phrase)
    if answer.headers.get("Content-Type", "").partition(";")[0] == _PROBLEM:
        with suppress(msgspec.MsgspecError):
            problem = msgspec.json.decode(answer.content, type=ProblemDetails)
    elif answer.is_redirect:
        where = answer.headers.get("Location", "elsewhere")
        detail = f"The server sends the client to {where}: use that as its address."
        problem = ProblemDetails(answer.reason_phrase, detail)
    return error_of(answer.status_code, problem, _retry_after_s(answer))


def _retry_after_s(answer: httpx.Response) -> float | None:
    """Return what `Retry-After` asks for, which is seconds or a date (RFC 9110, 10.2.3)."""
    text = answer.headers.get("Retry-After", "")
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        at = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    now = datetime.now(UTC)
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())


def unreachable(error: httpx.RequestError) -> str:
    """Return a sentence about a connection that failed."""
    reason = f"{type(error).__name__}: {error}".rstrip(": ")
    return f"{_address(error)} could not be reached: {reason}."


def _address(error: httpx.RequestError) -> str:
    try:
        return str(error.request.url)
    except RuntimeError:  # it broke without a request
        return "The server"


def part_of_path(text: str) -> str:
    """Return a text as one part of a path.

    Example:
        >>> part_of_path("../users?x")
        '..%2Fusers%3Fx'
    """
    return quote(text, safe="")


def query_of(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters with truth values as the server reads them.

    Example:
        >>> query_of({"fading": True, "min_p": 0.4})
        {'fading': 'true', 'min_p': 0.4}
    """
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in wanted.items()
    }
