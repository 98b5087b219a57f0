"""Let accounts register webhooks, try them, and send again what could not be sent."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NoReturn
from uuid import UUID, uuid4

from pitwall.domain.accounts import Account
from pitwall.domain.names import driver_names
from pitwall.domain.webhooks import (
    CHOICES,
    Delivery,
    DeliveryState,
    DriverRole,
    HookEvent,
    HookFilter,
    HookHealth,
    HookKind,
    HookTotals,
    Webhook,
)
from pitwall.errors import NotFoundError, RefusedFieldError, StoreError
from pitwall.ports.webhooks import HookQueue, HookRegister
from pitwall.webhooks.news import a_test
from pitwall.webhooks.targets import Targets, receiver_at

MOST_HOOKS: Final = 10
LONGEST_NAME: Final = 60
MOST_DRIVERS: Final = 20
_SECRET_BYTES: Final = 32
_TRIED_WITHIN_S: Final = 4.0
_LOOK_EVERY_S: Final = 0.2
_COUNTED_EVERY_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class HookWish:
    """What the owner of a webhook wants it to be; None leaves a field as it is."""

    name: str | None = None
    url: str | None = None
    kind: HookKind | None = None
    events: Sequence[HookEvent] | None = None
    p_above: float | None = None
    pass_below: float | None = None
    drivers: Sequence[str] | None = None
    role: DriverRole | None = None
    only_live: bool | None = None
    paused: bool | None = None
    every_pass: bool = False  # takes `pass_below` away


class Webhooks:
    """Does what people may do with their own webhooks.

    Args:
        store: Stores them.
        targets: Judges addresses.
        now: The wall clock.
    """

    def __init__(self, store: HookRegister, targets: Targets, now: Callable[[], datetime]) -> None:
        self._store = store
        self._targets = targets
        self._now = now

    async def create(self, account: Account, wish: HookWish) -> Webhook:
        """Register a webhook and return it, with the secret that is not shown again.

        Raises:
            RefusedFieldError: A field is not valid, or the account has too many.
        """
        if not wish.url:
            _refuse("url", "A webhook needs an address: https://HOST[:PORT]/PATH.")
        now = self._now()
        empty = Webhook(
            uuid4(),
            account.user_id,
            "",
            "",
            HookKind.GENERIC,
            new_secret(),
            HookFilter(frozenset({HookEvent.PASSED, HookEvent.CHANCE_ABOVE})),
            now,
        )
        hook = await self._as_wished(empty, wish)
        if not await self._store.add(hook, most=MOST_HOOKS):
            reason = f"You have {MOST_HOOKS} webhooks, the most allowed. Delete one first."
            _refuse("url", reason)
        return hook

    async def of(self, account: Account) -> list[Webhook]:
        """Return the account's webhooks, oldest first."""
        return await self._store.hooks(account.user_id)

    async def counts(self, account: Account) -> Mapping[UUID, Mapping[DeliveryState, int]]:
        """Return how many deliveries each webhook has in each state."""
        return await self._store.counts(account.user_id)

    async def get(self, account: Account, hook_id: UUID) -> Webhook:
        """Return one webhook of the account.

        Raises:
            NotFoundError: It has none with this id.
        """
        hook = await self._store.hook(account.user_id, hook_id)
        if hook is None:
            message = f"You have no webhook {hook_id}."
            raise NotFoundError(message)
        return hook

    async def change(self, account: Account, hook_id: UUID, wish: HookWish) -> Webhook:
        """Change a webhook and return it. What is on its way is sent as the new one says.

        Raises:
            NotFoundError: The account has none with this id.
            RefusedFieldError: A field is not valid.
        """
        before = await self.get(account, hook_id)
        hook = await self._as_wished(before, wish)
        # A new beginning: what was wrong with the receiver may be mended.
        hook = replace(hook, health=HookHealth(last_sent_at=hook.health.last_sent_at))
        return await self._changed(before, hook)

    async def renew_secret(self, account: Account, hook_id: UUID) -> Webhook:
        """Give a webhook another secret, which signs from now on, and return it.

        Raises:
            NotFoundError: The account has none with this id.
        """
        hook = await self.get(account, hook_id)
        return await self._changed(hook, replace(hook, secret=new_secret()))

    async def delete(self, account: Account, hook_id: UUID) -> None:
        """Delete a webhook with everything that waits for it.

        Raises:
            NotFoundError: The account has none with this id.
        """
        if not await self._store.remove(account.user_id, hook_id):
            message = f"You have no webhook {hook_id}."
            raise NotFoundError(message)

    async def deliveries(
        self, account: Account, hook_id: UUID, states: Sequence[DeliveryState], limit: int
    ) -> list[Delivery]:
        """Return the newest deliveries of a webhook in these states, newest first.

        Raises:
            NotFoundError: The account has none with this id.
        """
        await self.get(account, hook_id)
        return await self._store.deliveries(account.user_id, hook_id, states, limit)

    async def send_again(
        self, account: Account, hook_id: UUID, delivery_id: UUID | None = None
    ) -> int:
        """Send one dead delivery again, or all of a webhook; return how many.

        Raises:
            NotFoundError: There is no such webhook, or no such dead delivery.
        """
        await self.get(account, hook_id)
        store, user = self._store, account.user_id
        number = await store.send_again(user, hook_id, delivery_id, self._now())
        if delivery_id is not None and not number:
            message = f"This webhook has no dead delivery {delivery_id}."
            raise NotFoundError(message)
        return number

    async def test(self, account: Account, hook_id: UUID) -> Delivery:
        """Send a test, wait some seconds for what comes of it, and return that.

        Raises:
            NotFoundError: The account has none with this id.
            RefusedFieldError: The webhook is paused, or too much waits for it already.
        """
        hook = await self.get(account, hook_id)
        if hook.paused_at is not None:
            _refuse("paused", "This webhook is paused: resume it first.")
        # What the last failures would hold back is tried at once.
        await self._changed(hook, replace(hook, health=replace(hook.health, hold_until=None)))
        delivery = a_test(hook, uuid4(), self._now())
        if not await self._store.enqueue(delivery):
            _refuse("url", "Too many deliveries wait for this webhook or are dead.")
        deadline_s = asyncio.get_running_loop().time() + _TRIED_WITHIN_S
        while asyncio.get_running_loop().time() < deadline_s:
            await asyncio.sleep(_LOOK_EVERY_S)
            found = await self._store.delivery(account.user_id, hook_id, delivery.id)
            if found is None or found.attempts:
                return found or delivery
        return delivery

    async def _changed(self, before: Webhook, hook: Webhook) -> Webhook:
        if not await self._store.change(hook, before):
            message = f"You have no webhook {hook.id}."
            raise NotFoundError(message)
        return hook

    async def _as_wished(self, hook: Webhook, wish: HookWish) -> Webhook:
        name = hook.name if wish.name is None else wish.name.strip()
        if len(name) > LONGEST_NAME or not name.isprintable():
            _refuse("name", f"A name has at most {LONGEST_NAME} printable characters.")
        url, kind = hook.url if wish.url is None else wish.url.strip(), hook.kind
        if wish.kind is not None:
            kind = wish.kind
        elif wish.url is not None:
            kind = receiver_at(url)
        if (url, kind) != (hook.url, hook.kind):
            await self._targets.check(url, kind)
        paused_at, reason = hook.paused_at, hook.pause_reason
        if wish.paused is not None:
            paused_at = (paused_at or self._now()) if wish.paused else None
            reason = reason if wish.paused else ""
        return replace(
            hook,
            name=name,
            url=url,
            kind=kind,
            wanted=_filter(hook.wanted, wish),
            paused_at=paused_at,
            pause_reason=reason,
        )


