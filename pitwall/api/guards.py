"""Who may use a route: dependencies that return the `Account`, or refuse.

    async def route(account: Annotated[Account, Depends(require_reader)]): ...

`maybe_user` lets guests pass as None. `require_reader` takes a log-in or an API key,
`require_user` a log-in alone, `require_owner` the owner's log-in. All but the first count the
request under the limit of the account.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from pitwall.accounts.tokens import SECURE_NAME
from pitwall.api.cookies import token_of
from pitwall.api.problems import Responses, problem_response
from pitwall.api.rate_limits import ASK, count_request
from pitwall.domain.accounts import Account, Role
from pitwall.errors import ForbiddenError, NotLoggedInError
from pitwall.services import Services, current

COOKIE: Final = APIKeyCookie(
    name=SECURE_NAME,
    scheme_name="cookie",
    description="The log-in cookie that `POST /auth/login` sets; over plain http on this "
    "machine it is called `pitwall`.",
    auto_error=False,
)
BEARER: Final = HTTPBearer(
    scheme_name="bearer",
    bearerFormat="pw_...",
    description="An API key from the account page or `POST /auth/keys`. It reads what its user "
    "may read, and manages nothing.",
    auto_error=False,
)

CurrentServices = Annotated[Services, Depends(current)]

REFUSALS: Final[Responses] = {
    401: problem_response(
        "Neither logged in nor with a valid API key.",
        "Log in, or send an API key as a bearer token.",
    ),
    403: problem_response(
        "Not for this account, or asked by a page of another site.",
        "A page of another site may not ask this.",
    ),
    429: problem_response(
        "Too many requests; `Retry-After` says when to come back.",
        "Too many requests; try again in 12 s.",
    ),
    503: problem_response(
        "The database does not answer, or nothing is known yet.",
        "This server has no database: neither accounts nor races are kept.",
    ),
}
"""What a guarded route documents besides its own answers."""


async def maybe_user(request: Request, services: CurrentServices) -> Account | None:
    """Return who asks; None for a guest.

    Raises:
        NotLoggedInError: With an API key that is none: better said than taken for a guest.
    """
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        account = await services.people().keys.whose(secret.strip())
        if account is None:
            message = "This API key is not valid."
            raise NotLoggedInError(message)
        return account
    token = token_of(request)
    return await services.people().accounts.whose_log_in(token) if token else None


MaybeUser = Annotated[Account | None, Depends(maybe_user)]


async def _known(request: Request, services: CurrentServices, account: MaybeUser) -> Account:
    if account is None:
        raise NotLoggedInError
    await count_request(services.limiter(), request, ASK, str(account.user_id))
    return account


Known = Annotated[Account, Depends(_known)]


async def require_reader(
    account: Known,
    _cookie: Annotated[str | None, Security(COOKIE)],
    _bearer: Annotated[object, Security(BEARER)],
) -> Account:
    """Return who asks, with a log-in or an API key.

    Raises:
        NotLoggedInError: A guest.
        TooManyRequestsError: Asked too often.
    """
    return account


async def require_user(account: Known, _cookie: Annotated[str | None, Security(COOKIE)]) -> Account:
    """Return who asks, with a log-in.

    Raises:
        NotLoggedInError: A guest.
        ForbiddenError: A program with an API key.
        TooManyRequestsError: Asked too often.
    """
    if account.role is Role.API:
        message = "An API key reads; it does not manage the account. Log in for that."
        raise ForbiddenError(message)
    return account


async def require_owner(account: Annotated[Account, Depends(require_user)]) -> Account:
    """Return the owner, who asks with a log-in.

    Raises:
        NotLoggedInError: A guest.
        ForbiddenError: Somebody else.
        TooManyRequestsError: Asked too often.
    """
    if not account.is_owner:
        message = "This is for the owner of the server."
        raise ForbiddenError(message)
    return account


Reader = Annotated[Account, Depends(require_reader)]
LoggedIn = Annotated[Account, Depends(require_user)]
Owner = Annotated[Account, Depends(require_owner)]
