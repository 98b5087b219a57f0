"""Send what waits for webhooks, each webhook at its own pace, in the worker that leads.

One delivery of a webhook is on its way at a time, oldest first. A webhook whose receiver fails or
is slow is served in a lane of its own, so that it cannot take the places of those that answer.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pitwall.aio import end
from pitwall.domain.webhooks import Delivery, DeliveryState, HookHealth, Webhook
from pitwall.errors import StoreError
from pitwall.ports.webhooks import HookQueue

log = logging.getLogger(__name__)

DELAYS: Final = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 900))
"""How long to wait after the first, second, ... failure; after more the last counts."""
MOST_ATTEMPTS: Final = 12
PAUSE_AFTER: Final = timedelta(hours=12)
LONGEST_RETRY_AFTER: Final = timedelta(hours=1)
RETENTION: Final = timedelta(days=7)
MOST_SENT_KEPT: Final = 500
"""How many deliveries that were sent are kept for each webhook."""

LOOK_EVERY_S: Final = 1.0
PURGE_EVERY: Final = timedelta(minutes=10)
AT_ONCE: Final = 64
"""How many webhooks are served at once in each lane."""
IN_A_ROW: Final = 20
SLOW_S: Final = 2.0

_JITTER: Final = (0.8, 1.2)


@dataclass(frozen=True, slots=True)
class Reply:
    """What an attempt came to.

    Attributes:
        status: The status of the receiver's answer. None where it did not answer.
        error: Why the attempt failed; "" for success.
        retry_after_s: How long the receiver asks to be left alone. None where it does not.
        is_gone: Whether the receiver wants to be told nothing any more.
        took_s: How long it took.
    """

    status: int | None = None
    error: str = ""
    retry_after_s: float | None = None
    is_gone: bool = False
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """A delivery and the health of its webhook after an attempt; `pause` as in `HookQueue`."""

    delivery: Delivery
    health: HookHealth
    pause: str = ""


Post = Callable[[Webhook, Delivery, bool], Awaitable[Reply]]
"""Makes one attempt; the last argument says whether the webhook is in the lane of the troubled."""


def outcome_of(
    hook: Webhook, delivery: Delivery, reply: Reply, now: datetime, jitter: float = 1.0
) -> AttemptOutcome:
    """Decide what follows from an attempt.

    Args:
        hook: Before the attempt.
        delivery: Before the attempt.
        reply: What the attempt came to.
        now: The wall clock.
        jitter: Factor for delays, so that receivers are not asked again all at once.
    """
    tried = replace(delivery, attempts=delivery.attempts + 1, status=reply.status)
    if not reply.error:
        sent = replace(tried, state=DeliveryState.SENT, ended_at=now, error="")
        return AttemptOutcome(sent, HookHealth(last_sent_at=now))
    tried = replace(tried, error=reply.error)
    before = hook.health
    since = before.failing_since or now
    asked = timedelta(seconds=reply.retry_after_s or 0.0)
    hold = max(_delay(before.failures + 1, jitter), min(asked, LONGEST_RETRY_AFTER))
    health = HookHealth(before.failures + 1, since, now + hold, reply.error, before.last_sent_at)
    pause = ""
    if reply.is_gone:
        pause = "The receiver said that it wants nothing any more (410 Gone)."
    elif now - since >= PAUSE_AFTER:
        hours = PAUSE_AFTER // timedelta(hours=1)
        pause = f"Every attempt has failed for {hours} hours."
    if pause or tried.attempts >= MOST_ATTEMPTS:
        return AttemptOutcome(replace(tried, state=DeliveryState.DEAD, ended_at=now), health, pause)
    wait = max(_delay(tried.attempts, jitter), min(asked, LONGEST_RETRY_AFTER))
    return AttemptOutcome(replace(tried, next_at=now + wait), health)


def _delay(failures: int, jitter: float) -> timedelta:
    return DELAYS[min(failures, len(DELAYS)) - 1] * jitter


class Sender:
    """Sends what is due until cancelled.

    Args:
        queue: Stores deliveries.
        post: Makes one attempt.
        may_send: Whether this worker leads, by this machine's clock alone.
        now: The wall clock.
    """

    def __init__(
        self,
        queue: HookQueue,
        post: Post,
        may_send: Callable[[], bool],
        now: Callable[[], datetime],
    ) -> None:
        self._queue = queue
        self._post = post
        self._may_send = may_send
        self._now = now
        self._woken = asyncio.Event()
        self._serving: dict[UUID, asyncio.Task[None]] = {}
        self._troubled: set[UUID] = set()  # of those being served
        self._slow: set[UUID] = set()
        self._unsettled: dict[UUID, AttemptOutcome] = {}
        self._purged_at: datetime | None = None

    def wake(self) -> None:
        """Look for something due now."""
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled; what is on its way then is sent again by who leads next."""
        try:
            while True:
                try:
                    await self._turn()
                except StoreError as error:
                    log.info("webhooks wait for the database", extra={"because": str(error)})
                try:
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._woken.wait()
                    self._woken.clear()
                except TimeoutError:
                    pass
        finally:
            await end(*self._serving.values())

    async def _turn(self) -> None:
        now = self._now()
        if not self._may_send():
            return
        due = await self._queue.due(now, 4 * AT_ONCE, but_not=list(self._serving))
        for hook_id, failures in due:
            troubled = failures > 0 or hook_id in self._slow
            in_lane = sum((each in self._troubled) is troubled for each in self._serving)
            if in_lane >= AT_ONCE:
                continue  # it stays due
            if troubled:
                self._troubled.add(hook_id)
            task = asyncio.create_task(self._serve(hook_id, troubled=troubled))
            self._serving[hook_id] = task
        if self._purged_at is None or now - self._purged_at >= PURGE_EVERY:
            await self._queue.purge(now - RETENTION, MOST_SENT_KEPT)
            self._slow.clear()  # those may be there that are deleted
            self._purged_at = now

    async def _serve(self, hook_id: UUID, *, troubled: bool) -> None:
        """Send to one webhook until nothing is due, an attempt fails or others want a turn."""
        try:
            for _ in range(IN_A_ROW):
                found = await self._queue.next_of(hook_id, self._now())
                if found is None or not self._may_send():
                    return
                if not await self._attempt(*found, troubled=troubled):
                    return
            self.wake()
        except StoreError as error:
            log.info("a webhook waits for the database", extra={"because": str(error)})
        except Exception:  # one webhook must not end the others
            log.exception("a webhook could not be served")
        finally:
            self._serving.pop(hook_id, None)
            self._troubled.discard(hook_id)

    async def _attempt(self, hook: Webhook, delivery: Delivery, *, troubled: bool) -> bool:
        """Make one attempt and store what it came to; return whether it succeeded."""
        outcome = self._unsettled.get(delivery.id)
        if outcome is None:  # else it was made, but could not be stored
            reply = await self._post(hook, delivery, troubled)
            slow = reply.took_s >= SLOW_S
            (self._slow.add if slow else self._slow.discard)(hook.id)
            jitter = random.uniform(*_JITTER)  # noqa: S311  it need not be hard to guess
            outcome = outcome_of(hook, delivery, reply, self._now(), jitter)
            self._unsettled[delivery.id] = outcome
            if outcome.pause:
                log.warning("a webhook is paused", extra={"hook": str(hook.id)})
        await self._queue.settle(outcome.delivery, outcome.health, pause=outcome.pause)
        del self._unsettled[delivery.id]
        return not outcome.health.last_error
