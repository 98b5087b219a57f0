"""Serve `/auth`: register, log in and out, change password, delete account, manage accounts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response

from pitwall.accounts.rules import account_key
from pitwall.accounts.tokens import hash_token
from pitwall.api import examples
from pitwall.api.account_schemas import (
    AccountOut,
    DisabledIn,
    LogInIn,
    NewAccountIn,
    PasswordIn,
    ProofIn,
    RegisteredOut,
    UserOut,
)
from pitwall.api.cookies import check_channel, forget_token, set_token
from pitwall.api.guards import (
    REFUSALS,
    CurrentServices,
    LoggedIn,
    MaybeUser,
    Owner,
    Reader,
    require_owner,
)
from pitwall.api.problems import BODY_REFUSED, Responses, problem_response
from pitwall.api.rate_limits import (
    LOG_IN_BY_ACCOUNT,
    LOG_IN_BY_ADDRESS,
    PROVE_PASSWORD,
    REGISTER,
    count_request,
    count_visitor,
    forgive_visitor,
)
from pitwall.domain.accounts import Role
from pitwall.errors import ForbiddenError, NotFoundError, RefusedFieldError
from pitwall.services import Services


def _not_to_be_stored(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


never_stored = Depends(_not_to_be_stored)
router = APIRouter(prefix="/auth", tags=["accounts"], dependencies=[never_stored])

_WITHOUT_LOG_IN: Responses = {
    **{status: REFUSALS[status] for status in (403, 429, 503)},
    **BODY_REFUSED,
}


_WRONG = problem_response("E-mail or password is wrong.", "E-mail or password is wrong.")
_NO_ACCOUNT = problem_response(
    "There is no such account.", f"There is no account {examples.USER_ID}."
)


async def _on_a_safe_channel(request: Request, services: CurrentServices) -> None:
    check_channel(request, services.people().plain_http)


_SAFE_CHANNEL = Depends(_on_a_safe_channel)


@router.post(
    "/register",
    status_code=202,
    summary="Open an account",
    dependencies=[_SAFE_CHANNEL],
    responses=_WITHOUT_LOG_IN,
)
async def register(
    wanted: NewAccountIn, request: Request, services: CurrentServices
) -> RegisteredOut:
    """Open an account, unless the e-mail has one already. The answer is the same in both cases."""
    limiter = services.limiter()
    await count_visitor(limiter, request, REGISTER)
    try:
        await services.people().accounts.register(wanted.email, wanted.password)
    except RefusedFieldError:
        await forgive_visitor(limiter, request, REGISTER)
        raise
    return RegisteredOut(detail="If this e-mail had no account, it has one now. Log in.")


@router.post(
    "/login",
    summary="Log in",
    dependencies=[_SAFE_CHANNEL],
    responses=_WITHOUT_LOG_IN | {401: _WRONG},
)
async def log_in(
    who: LogInIn,
    request: Request,
    response: Response,
    services: CurrentServices,
    before: MaybeUser,
) -> AccountOut:
    """Log in and set an HttpOnly cookie. The browser's earlier log-in, if any, ends."""
    people, limiter = services.people(), services.limiter()
    account_asked = hash_token(account_key(who.email))
    await count_visitor(limiter, request, LOG_IN_BY_ADDRESS)
    await count_request(limiter, request, LOG_IN_BY_ACCOUNT, account_asked)
    user_agent = request.headers.get("user-agent", "")
    new = await people.accounts.log_in(who.email, who.password, user_agent)
    await limiter.give_back(LOG_IN_BY_ACCOUNT, account_asked)
    if before is not None and before.role is not Role.API:
        await people.accounts.log_out(before)
    set_token(response, request, new.token)
    return AccountOut.of(new.account)


@router.post("/logout", status_code=204, summary="Log out", responses=REFUSALS)
async def log_out(
    request: Request, response: Response, services: CurrentServices, account: MaybeUser
) -> None:
    """End this log-in and delete its cookie. For a guest nothing changes."""
    if account is not None and account.role is not Role.API:
        await services.people().accounts.log_out(account)
    forget_token(response, request)


@router.get("/me", summary="Who am I?", responses=REFUSALS)
async def me(account: Reader) -> AccountOut:
    """Return the account of this log-in or API key."""
    return AccountOut.of(account)


@router.delete(
    "/me", status_code=204, summary="Delete my account", responses=REFUSALS | BODY_REFUSED
)
async def delete_me(
    proof: ProofIn,
    request: Request,
    response: Response,
    services: CurrentServices,
    account: LoggedIn,
) -> None:
    """Delete the account with its log-ins, its API keys and everything else stored for its user."""
    async with _proving(services, request, account.user_id):
        await services.people().accounts.delete(account, proof.password)
    forget_token(response, request)


@router.post(
    "/password",
    status_code=204,
    summary="Change my password",
    responses=REFUSALS | BODY_REFUSED,
)
async def change_password(
    change: PasswordIn, request: Request, services: CurrentServices, account: LoggedIn
) -> None:
    """Change the password. All other log-ins end; API keys still work."""
    async with _proving(services, request, account.user_id):
        await services.people().accounts.change_password(
            account, change.old_password, change.new_password
        )


@router.get(
    "/users",
    summary="List all accounts",
    tags=["owner"],
    dependencies=[Depends(require_owner)],
    responses=REFUSALS,
)
async def users(services: CurrentServices) -> list[UserOut]:
    """List all accounts, oldest first. For the owner of the server."""
    return [UserOut.of(user) for user in await services.people().admin.users()]


@router.patch(
    "/users/{user_id}",
    status_code=204,
    summary="Disable or enable an account",
    tags=["owner"],
    responses=REFUSALS | BODY_REFUSED | {404: _NO_ACCOUNT},
)
async def set_disabled(
    user_id: Annotated[UUID, Path(examples=[examples.USER_ID])],
    change: DisabledIn,
    services: CurrentServices,
    owner: Owner,
) -> None:
    """Disable an account, which ends its log-ins and stops its API keys, or enable it again."""
    if change.disabled and user_id == owner.user_id:
        message = "You cannot disable the account that you are logged in with."
        raise ForbiddenError(message)
    admin = services.people().admin
    found = await (admin.disable(user_id) if change.disabled else admin.enable(user_id))
    if not found:
        message = f"There is no account {user_id}."
        raise NotFoundError(message)


@asynccontextmanager
async def _proving(services: Services, request: Request, user_id: UUID) -> AsyncIterator[None]:
    """Count an attempt to prove the password, and give it back unless the password was wrong."""
    limiter = services.limiter()
    await count_request(limiter, request, PROVE_PASSWORD, str(user_id))
    try:
        yield
    except RefusedFieldError as error:
        if error.field == "new_password":
            await limiter.give_back(PROVE_PASSWORD, str(user_id))
        raise
    await limiter.give_back(PROVE_PASSWORD, str(user_id))
