"""Serve `/auth/sessions` and `/auth/keys`: list and end log-ins, list, make and revoke API keys."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from pitwall.api import examples
from pitwall.api.account_schemas import EndedOut, KeyIn, KeyOut, LogInOut, NewKeyOut
from pitwall.api.accounts import never_stored
from pitwall.api.guards import REFUSALS, CurrentServices, LoggedIn
from pitwall.api.problems import BODY_REFUSED, Responses, invalid_response, problem_response
from pitwall.errors import NotFoundError

router = APIRouter(prefix="/auth", tags=["accounts"], dependencies=[never_stored])


def _not_there(detail: str, parameter: str) -> Responses:
    return {
        404: problem_response("You have none with this id.", detail),
        422: invalid_response(
            "A parameter is not valid.", f"path.{parameter}", examples.NO_UUID_BECAUSE
        ),
    }


_NO_LOG_IN = _not_there(f"You have no log-in {examples.LOG_IN_ID}.", "log_in_id")
_NO_KEY = _not_there(f"You have no API key {examples.KEY_ID}.", "key_id")


@router.get("/sessions", summary="List my log-ins", responses=REFUSALS)
async def log_ins(services: CurrentServices, account: LoggedIn) -> list[LogInOut]:
    """List your log-ins that have not ended, last used first."""
    held = await services.people().accounts.log_ins(account)
    return [LogInOut.of(log_in, account) for log_in in held]


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
async def make_key(wanted: KeyIn, services: CurrentServices, account: LoggedIn) -> NewKeyOut:
    """Make an API key and return it. It is never shown again."""
    key, secret = await services.people().keys.create(account, wanted.name)
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
