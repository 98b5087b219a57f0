"""Serve `/auth`: register, log in and out, change the password; log-ins, API keys and accounts."""

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
    NO_SUCH_THEME,
    AccountOut,
    DisabledIn,
    EndedOut,
    KeyIn,
    KeyOut,
    LogInIn,
    LogInOut,
    NewAccountIn,
    NewKeyOut,
    PasswordIn,
    ProofIn,
    RegisteredOut,
    SettingsBody,
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
from pitwall.api.problems import BODY_REFUSED, Responses, invalid_response, problem_response
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


router = APIRouter(prefix="/auth", tags=["accounts"], dependencies=[Depends(_not_to_be_stored)])

_WITHOUT_LOG_IN: Responses = {
    **{status: REFUSALS[status] for status in (403, 429, 503)},
    **BODY_REFUSED,
}


_WRONG = problem_response("E-mail or password is wrong.", "E-mail or password is wrong.")
_NO_ACCOUNT = problem_response(
    "There is no such account.", f"There is no account {examples.USER_ID}."
)


def _not_yours(detail: str, parameter: str) -> Responses:
    return {
        404: problem_response("You have none with this id.", detail),
        422: invalid_response(
            "A parameter is not valid.", f"path.{parameter}", examples.NO_UUID_BECAUSE
        ),
    }


_NO_LOG_IN = _not_yours(f"You have no log-in {examples.LOG_IN_ID}.", "log_in_id")
_NO_KEY = _not_yours(f"You have no API key {examples.KEY_ID}.", "key_id")


_NO_SETTING: Responses = BODY_REFUSED | {
    422: invalid_response(
        "There is no such setting, or it has no such value.", "body.theme", NO_SUCH_THEME
    )
}


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
    "/settings",
    summary="What I chose for all pages",
    responses=REFUSALS,
    response_model_exclude_none=True,
)
async def settings(services: CurrentServices, account: LoggedIn) -> SettingsBody:
    """Return what you chose for all pages, on whichever device; empty before the first choice."""
    return SettingsBody.of(await services.people().accounts.settings(account))


@router.put(
    "/settings",
    status_code=204,
    summary="Keep what I chose for all pages",
    responses=REFUSALS | _NO_SETTING,
)
async def keep_settings(chosen: SettingsBody, services: CurrentServices, account: LoggedIn) -> None:
    """Replace what you chose for all pages. What is left out is as if it had not been chosen."""
    await services.people().accounts.keep_settings(account, chosen.model_dump(exclude_none=True))


@router.get("/sessions", summary="List my log-ins", responses=REFUSALS)
async def log_ins(services: CurrentServices, account: LoggedIn) -> list[LogInOut]:
    """List your log-ins that have not ended, last used first."""
    open_log_ins = await services.people().accounts.log_ins(account)
    return [LogInOut.of(log_in, account) for log_in in open_log_ins]


@router.delete("/sessions", summary="End my other log-ins", responses=REFUSALS)
async def end_other_log_ins(services: CurrentServices, account: LoggedIn) -> EndedOut:
    """End all of your log-ins but this one."""
    return EndedOut(ended=await services.people().accounts.end_other_log_ins(account))


@router.delete(
    "/sessions/{log_in_id}",
    status_code=204,
    summary="End one log-in",
    responses=REFUSALS | _NO_LOG_IN,
)
async def end_log_in(
    log_in_id: Annotated[UUID, Path(examples=[examples.LOG_IN_ID])],
    services: CurrentServices,
    account: LoggedIn,
) -> None:
    """End one of your log-ins."""
    if not await services.people().accounts.end_log_in(account, log_in_id):
        message = f"You have no log-in {log_in_id}."
        raise NotFoundError(message)


@router.get("/keys", summary="List my API keys", responses=REFUSALS)
async def keys(services: CurrentServices, account: LoggedIn) -> list[KeyOut]:
    """List your API keys, newest first."""
    return [KeyOut.of(key) for key in await services.people().keys.list(account)]


@router.post("/keys", status_code=201, summary="Make an API key", responses=REFUSALS | BODY_REFUSED)
async def make_key(new: KeyIn, services: CurrentServices, account: LoggedIn) -> NewKeyOut:
    """Make an API key and return it. It is never shown again."""
    key, secret = await services.people().keys.create(account, new.name)
    return NewKeyOut(**KeyOut.of(key).model_dump(), key=secret)


@router.delete(
    "/keys/{key_id}", status_code=204, summary="Revoke an API key", responses=REFUSALS | _NO_KEY
)
async def revoke_key(
    key_id: Annotated[UUID, Path(examples=[examples.KEY_ID])],
    services: CurrentServices,
    account: LoggedIn,
) -> None:
    """Revoke one of your API keys. It stops working at once."""
    if not await services.people().keys.revoke(account, key_id):
        message = f"You have no API key {key_id}."
        raise NotFoundError(message)


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