class HookCounter:
    """Knows what all webhooks have done, as of some seconds ago, so that nobody waits for it."""

    def __init__(self, queue: HookQueue) -> None:
        self._queue = queue
        self._totals: HookTotals | None = None

    def totals(self) -> HookTotals | None:
        """Return what was counted last; None before the first time."""
        return self._totals

    async def keep_up(self) -> None:
        """Count again and again until cancelled."""
        while True:
            with suppress(StoreError):  # `/health` says so elsewhere; the last numbers stay
                self._totals = await self._queue.totals()
            await asyncio.sleep(_COUNTED_EVERY_S)


def new_secret() -> str:
    """Return a secret as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _filter(before: HookFilter, wish: HookWish) -> HookFilter:
    events = before.events if wish.events is None else frozenset(wish.events)
    if not events or not events <= set(CHOICES):
        names = ", ".join(CHOICES)
        _refuse("events", f"Choose at least one of {names}.")
    for field in ("p_above", "pass_below"):
        value = getattr(wish, field)
        if value is not None and not 0 < value <= 1:
            _refuse(field, "A chance is above 0 and at most 1, such as 0.4 for 40 %.")
    pass_below = before.pass_below if wish.pass_below is None else wish.pass_below
    return HookFilter(
        events=events,
        p_above=before.p_above if wish.p_above is None else wish.p_above,
        pass_below=None if wish.every_pass else pass_below,
        drivers=before.drivers if wish.drivers is None else _drivers(wish.drivers),
        role=wish.role or before.role,
        only_live=before.only_live if wish.only_live is None else wish.only_live,
    )


def _drivers(names: Sequence[str]) -> tuple[str, ...]:
    try:
        drivers = driver_names(names)
    except ValueError as error:
        _refuse("drivers", str(error))
    if len(drivers) > MOST_DRIVERS:
        _refuse("drivers", f"Name at most {MOST_DRIVERS} drivers; none means all.")
    return drivers


def _refuse(field: str, reason: str) -> NoReturn:
    raise RefusedFieldError(field, reason)
