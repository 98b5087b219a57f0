"""Guard routes: FastAPI dependencies that return the caller's `Account`, or refuse the request.

    async def route(account: Annotated[Account, Depends(require_reader)]): ...

`maybe_user` lets guests pass as None. `require_reader` accepts a log-in or an API key,
`require_user` only a log-in, `require_owner` only the owner's log-in. All but the first count the
request against the account's limit.
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
    description="An API key from the account page or `POST /auth/keys`. It can read what its user "
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
        "This account may not do that, or the request came from a page of another site.",
        "A page of another site may not ask this.",
    ),
    429: problem_response(
        "Too many requests; `Retry-After` says when to try again.",
        "Too many requests; try again in 12 s.",
    ),
    503: problem_response(
        "The database does not answer, or there is no data yet.",
        "This server has no database, so it stores no accounts and no races.",
    ),
}
"""The refusals that every guarded route documents."""


async def maybe_user(request: Request, services: CurrentServices) -> Account | None:
    """Return the caller's account; None for a guest.

    Raises:
        NotLoggedInError: The API key is not valid. Its sender should learn that, and not be
            treated as a guest.
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
    """Return the caller's account, from a log-in or an API key.

    Raises:
        NotLoggedInError: The caller is a guest.
        TooManyRequestsError: The account sent too many requests.
    """
    return account


async def require_user(account: Known, _cookie: Annotated[str | None, Security(COOKIE)]) -> Account:
    """Return the caller's account, from a log-in.

    Raises:
        NotLoggedInError: The caller is a guest.
        ForbiddenError: The caller is a program with an API key.
        TooManyRequestsError: The account sent too many requests.
    """
    if account.role is Role.API:
        message = "An API key cannot manage the account. Log in to do that."
        raise ForbiddenError(message)
    return account


async def require_owner(account: Annotated[Account, Depends(require_user)]) -> Account:
    """Return the owner's account, from a log-in.

    Raises:
        NotLoggedInError: The caller is a guest.
        ForbiddenError: The caller is not the owner.
        TooManyRequestsError: The account sent too many requests.
    """
    if not account.is_owner:
        message = "Only the owner of the server may do this."
        raise ForbiddenError(message)
    return account


Reader = Annotated[Account, Depends(require_reader)]
LoggedIn = Annotated[Account, Depends(require_user)]
Owner = Annotated[Account, Depends(require_owner)]
