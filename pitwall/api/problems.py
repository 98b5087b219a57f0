"""Answer errors with RFC 9457 problem details: what was wrong, in words, never a stack trace."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import Scope, Send

from pitwall import logs
from pitwall.api import examples
from pitwall.api.fault_wording import for_strangers
from pitwall.errors import (
    PitwallError,
    RefusedFieldError,
    StoreBusyError,
    TooManyRequestsError,
)
from pitwall.services import current

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
UNEXPECTED = "The server failed to answer. Its log has the reason."

Responses = dict[int | str, dict[str, Any]]
"""The other answers that a route documents, by status."""


class InvalidParameter(BaseModel):
    """One invalid parameter or field of a request."""

    name: str = Field(description="The parameter or field.", examples=["query.min_p"])
    reason: str = Field(examples=["Input should be less than or equal to 1"])


class Problem(BaseModel):
    """A problem with a request (RFC 9457, `application/problem+json`)."""

    type: str = Field(
        default="about:blank",
        description="A URI that names the kind of problem.",
        examples=["about:blank"],
    )
    title: str = Field(
        description="The kind of problem, in a few words.", examples=[HTTPStatus(422).phrase]
    )
    status: int = Field(description="The HTTP status.", ge=400, le=599, examples=[422])
    detail: str = Field(
        description="What was wrong with this request.",
        examples=[
            "The request is not valid: query.min_p: Input should be less than or equal to 1."
        ],
    )
    instance: str = Field(description="The path of the request.", examples=["/live-battles"])
    invalid: list[InvalidParameter] | None = Field(
        default=None, description="Each invalid parameter, where that is the problem."
    )
    request_id: str | None = Field(
        default=None,
        description="The id of this request, as in `X-Request-ID` and the server's log.",
        examples=[examples.REQUEST_ID],
    )
    source: str | None = Field(
        default=None,
        description="The kind of data on show, as in other answers.",
        examples=[examples.SOURCE],
    )


def problem_response(
    description: str, detail: str, invalid: InvalidParameter | None = None
) -> dict[str, Any]:
    """Return an OpenAPI response that documents a problem.

    Args:
        description: What this status means.
        detail: The `detail` of an example; `complete_problems` makes a whole problem of it.
        invalid: What is invalid in that example; None where nothing is.
    """
    example = {"detail": detail} | ({"invalid": [invalid.model_dump()]} if invalid else {})
    media = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {"description": description, "content": {MEDIA_TYPE: media}}


def invalid_response(description: str, name: str, reason: str) -> dict[str, Any]:
    """Return an OpenAPI response that documents the refusal of an invalid request."""
    invalid = InvalidParameter(name=name, reason=reason)
    return problem_response(description, _not_valid([invalid]), invalid)


def _not_valid(invalid: list[InvalidParameter]) -> str:
    what = "; ".join(f"{each.name}: {each.reason}" for each in invalid)
    return f"The request is not valid: {what}."


BODY_REFUSED: Responses = {
    400: problem_response(
        "The body cannot be read: it is not JSON in UTF-8, or nested too deeply.",
        "There was an error parsing the body",
    ),
    408: problem_response(
        "The body did not arrive in time.", "The body did not arrive within 5 s."
    ),
    413: problem_response("The body is too long.", "A body may have at most 65536 bytes."),
    422: invalid_response(
        "A field or parameter is not valid; `invalid` says which.", "body", "Field required"
    ),
}
"""The refusals that every route with a body documents."""


def install(api: FastAPI) -> None:
    """Answer every error of `api` with problem details."""
    api.add_exception_handler(PitwallError, _pitwall_error)
    api.add_exception_handler(RequestValidationError, _invalid_request)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(Exception, _unexpected)


async def answer(
    request: Request, status: int, detail: str, invalid: list[InvalidParameter] | None = None
) -> JSONResponse:
    """Return the problem as a response."""
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        invalid=invalid,
        request_id=logs.request_id.get() or None,
        source=await _source(),
    )
    headers = {"Cache-Control": "no-store"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="pitwall"'
    body = problem.model_dump(exclude_none=True)
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


async def plain_problem(
    scope: Scope, send: Send, status: int, detail: str, headers: Mapping[str, str] | None = None
) -> None:
    """Answer a request with a problem, outside of any route."""
    request = Request(scope)
    response = await answer(request, status, detail)
    response.headers.update(headers or {})
    await response(scope, request.receive, send)


async def _source() -> str | None:
    """Return the kind of data on show; None if that fails, as this is part of an error answer."""
    with suppress(Exception):
        frame = await current().live.latest()
        return frame.header.source if frame else None
    return None


async def _pitwall_error(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, PitwallError) else 500
    detail = str(error) or (type(error).__doc__ or "").partition("\n")[0]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        reason, detail = detail, for_strangers(detail)
        if reason != detail:
            log.warning("a request could not be answered", extra={"because": reason})
    invalid = None
    if isinstance(error, RefusedFieldError):
        place = "query" if request.method == "GET" else "body"
        invalid = [InvalidParameter(name=f"{place}.{error.field}", reason=detail)]
    response = await answer(request, status, detail, invalid)
    if isinstance(error, TooManyRequestsError | StoreBusyError):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


async def _invalid_request(request: Request, error: Exception) -> JSONResponse:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    invalid = [
        InvalidParameter(name=".".join(str(part) for part in each["loc"]), reason=each["msg"])
        for each in faults
    ]
    return await answer(request, 422, _not_valid(invalid), invalid)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) else "Unknown error."
    if status == HTTPStatus.NOT_FOUND:
        detail = f"There is nothing at {request.url.path}."
    return await answer(request, status, detail)


async def _unexpected(request: Request, _error: Exception) -> JSONResponse:
    return await answer(
        request, 500, UNEXPECTED
    )  # raised again, so `protection.stack.Failures` logs it
