"""Define the errors of the client; each message is a whole sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


class ClientError(Exception):
    """Anything that keeps the client from answering."""


class MissingLibraryError(ClientError):
    """A library is not installed that this call needs."""


class UnreachableError(ClientError):
    """The server did not answer, or the connection broke, as often as it was tried."""


class UnreadableAnswerError(ClientError):
    """The server answered something that this version of the client does not understand."""


@dataclass(frozen=True, slots=True)
class InvalidField:
    """One field or parameter that the server refused.

    Attributes:
        name: Where it is, such as `query.min_p`.
        reason: What is wrong with it.
    """

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProblemDetails:
    """What the server said about a request that it refused (RFC 9457).

    Attributes:
        title: The kind of problem, in a few words.
        detail: What was wrong with this request, as a sentence.
        instance: The path of the request; empty where not told.
        invalid: Each field or parameter that is not valid. None where that is not the problem.
        request_id: The request in the server's log. None where not told.
    """

    title: str = ""
    detail: str = ""
    instance: str = ""
    invalid: tuple[InvalidField, ...] | None = None
    request_id: str | None = None


class ProblemError(ClientError):
    """The server refused a request, or failed; the message is the server's own sentence.

    Attributes:
        status: The HTTP status.
        problem: All that the server said about it.
        retry_after_s: Seconds after which to ask again. None where the server did not say.
    """

    def __init__(
        self, status: int, problem: ProblemDetails, retry_after_s: float | None = None
    ) -> None:
        super().__init__(problem.detail or problem.title or f"The server answered {status}.")
        self.status = status
        self.problem = problem
        self.retry_after_s = retry_after_s


class InvalidRequestError(ProblemError):
    """The request is not valid (400, 408, 413, 416, 422); `problem.invalid` names the fields."""


class LogInNeededError(ProblemError):
    """Neither logged in nor with a valid API key, or e-mail or password is wrong (401)."""


class NotAllowedError(ProblemError):
    """This account may not do that (403)."""


class NotOnServerError(ProblemError):
    """There is no such race, car or row (404)."""


class RateLimitedError(ProblemError):
    """Too many requests (429), and more than the client was willing to wait for."""


class ServerFailedError(ProblemError):
    """The server failed, or has no data yet, as often as it was tried (5xx)."""


_BY_STATUS: Final[dict[int, type[ProblemError]]] = {
    **dict.fromkeys((400, 408, 413, 416, 422), InvalidRequestError),
    401: LogInNeededError,
    403: NotAllowedError,
    404: NotOnServerError,
    429: RateLimitedError,
}
_SERVER_FAILED_FROM: Final = 500


def error_of(
    status: int, problem: ProblemDetails, retry_after_s: float | None = None
) -> ProblemError:
    """Return the error for a status.

    Example:
        >>> error_of(404, ProblemDetails(detail="No race 'x' is stored here."))
        NotOnServerError("No race 'x' is stored here.")
    """
    kind = ServerFailedError if status >= _SERVER_FAILED_FROM else _BY_STATUS.get(status)
    return (kind or ProblemError)(status, problem, retry_after_s)
