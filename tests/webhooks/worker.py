"""Run what a worker that leads does for webhooks, and wait for what comes of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import TypeVar

from pitwall.aio import end
from pitwall.domain.frames import LiveFrame
from pitwall.domain.webhooks import Delivery, DeliveryState, Webhook
from pitwall.live.event_ring import EventRing
from pitwall.store.database import Database
from pitwall.store.webhooks import SqlWebhookStore
from pitwall.webhooks.announcer import Announcer
from pitwall.webhooks.posting import Poster
from pitwall.webhooks.sender import Sender
from pitwall.webhooks.targets import Targets

LOOPBACK = (ip_network("127.0.0.0/8"),)
ALL = list(DeliveryState)
T = TypeVar("T")


def wall_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Worker:
    """A worker that leads: its ring, and what sends."""

    database: Database
    targets: Targets
    tls: ssl.SSLContext | None = None
    answered_within_s: float = 1.0

    def __post_init__(self) -> None:
        self.ring = EventRing()
        self.store = SqlWebhookStore(self.database)
        self.leads = True

    @asynccontextmanager
    async def leading(self) -> AsyncIterator[Worker]:
        post = Poster(self.targets, self.targets, wall_now, self.tls, self.answered_within_s)
        sender = Sender(self.store, post, lambda: self.leads, wall_now)
        announcer = Announcer(self.ring, self.store, sender.wake, wall_now)
        tasks = [asyncio.ensure_future(work()) for work in (announcer.run, sender.run)]
        try:
            yield self
        finally:
            await end(*tasks)

    async def shows(self, frames: Sequence[LiveFrame]) -> None:
        self.ring.add(frames[0])
        await eventually(self._has_begun)
        for frame in frames[1:]:
            self.ring.add(frame)
            await asyncio.sleep(0.01)

    async def _has_begun(self) -> bool:
        """Whether events are told from here on."""
        return bool((await self.store.place()).moment)


async def eventually(what: Callable[[], Awaitable[T]], within_s: float = 10.0) -> T:
    """Ask until the answer is true, and return it."""
    async with asyncio.timeout(within_s):
        while True:
            answer = await what()
            if answer:
                return answer
            await asyncio.sleep(0.02)


async def states_of(worker: Worker, hook: Webhook) -> list[tuple[str, int]]:
    found = await worker.store.deliveries(hook.user_id, hook.id, ALL, 500)
    return [(each.state.value, each.attempts) for each in reversed(found)]


async def settled(worker: Worker, hook: Webhook) -> list[Delivery]:
    """Wait until a webhook's newest delivery was tried, and return its deliveries, newest first."""

    async def tried() -> list[Delivery]:
        found = await worker.store.deliveries(hook.user_id, hook.id, ALL, 500)
        return found if found and found[0].attempts else []

    return await eventually(tried)


async def failed(worker: Worker, hook: Webhook) -> Webhook:
    """Wait until an attempt has failed, and return the webhook."""

    async def tried() -> Webhook | None:
        found = await worker.store.hook(hook.user_id, hook.id)
        return found if found is not None and found.failed else None

    found = await eventually(tried)
    assert found is not None
    return found


async def stored(worker: Worker, hook: Webhook, number: int) -> None:
    """Wait until so many deliveries are stored for a webhook."""

    async def are_there() -> bool:
        return len(await states_of(worker, hook)) == number

    await eventually(are_there)


async def all_sent(worker: Worker, hook: Webhook) -> set[str]:
    """Wait until everything that was stored for a webhook is sent, and return the ids."""

    async def sent() -> set[str]:
        found = await worker.store.deliveries(hook.user_id, hook.id, ALL, 500)
        is_done = all(each.state is DeliveryState.SENT for each in found)
        return {str(each.id) for each in found} if is_done else set()

    return await eventually(sent, within_s=20)
