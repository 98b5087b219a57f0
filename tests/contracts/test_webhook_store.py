"""Test that webhooks and deliveries are stored alike on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from pitwall.domain.webhooks import (
    Delivery,
    DeliveryState,
    DriverRole,
    HookEvent,
    HookFilter,
    HookHealth,
    HookKind,
    HookPlace,
    HookTotals,
    Webhook,
)
from pitwall.errors import NotLoggedInError
from pitwall.store.accounts import SqlAccountStore
from pitwall.store.database import Database
from pitwall.store.webhooks import SqlWebhookStore
from tests.webhooks.makers import NOON, a_delivery, a_hook, a_user, registered

LATER = NOON + timedelta(hours=1)
PLACE = HookPlace("19ac-1", "race|clear")


async def hook_with(database: Database, *deliveries: float) -> tuple[Webhook, list[Delivery]]:
    """Register a webhook, with a delivery made at each of these seconds."""
    hook = await registered(database, a_hook(await a_user(database)))
    waiting = [a_delivery(hook, seconds) for seconds in deliveries]
    assert await SqlWebhookStore(database).put(waiting, PLACE) == len(waiting)
    return hook, waiting


async def test_gives_a_webhook_back_as_it_came(database: Database) -> None:
    store, user = SqlWebhookStore(database), await a_user(database)
    wanted = HookFilter(
        frozenset({HookEvent.PASSED, HookEvent.FLAG}), 0.25, 0.1, ("NOR", "81"), DriverRole.ATTACKER
    )
    hook = a_hook(user, kind=HookKind.NTFY, wanted=wanted)
    other = a_hook(user, created_at=LATER)

    assert await store.add(hook, most=2)
    assert await store.add(other, most=2)
    assert not await store.add(a_hook(user), most=2)

    assert await store.hooks(user) == [hook, other]
    assert await store.hook(user, hook.id) == hook
    assert await store.hook(uuid4(), hook.id) is None
    changed = replace(hook, url="https://b.example/", paused_at=NOON, health=HookHealth(3, NOON))
    assert await store.change(changed)
    assert await store.hook(user, hook.id) == changed
    assert not await store.change(replace(changed, user_id=uuid4()))
    assert await store.remove(user, hook.id)
    assert not await store.remove(user, hook.id)


async def test_a_change_takes_back_no_other_that_was_made_meanwhile(database: Database) -> None:
    store, (before, _) = SqlWebhookStore(database), await hook_with(database)
    renewed = replace(before, secret="whsec_bmV3", paused_at=NOON, pause_reason="gone")
    assert await store.change(renewed, before)

    assert await store.change(replace(before, url="https://b.example/"), before)
    assert await store.change(before, before)
    assert not await store.change(replace(before, user_id=uuid4()), before)

    stored = await store.hook(before.user_id, before.id)
    assert stored == replace(renewed, url="https://b.example/")


async def test_takes_as_many_deliveries_at_once_as_there_are(database: Database) -> None:
    """After an outage, or at a restart of a race, there is one for each event and webhook."""
    gone, hook = a_hook(uuid4()), await registered(database, a_hook(await a_user(database)))
    many = [a_delivery(gone, 0) for _ in range(33_000)]  # of more than 32,767 values none asks
    store = SqlWebhookStore(database, most_kept=2)
    assert (
        await store.put([a_delivery(hook, 0), *many, *(a_delivery(hook, n) for n in (1, 2))], PLACE)
        == 2
    )
    stored = await store.hook(hook.user_id, hook.id)
    assert stored is not None
    assert stored.turned_away == 1


async def test_refuses_a_webhook_of_an_account_that_is_gone(database: Database) -> None:
    with pytest.raises(NotLoggedInError):
        await SqlWebhookStore(database).add(a_hook(uuid4()), most=9)


async def test_no_more_webhooks_than_allowed_however_many_ask_at_once(database: Database) -> None:
    store, user = SqlWebhookStore(database), await a_user(database)
    added = await asyncio.gather(*(store.add(a_hook(user), most=3) for _ in range(8)))
    assert sum(added) == 3


async def test_stores_a_delivery_once_with_the_place(database: Database) -> None:
    store = SqlWebhookStore(database)
    hook, (delivery,) = await hook_with(database, 0)

    again = replace(delivery, created_at=LATER)
    assert await store.put([again, a_delivery(a_hook(hook.user_id))], HookPlace("19ad-1")) == 0

    assert await store.place() == HookPlace("19ad-1")
    assert await store.delivery(hook.user_id, hook.id, delivery.id) == delivery
    assert await store.delivery(uuid4(), hook.id, delivery.id) is None


async def test_gives_the_oldest_that_is_due(database: Database) -> None:
    store = SqlWebhookStore(database)
    hook, (new, old) = await hook_with(database, 5, 0)

    assert await store.due(NOON - timedelta(seconds=1), 9) == []
    assert await store.due(LATER, 9) == [(hook.id, 0)]
    assert await store.due(LATER, 9, [hook.id]) == []
    assert await store.next_of(hook.id, LATER) == (hook, old)
    put_off = replace(old, next_at=LATER + timedelta(hours=1), attempts=1, error="no")
    await store.settle(put_off, HookHealth(1, NOON, None, "no"))
    found = await store.next_of(hook.id, LATER)
    assert found is not None
    assert found[1] == new
    assert (found[0].health.failures, found[0].failed, found[0].sent) == (1, 1, 0)


async def test_those_that_failed_come_after_those_that_did_not(database: Database) -> None:
    store, (failing, old) = SqlWebhookStore(database), await hook_with(database, 0, 1)
    well = await registered(database, a_hook(failing.user_id))
    await store.put([a_delivery(well, 9)], PLACE)
    await store.settle(replace(old[0], attempts=1), HookHealth(1, NOON, None, "no"))

    assert await store.due(LATER, 9) == [(well.id, 0), (failing.id, 1)]
    assert await store.due(LATER, 1) == [(well.id, 0)]


@pytest.mark.parametrize("why", ["held", "paused", "disabled"])
async def test_nothing_is_due_for_a_webhook_that_is(database: Database, why: str) -> None:
    store, (hook, _) = SqlWebhookStore(database), await hook_with(database, 0)
    if why == "held":
        held = HookHealth(1, NOON, LATER + timedelta(seconds=1), "no")
        await store.change(replace(hook, health=held))
    elif why == "paused":
        await store.change(replace(hook, paused_at=NOON))
    else:
        await SqlAccountStore(database).set_disabled(hook.user_id, NOON)

    assert await store.due(LATER, 9) == []
    assert await store.next_of(hook.id, LATER) is None
    assert len(await store.active()) == (1 if why == "held" else 0)


async def test_what_was_given_up_is_listed_and_sent_again(database: Database) -> None:
    store = SqlWebhookStore(database)
    hook, (first, second) = await hook_with(database, 0, 1)
    dead = replace(first, state=DeliveryState.DEAD, attempts=12, ended_at=LATER, error="no")
    sent = replace(second, state=DeliveryState.SENT, attempts=1, ended_at=LATER, status=204)
    await store.settle(dead, HookHealth(12, NOON, None, "no"))
    await store.settle(sent, HookHealth(last_sent_at=LATER))
    user = hook.user_id

    assert await store.deliveries(user, hook.id, [DeliveryState.DEAD], 9) == [dead]
    assert await store.deliveries(user, hook.id, list(DeliveryState), 9) == [sent, dead]
    assert await store.deliveries(uuid4(), hook.id, list(DeliveryState), 9) == []
    assert await store.counts(user) == {hook.id: {DeliveryState.DEAD: 1, DeliveryState.SENT: 1}}
    assert await store.totals() == HookTotals(hooks=1, sent=1, failed=1, dead=1)
    assert await store.send_again(uuid4(), hook.id, first.id, LATER) == 0
    assert await store.send_again(user, hook.id, second.id, LATER) == 0
    assert await store.send_again(user, hook.id, first.id, LATER) == 1
    found = await store.next_of(hook.id, LATER)
    assert found is not None
    assert (found[1].id, found[1].attempts, found[1].body) == (first.id, 0, first.body)
    assert (await store.totals()).queued == 1


async def test_a_pause_gives_up_what_waits(database: Database) -> None:
    store = SqlWebhookStore(database)
    hook, (first, second) = await hook_with(database, 0, 1)
    dead = replace(first, state=DeliveryState.DEAD, attempts=1, ended_at=LATER, error="gone")

    await store.settle(dead, HookHealth(1, NOON, None, "gone"), pause="It is gone.")

    found = await store.hook(hook.user_id, hook.id)
    assert found is not None
    assert (found.paused_at, found.pause_reason) == (LATER, "It is gone.")
    given_up = replace(second, state=DeliveryState.DEAD, ended_at=LATER, error="It is gone.")
    assert await store.deliveries(hook.user_id, hook.id, [DeliveryState.DEAD], 9) == [
        given_up,
        dead,
    ]


async def test_a_full_webhook_turns_events_away_and_counts_them(database: Database) -> None:
    store, user = SqlWebhookStore(database, most_kept=3), await a_user(database)
    full, other = a_hook(user), a_hook(user)
    for hook in (full, other):
        await registered(database, hook)

    many = [a_delivery(full, seconds) for seconds in range(5)]
    assert await store.put([*many, a_delivery(other)], PLACE) == 4
    assert not await store.enqueue(a_delivery(full))
    assert await store.enqueue(a_delivery(other))

    found = await store.hook(user, full.id)
    assert found is not None
    assert found.turned_away == 3
    assert (await store.totals()).turned_away == 3


async def test_removes_what_is_old_and_the_oldest_of_many_that_were_sent(
    database: Database,
) -> None:
    store = SqlWebhookStore(database)
    hook, deliveries = await hook_with(database, -90_000, 0, 1, 2)
    for each in deliveries[1:]:
        sent = replace(each, state=DeliveryState.SENT, ended_at=LATER)
        await store.settle(sent, HookHealth())

    assert await store.purge(NOON - timedelta(days=1), most_sent=2) == 2

    left = await store.deliveries(hook.user_id, hook.id, list(DeliveryState), 9)
    assert [each.id for each in left] == [deliveries[3].id, deliveries[2].id]


async def test_an_account_takes_its_webhooks_along(database: Database) -> None:
    store, (hook, _) = SqlWebhookStore(database), await hook_with(database, 0)
    await SqlAccountStore(database).delete_user(hook.user_id)
    assert await store.totals() == HookTotals()
    assert await store.put([a_delivery(hook)], PLACE) == 0
