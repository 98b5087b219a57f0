"""Define webhooks: who is told what, and what became of each telling.

A webhook is an address that an account registered. A delivery is one event on its way to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class HookKind(StrEnum):
    """How the receiver wants to be told."""

    GENERIC = "generic"  # JSON, signed as Standard Webhooks says
    NTFY = "ntfy"  # a notification on a phone
    DISCORD = "discord"  # a message in a channel


class HookEvent(StrEnum):
    """What a webhook can be told of."""

    CHANCE_ABOVE = "chance_above"  # the forecast of a battle has reached a limit
    BATTLE_OPENED = "battle_opened"
    BATTLE_ENDED = "battle_ended"
    PASSED = "passed"
    FLAG = "flag"
    TEST = "test"  # asked for by its owner


CHOICES = tuple(event for event in HookEvent if event is not HookEvent.TEST)
"""The events that a webhook can be registered for, in the order in which they are shown."""


class DriverRole(StrEnum):
    """On which side of a battle the chosen drivers must be."""

    ANY = "any"
    ATTACKER = "attacker"
    DEFENDER = "defender"


@dataclass(frozen=True, slots=True)
class HookFilter:
    """What a webhook wants to be told.

    Attributes:
        events: The kinds of events; at least one.
        p_above: `chance_above` is told when a forecast is at least this. Range: 0 to 1.
        pass_below: Of passes, only those whose last forecast was below this. Range: 0 to 1. None
            for all passes.
        drivers: Only battles of these cars, by three letters or number; () for all.
        role: On which side one of them must be.
        only_live: Whether races that are simulated or played from a recording are left out.
    """

    events: frozenset[HookEvent]
    p_above: float = 0.4
    pass_below: float | None = None
    drivers: tuple[str, ...] = ()
    role: DriverRole = DriverRole.ANY
    only_live: bool = True


@dataclass(frozen=True, slots=True)
class HookHealth:
    """How the receiver of a webhook has answered lately.

    Attributes:
        failures: Attempts that failed since the last that did not. Range: from 0.
        failing_since: When the first of them failed, UTC. None while the last one succeeded.
        hold_until: Nothing is sent before, UTC. None where nothing holds it.
        last_error: Why the last attempt failed; "" when it did not.
        last_sent_at: When the last attempt succeeded, UTC. None before the first.
    """

    failures: int = 0
    failing_since: datetime | None = None
    hold_until: datetime | None = None
    last_error: str = ""
    last_sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that an account registered.

    Attributes:
        name: What its owner calls it; may be "".
        secret: Signs what is sent: `whsec_` and base64. It is stored, because signing needs it, and
            shown once.
        created_at: UTC.
        paused_at: Since when nothing is sent, UTC. None while it is active.
        pause_reason: Why; "" where its owner paused it.
        sent, failed: How many attempts succeeded and failed, in all.
        turned_away: How many events were not kept because too many waited.
    """

    id: UUID
    user_id: UUID
    name: str
    url: str
    kind: HookKind
    secret: str = field(repr=False)
    wanted: HookFilter
    created_at: datetime
    paused_at: datetime | None = None
    pause_reason: str = ""
    health: HookHealth = HookHealth()
    sent: int = 0
    failed: int = 0
    turned_away: int = 0


class DeliveryState(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"  # to be sent, at once or again
    SENT = "sent"
    DEAD = "dead"  # given up; its owner may send it again


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook.

    Attributes:
        id: The same at every attempt, and whichever worker sends it.
        words: The event as a sentence.
        body: The event as JSON, as the receiver of a generic webhook gets it.
        created_at: UTC.
        attempts: How often it was tried. Range: from 0.
        next_at: When it is tried next, UTC; of no meaning unless it waits.
        ended_at: When it was sent or given up, UTC. None while it waits.
        status: The receiver's last answer. None where it did not answer.
        error: Why the last attempt failed; "" where none did.
    """

    id: UUID
    hook_id: UUID
    event: HookEvent
    words: str
    body: str
    created_at: datetime
    next_at: datetime
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    ended_at: datetime | None = None
    status: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class HookTotals:
    """What all webhooks of a server have done.

    Attributes:
        hooks: How many are registered.
        queued: Deliveries that wait.
        sent, failed: Attempts that succeeded and failed.
        dead: Deliveries that were given up and are still kept.
        turned_away: Events that were not kept because too many waited.
    """

    hooks: int = 0
    queued: int = 0
    sent: int = 0
    failed: int = 0
    dead: int = 0
    turned_away: int = 0


@dataclass(frozen=True, slots=True)
class HookPlace:
    """How far the events of the live race were put into deliveries.

    Attributes:
        moment: The id of the last moment; "" before the first.
        track: The state of the track that was told last, so that no worker tells it twice.
    """

    moment: str = ""
    track: str = ""
