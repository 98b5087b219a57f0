"""Serve `/account/webhooks`: register webhooks, try them, and send again what was given up."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from pitwall.api import examples
from pitwall.api.guards import REFUSALS, CurrentServices, LoggedIn
from pitwall.api.problems import BODY_REFUSED, Responses, invalid_response, problem_response
from pitwall.api.rate_limits import TRY_WEBHOOK, count_request
from pitwall.api.shared_paths import ForPrograms
from pitwall.api.webhook_schemas import (
    DeliveryOut,
    NewWebhookOut,
    ResentOut,
    WebhookChangeIn,
    WebhookIn,
    WebhookOut,
)
from pitwall.domain.webhooks import DeliveryState


def _not_to_be_stored(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


router = APIRouter(
    prefix="/account/webhooks",
    tags=["webhooks"],
    dependencies=[Depends(_not_to_be_stored)],
    route_class=ForPrograms,  # the account page is at /account/
)

HookId = Annotated[UUID, Path(examples=[examples.WEBHOOK_ID])]
DeliveryId = Annotated[UUID, Path(examples=[examples.DELIVERY_ID])]

_NO_HOOK: Final[Responses] = {
    404: problem_response(
        "You have none with this id.", f"You have no webhook {examples.WEBHOOK_ID}."
    ),
    422: invalid_response("A parameter is not valid.", "path.hook_id", examples.NO_UUID_BECAUSE),
}
_REFUSED: Final[Responses] = BODY_REFUSED | {
    422: invalid_response(
        "The address or the filter is not valid; `invalid` says what is wrong with it.",
        "body.url",
        "It must begin with https://, since what is sent could be read on the way.",
    )
}


@router.post("", status_code=201, summary="Register a webhook", responses=REFUSALS | _REFUSED)
async def register_webhook(
    new: WebhookIn, services: CurrentServices, account: LoggedIn
) -> NewWebhookOut:
    """Register a webhook and return it with its secret, which is never shown again."""
    hook = await services.hooks().create(account, new.wish())
    return NewWebhookOut.with_secret(hook, {})


@router.get("", summary="List my webhooks", responses=REFUSALS)
async def webhooks(services: CurrentServices, account: LoggedIn) -> list[WebhookOut]:
    """List your webhooks, oldest first."""
    hooks = services.hooks()
    counts = await hooks.counts(account)
    return [WebhookOut.of(hook, counts.get(hook.id, {})) for hook in await hooks.of(account)]


@router.get("/{hook_id}", summary="Show one webhook", responses=REFUSALS | _NO_HOOK)
async def webhook(hook_id: HookId, services: CurrentServices, account: LoggedIn) -> WebhookOut:
    """Return one of your webhooks."""
    hook = await services.hooks().get(account, hook_id)
    counts = await services.hooks().counts(account)
    return WebhookOut.of(hook, counts.get(hook.id, {}))


@router.patch("/{hook_id}", summary="Change a webhook", responses=REFUSALS | _NO_HOOK | _REFUSED)
async def change_webhook(
    hook_id: HookId, change: WebhookChangeIn, services: CurrentServices, account: LoggedIn
) -> WebhookOut:
    """Change what was sent; the rest stays. `"paused": false` resumes a webhook."""
    hook = await services.hooks().change(account, hook_id, change.wish())
    counts = await services.hooks().counts(account)
    return WebhookOut.of(hook, counts.get(hook.id, {}))


@router.delete(
    "/{hook_id}", status_code=204, summary="Delete a webhook", responses=REFUSALS | _NO_HOOK
)
async def delete_webhook(hook_id: HookId, services: CurrentServices, account: LoggedIn) -> None:
    """Delete a webhook with everything that waits for it."""
    await services.hooks().delete(account, hook_id)


@router.post("/{hook_id}/secret", summary="Make a new secret", responses=REFUSALS | _NO_HOOK)
async def renew_webhook_secret(
    hook_id: HookId, services: CurrentServices, account: LoggedIn
) -> NewWebhookOut:
    """Replace the secret. What is sent from now on is signed with the new one alone."""
    hook = await services.hooks().renew_secret(account, hook_id)
    counts = await services.hooks().counts(account)
    return NewWebhookOut.with_secret(hook, counts.get(hook.id, {}))


@router.post("/{hook_id}/test", summary="Try a webhook", responses=REFUSALS | _NO_HOOK)
async def try_webhook(
    hook_id: HookId, request: Request, services: CurrentServices, account: LoggedIn
) -> DeliveryOut:
    """Send a test and return what came of it. After four seconds it may still be `waiting`."""
    await count_request(services.limiter(), request, TRY_WEBHOOK, str(account.user_id))
    return DeliveryOut.of(await services.hooks().test(account, hook_id))


@router.get(
    "/{hook_id}/deliveries", summary="List deliveries of a webhook", responses=REFUSALS | _NO_HOOK
)
async def webhook_deliveries(
    hook_id: HookId,
    services: CurrentServices,
    account: LoggedIn,
    state: Annotated[
        list[DeliveryState] | None,
        Query(
            description="Only in these states; `dead` is the dead-letter list.", examples=[["dead"]]
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500, examples=[50])] = 50,
) -> list[DeliveryOut]:
    """List the newest deliveries, newest first. They are kept for seven days."""
    states = state or list(DeliveryState)
    found = await services.hooks().deliveries(account, hook_id, states, limit)
    return [DeliveryOut.of(each) for each in found]


@router.post(
    "/{hook_id}/deliveries/{delivery_id}/resend",
    summary="Send a dead delivery again",
    responses=REFUSALS | _NO_HOOK,
)
async def resend_delivery(
    hook_id: HookId, delivery_id: DeliveryId, services: CurrentServices, account: LoggedIn
) -> ResentOut:
    """Let one delivery that was given up be tried again, with the same id."""
    return ResentOut(resent=await services.hooks().send_again(account, hook_id, delivery_id))


@router.post(
    "/{hook_id}/resend", summary="Send all dead deliveries again", responses=REFUSALS | _NO_HOOK
)
async def resend_all(hook_id: HookId, services: CurrentServices, account: LoggedIn) -> ResentOut:
    """Let everything that was given up be tried again, oldest first, with the same ids."""
    return ResentOut(resent=await services.hooks().send_again(account, hook_id))
