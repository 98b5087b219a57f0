"""Show webhooks, and what could not be sent to them, as rows of the account page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from pitwall.domain.webhooks import (
    CHOICES,
    Delivery,
    DeliveryState,
    DriverRole,
    HookEvent,
    HookKind,
    Webhook,
)

_KINDS: Final = {
    HookKind.GENERIC: "Signed JSON",
    HookKind.NTFY: "ntfy",
    HookKind.DISCORD: "Discord",
}
_EVENTS: Final = {
    HookEvent.BATTLE_OPENED: "Attacks",
    HookEvent.BATTLE_ENDED: "Battles that end",
    HookEvent.FLAG: "Flags",
}
_ROLES: Final = {
    DriverRole.ANY: "Only {}",
    DriverRole.ATTACKER: "Only attacks by {}",
    DriverRole.DEFENDER: "Only attacks on {}",
}


@dataclass(frozen=True, slots=True)
class DeadItem:
    """One delivery that was given up; `at` is a time as text, UTC."""

    id: str
    hook_id: str
    words: str
    at: str
    error: str


@dataclass(frozen=True, slots=True)
class HookItem:
    """One webhook.

    Attributes:
        name: Its name, or its host where it has none.
        host: Where it leads; not the whole address, which may hold a secret.
        wants: What it is told, in a few words each.
        state: Whether and how well it works, a sentence.
        counts: How much was sent, waits and was given up.
        error: Why the last attempt failed; "" when it did not.
        is_well: Whether it is active and its last attempt, if any, succeeded.
        is_paused: Whether nothing is sent.
        is_signed: Whether its receiver verifies what is sent.
        dead: How many deliveries were given up, as text; "" for none.
        letters: The newest of them.
    """

    id: str
    name: str
    host: str
    kind: str
    wants: list[str]
    state: str
    counts: str
    error: str
    is_well: bool
    is_paused: bool
    is_signed: bool
    dead: str
    letters: list[DeadItem]


def hook_row(
    hook: Webhook, counts: Mapping[DeliveryState, int], letters: Sequence[Delivery]
) -> HookItem:
    """Return the row of a webhook."""
    host = urlsplit(hook.url).netloc
    waiting, dead = (counts.get(each, 0) for each in (DeliveryState.WAITING, DeliveryState.DEAD))
    return HookItem(
        id=str(hook.id),
        name=hook.name or host,
        host=host,
        kind=_KINDS[hook.kind],
        wants=_wants(hook),
        state=_state(hook),
        counts=f"{hook.sent} sent · {waiting} waiting · {dead} given up",
        error=hook.health.last_error,
        is_well=hook.paused_at is None and not hook.health.failures,
        is_paused=hook.paused_at is not None,
        is_signed=hook.kind is HookKind.GENERIC,
        dead=str(dead) if dead else "",
        letters=[_letter(each) for each in letters],
    )


def _letter(delivery: Delivery) -> DeadItem:
    return DeadItem(
        str(delivery.id),
        str(delivery.hook_id),
        delivery.words,
        _moment(delivery.created_at),
        delivery.error,
    )


def _wants(hook: Webhook) -> list[str]:
    wanted = hook.wanted
    words = []
    for event in CHOICES:
        if event not in wanted.events:
            continue
        if event is HookEvent.CHANCE_ABOVE:
            words.append(f"Chances from {100 * wanted.p_above:g} %")
        elif event is HookEvent.PASSED:
            limit = wanted.pass_below
            words.append("Passes" if limit is None else f"Passes given under {100 * limit:g} %")
        else:
            words.append(_EVENTS[event])
    if wanted.drivers:
        words.append(_ROLES[wanted.role].format(", ".join(wanted.drivers)))
    if not wanted.only_live:
        words.append("Also recorded and simulated races")
    return words


def _state(hook: Webhook) -> str:
    health = hook.health
    if hook.paused_at is not None:
        paused = f"Paused since {_moment(hook.paused_at)}"
        return f"{paused}: {hook.pause_reason}" if hook.pause_reason else paused
    if health.failing_since is not None:
        return f"Failing since {_moment(health.failing_since)}"
    if health.last_sent_at is None:
        return "Nothing sent yet"
    return f"Last sent {_moment(health.last_sent_at)}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
