"""Wire webhooks: what accounts do with them in every worker, and what the leader sends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from pitwall.app.settings import Settings
from pitwall.live.event_ring import EventRing
from pitwall.live.leading import keep_running
from pitwall.store.database import Databases
from pitwall.store.webhooks import SqlWebhookStore
from pitwall.webhooks.announcer import Announcer
from pitwall.webhooks.posting import Poster
from pitwall.webhooks.sender import Sender
from pitwall.webhooks.service import HookCounter, Webhooks
from pitwall.webhooks.targets import Targets


def hooks_of_accounts(settings: Settings, databases: Databases) -> Webhooks:
    """Return what accounts do with their webhooks."""
    store = SqlWebhookStore(databases.accounts)
    return Webhooks(store, Targets(settings.allowed_networks()), _now)


def hook_counter(databases: Databases) -> HookCounter:
    """Return what counts the deliveries of all webhooks, once it is kept up."""
    return HookCounter(SqlWebhookStore(databases.readers))


async def send_webhooks(
    settings: Settings, databases: Databases, events: EventRing, may_send: Callable[[], bool]
) -> None:
    """Tell webhooks what happens until cancelled, in the worker that leads.

    Args:
        settings: Where webhooks may lead.
        databases: Stores deliveries.
        events: What happens.
        may_send: Whether this worker leads, by this machine's clock alone.
    """
    networks = settings.allowed_networks()
    queue, targets, others = (
        SqlWebhookStore(databases.webhooks),
        Targets(networks),
        Targets(networks),
    )
    sender = Sender(queue, Poster(targets, others, _now), may_send, _now)
    announcer = Announcer(events, queue, sender.wake, _now)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(keep_running(announcer.run))
        tasks.create_task(keep_running(sender.run))


def _now() -> datetime:
    return datetime.now(UTC)
