"""Define the port of webhooks: what registers them, and what sends to them, share this store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pitwall.domain.webhooks import (
    Delivery,
    DeliveryState,
    HookHealth,
    HookPlace,
    HookTotals,
    Webhook,
)


class HookRegister(Protocol):
    """Stores webhooks, and what became of their deliveries, for the accounts that own them.

    All times are aware and in UTC. A webhook of another account is not found.
    """

    async def add(self, hook: Webhook, *, most: int) -> bool:
        """Store a new webhook; False if the account has `most` already.

        Raises:
            NotLoggedInError: The account is gone.
        """
        ...

    async def hooks(self, user_id: UUID) -> list[Webhook]:
        """Return the account's webhooks, oldest first."""
        ...

    async def hook(self, user_id: UUID, hook_id: UUID) -> Webhook | None:
        """Return one webhook of the account."""
        ...

    async def change(self, hook: Webhook, before: Webhook | None = None) -> bool:
        """Store name, address, kind, secret, filter, pause and health; return whether it exists.

        Args:
            hook: The webhook as it shall be.
            before: As it was read. What is the same in both stays as it is stored by now, such as
                a secret that was made anew meanwhile. None stores everything.
        """
        ...

    async def remove(self, user_id: UUID, hook_id: UUID) -> bool:
        """Remove a webhook with its deliveries; return whether it was the account's."""
        ...

    async def deliveries(
        self, user_id: UUID, hook_id: UUID, states: Sequence[DeliveryState], limit: int
    ) -> list[Delivery]:
        """Return the newest deliveries of one webhook in these states, newest first."""
        ...

    async def delivery(self, user_id: UUID, hook_id: UUID, delivery_id: UUID) -> Delivery | None:
        """Return one delivery of one webhook of the account."""
        ...

    async def counts(self, user_id: UUID) -> Mapping[UUID, Mapping[DeliveryState, int]]:
        """Return how many deliveries each webhook of the account has in each state."""
        ...

    async def send_again(
        self, user_id: UUID, hook_id: UUID, delivery_id: UUID | None, now: datetime
    ) -> int:
        """Let one dead delivery of a webhook wait again, or all with None; return how many."""
        ...

    async def enqueue(self, delivery: Delivery) -> bool:
        """Let one delivery wait; False if its webhook is gone, paused or has too many."""
        ...


class HookQueue(Protocol):
    """Stores deliveries for the one worker that sends them."""

    async def active(self) -> list[Webhook]:
        """Return the webhooks that are told: not paused, of an account that is not disabled."""
        ...

    async def place(self) -> HookPlace:
        """Return how far events were put into deliveries."""
        ...

    async def put(self, deliveries: Sequence[Delivery], place: HookPlace) -> int:
        """Store deliveries and the place that is reached with them, in one transaction.

        One that is there already stays as it is. One for which there is no room is counted at its
        webhook. None is stored for a webhook that is paused or gone. Return how many were stored.
        """
        ...

    async def due(
        self, now: datetime, limit: int, but_not: Collection[UUID] = ()
    ) -> list[tuple[UUID, int]]:
        """Return the webhooks for which something is due, and how often each has failed lately.

        Those that have not failed come first, then those that have waited longest.
        """
        ...

    async def next_of(self, hook_id: UUID, now: datetime) -> tuple[Webhook, Delivery] | None:
        """Return the oldest delivery of a webhook that is due, unless it is held or paused."""
        ...

    async def settle(self, delivery: Delivery, health: HookHealth, *, pause: str = "") -> None:
        """Store what an attempt came to.

        Args:
            delivery: As it is after the attempt.
            health: Of its webhook, after the attempt.
            pause: Why the webhook is paused from now on; "" leaves it as it is. What waits for a
                paused webhook is given up.
        """
        ...

    async def purge(self, before: datetime, most_sent: int) -> int:
        """Remove old deliveries, and return how many.

        Args:
            before: Those that were made earlier are removed, whatever their state.
            most_sent: Of each webhook, as many of the newest that were sent are kept.
        """
        ...

    async def totals(self) -> HookTotals:
        """Return what all webhooks have done."""
        ...
