"""Define the requests and answers of `/account/webhooks`, as OpenAPI documents them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from pitwall.api import examples
from pitwall.domain.webhooks import (
    Delivery,
    DeliveryState,
    DriverRole,
    HookEvent,
    HookKind,
    Webhook,
)
from pitwall.webhooks.service import LONGEST_NAME, MOST_DRIVERS, HookWish
from pitwall.webhooks.targets import LONGEST_URL

_URL: Final = "https://hooks.example.org/pitwall"
_WORDS: Final = "Lando Norris has passed Oscar Piastri for the lead; it was given 9 %"

Name = Annotated[
    str,
    Field(max_length=LONGEST_NAME, examples=["kitchen light"], description="Your name for it."),
]
Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_URL,
        examples=[_URL],
        description="Where to send: https, at port 443 or from 1024 on, on the public internet "
        "unless the owner of this server allows more.",
    ),
]
Kind = Annotated[
    HookKind,
    Field(
        examples=["generic"],
        description="How to tell the receiver. Without it, `ntfy` for an address of ntfy.sh, "
        "`discord` for a webhook of Discord, else `generic`.",
    ),
]
Events = Annotated[
    list[HookEvent],
    Field(
        min_length=1,
        max_length=len(HookEvent),
        examples=[["passed", "chance_above"]],
        description="What to tell. `test` cannot be chosen. Of a pass that was told and taken "
        "back, `passed` also tells that, as `battle_ended`.",
    ),
]
PAbove = Annotated[
    float,
    Field(
        gt=0,
        le=1,
        examples=[0.4],
        description="`chance_above` is told once a battle, when its forecast is this or more.",
    ),
]
PassBelow = Annotated[
    float | None,
    Field(
        gt=0,
        le=1,
        examples=[0.1],
        description="Of passes, only those whose last forecast was below this. Null for all.",
    ),
]
Drivers = Annotated[
    list[Annotated[str, Field(max_length=8)]],
    Field(
        max_length=MOST_DRIVERS,
        examples=[["NOR", "81"]],
        description="Only battles of these drivers: three letters or car numbers. Empty for all.",
    ),
]
RoleOfDrivers = Annotated[
    DriverRole,
    Field(examples=["attacker"], description="On which side of the battle they must be."),
]
OnlyLive = Annotated[
    bool,
    Field(
        examples=[True],
        description="Whether races that are simulated or played from a recording are left out.",
    ),
]


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid")

    def wish(self) -> HookWish:
        """Return the fields that were sent; null takes `pass_below` away."""
        sent: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        every_pass = "pass_below" in sent and sent["pass_below"] is None
        return HookWish(**sent, every_pass=every_pass)


class WebhookIn(_Wish):
    """A new webhook."""

    url: Url
    name: Name = ""
    kind: Kind | None = Field(default=None, examples=["generic"])
    events: Events = [HookEvent.PASSED, HookEvent.CHANCE_ABOVE]
    p_above: PAbove = 0.4
    pass_below: PassBelow = None
    drivers: Drivers = []
    role: RoleOfDrivers = DriverRole.ANY
    only_live: OnlyLive = True


class WebhookChangeIn(_Wish):
    """What to change of a webhook; fields that are left out stay."""

    url: Url | None = Field(default=None, examples=[_URL])
    name: Name | None = Field(default=None, examples=["kitchen light"])
    kind: Kind | None = Field(default=None, examples=["generic"])
    events: Events | None = Field(default=None, examples=[["passed"]])
    p_above: PAbove | None = Field(default=None, examples=[0.4])
    pass_below: PassBelow = None
    drivers: Drivers | None = Field(default=None, examples=[["NOR", "81"]])
    role: RoleOfDrivers | None = Field(default=None, examples=["attacker"])
    only_live: OnlyLive | None = Field(default=None, examples=[True])
    paused: bool | None = Field(
        default=None,
        description="Whether nothing is sent. What happens meanwhile is not told later.",
        examples=[True],
    )


class WebhookOut(BaseModel):
    """A webhook without its secret."""

    id: UUID = Field(examples=[examples.WEBHOOK_ID])
    name: Name
    url: Url
    kind: Kind
    events: Events
    p_above: PAbove
    pass_below: PassBelow
    drivers: Drivers
    role: RoleOfDrivers
    only_live: OnlyLive
    created_at: datetime = Field(examples=["2026-11-24T17:31:40Z"])
    paused_at: datetime | None = Field(
        description="Since when nothing is sent. Null while it is active.", examples=[None]
    )
    pause_reason: str = Field(
        description="Why pitwall paused it; empty where you did.", examples=[""]
    )
    failures: int = Field(
        description="Attempts that failed since the last that did not.", ge=0, examples=[0]
    )
    failing_since: datetime | None = Field(
        description="When the first of them failed; twelve hours later it is paused.",
        examples=[None],
    )
    last_error: str = Field(description="Why the last attempt failed.", examples=[""])
    last_sent_at: datetime | None = Field(
        description="When the last attempt succeeded.", examples=[examples.ASKED_AT]
    )
    queued: int = Field(description="Deliveries that wait.", ge=0, examples=[0])
    dead: int = Field(description="Deliveries that were given up.", ge=0, examples=[0])
    sent: int = Field(description="Attempts that succeeded.", ge=0, examples=[41])
    failed: int = Field(description="Attempts that failed.", ge=0, examples=[2])
    turned_away: int = Field(
        description="Events not kept because too many deliveries waited or were dead.",
        ge=0,
        examples=[0],
    )

    @classmethod
    def of(cls, hook: Webhook, counts: Mapping[DeliveryState, int]) -> WebhookOut:
        """Return a webhook as its owner may see it: all but the secret."""
        return cls(**_values(hook, counts))


class NewWebhookOut(WebhookOut):
    """A webhook with its secret, which is never shown again."""

    secret: str = Field(
        description="Verifies what is sent, as Standard Webhooks says.",
        examples=["whsec_bm90IGEgc2VjcmV0LCBidXQgYW4gZXhhbXBsZSBvZiBvbmU="],
    )

    @classmethod
    def with_secret(cls, hook: Webhook, counts: Mapping[DeliveryState, int]) -> NewWebhookOut:
        """Return a webhook with its secret."""
        return cls(**_values(hook, counts), secret=hook.secret)


class DeliveryOut(BaseModel):
    """One event on its way to one webhook."""

    id: UUID = Field(
        description="The same at every attempt: `webhook-id`.", examples=[examples.DELIVERY_ID]
    )
    event: HookEvent = Field(examples=["passed"])
    words: str = Field(description="The event as a sentence.", examples=[_WORDS])
    created_at: datetime = Field(examples=[examples.ASKED_AT])
    state: DeliveryState = Field(
        description="`waiting` to be sent, `sent`, or `dead`: given up.", examples=["sent"]
    )
    attempts: int = Field(ge=0, examples=[1])
    next_at: datetime | None = Field(
        description="When it is tried next; null unless it waits.", examples=[None]
    )
    ended_at: datetime | None = Field(
        description="When it was sent or given up; null while it waits.",
        examples=[examples.ASKED_AT],
    )
    status: int | None = Field(
        description="The receiver's last answer; null where it did not answer.", examples=[204]
    )
    error: str = Field(description="Why the last attempt failed.", examples=[""])

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryOut:
        """Return a delivery as the owner of its webhook may see it."""
        waits = delivery.state is DeliveryState.WAITING
        return cls(
            id=delivery.id,
            event=delivery.event,
            words=delivery.words,
            created_at=delivery.created_at,
            state=delivery.state,
            attempts=delivery.attempts,
            next_at=delivery.next_at if waits else None,
            ended_at=delivery.ended_at,
            status=delivery.status,
            error=delivery.error,
        )


class ResentOut(BaseModel):
    """How many dead deliveries are sent again."""

    resent: int = Field(ge=0, examples=[3])


def _values(hook: Webhook, counts: Mapping[DeliveryState, int]) -> dict[str, Any]:
    wanted, health = hook.wanted, hook.health
    return {
        "id": hook.id,
        "name": hook.name,
        "url": hook.url,
        "kind": hook.kind,
        "events": [event for event in HookEvent if event in wanted.events],
        "p_above": wanted.p_above,
        "pass_below": wanted.pass_below,
        "drivers": list(wanted.drivers),
        "role": wanted.role,
        "only_live": wanted.only_live,
        "created_at": hook.created_at,
        "paused_at": hook.paused_at,
        "pause_reason": hook.pause_reason,
        "failures": health.failures,
        "failing_since": health.failing_since,
        "last_error": health.last_error,
        "last_sent_at": health.last_sent_at,
        "queued": counts.get(DeliveryState.WAITING, 0),
        "dead": counts.get(DeliveryState.DEAD, 0),
        "sent": hook.sent,
        "failed": hook.failed,
        "turned_away": hook.turned_away,
    }
