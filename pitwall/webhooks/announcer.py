"""Put what happens in the live race into deliveries, in the worker that leads.

Deliveries and the place in the stream up to which they were made are stored in one transaction. A
worker that takes over goes on from there; what it makes again has the same ids and is not stored
again. While the database is away, the ring of events remembers for five minutes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pitwall.domain.frames import LiveFrame
from pitwall.domain.webhooks import Delivery, HookEvent, HookPlace, Webhook
from pitwall.errors import StoreError
from pitwall.live.event_ring import Backlog, EventRing
from pitwall.live.race_events import EventKind
from pitwall.ports.webhooks import HookQueue
from pitwall.webhooks.news import News, likely_battles, news_of, track_of

log = logging.getLogger(__name__)

HOOKS_READ_EVERY: Final = timedelta(seconds=2)
PLACE_STORED_EVERY: Final = timedelta(seconds=5)
RETRY_S: Final = 1.0


class Announcer:
    """Follows the ring of events and stores deliveries for the webhooks that want them.

    Args:
        ring: The events of the live race, as this worker sees them.
        queue: Stores deliveries.
        wake: Called after something was stored, so that it is sent at once.
        now: The wall clock.
    """

    def __init__(
        self,
        ring: EventRing,
        queue: HookQueue,
        wake: Callable[[], None],
        now: Callable[[], datetime],
    ) -> None:
        self._ring = ring
        self._queue = queue
        self._wake = wake
        self._now = now
        self._place = HookPlace()
        self._hooks: list[Webhook] = []
        self._hooks_read_at: datetime | None = None
        self._place_stored_at: datetime | None = None
        self._told: dict[UUID, frozenset[str]] = {}
        self._is_first = True

    async def run(self) -> None:
        """Announce until cancelled."""
        while True:
            try:
                self._place = await self._queue.place()
                break
            except StoreError:  # the recorder says why; nothing is lost for five minutes
                await asyncio.sleep(RETRY_S)
        while True:
            backlog = await self._ring.after(self._place.moment or None)
            try:
                await self._announce(backlog)
            except StoreError as error:
                log.warning("events wait for the database", extra={"because": str(error)})
                await asyncio.sleep(RETRY_S)

    async def _announce(self, backlog: Backlog) -> None:
        now = self._now()
        if self._hooks_read_at is None or now - self._hooks_read_at >= HOOKS_READ_EVERY:
            self._hooks = await self._queue.active()
            self._hooks_read_at = now
        newest = backlog.moments[-1]
        place = HookPlace(newest.id, track_of(newest.frame.header))
        if self._hooks:
            if self._is_first and self._place.moment and not backlog.is_whole:
                log.info("webhooks are told of nothing before this moment")
            likely, told = self._likely(newest.frame, now)
            deliveries = [*self._happened(backlog, now), *likely]
            if deliveries or self._is_due(now):
                stored = await self._queue.put(deliveries, place)
                self._place_stored_at = now
                if stored:
                    self._wake()
            self._told = told
        self._place = place
        self._is_first = False

    def _happened(self, backlog: Backlog, now: datetime) -> Iterator[Delivery]:
        """Yield the deliveries of events.

        The first ones may have been told by another worker. Battles are then known by their keys;
        a state of the track is known by being the one that was told last.
        """
        track = self._place.track if self._is_first else ""
        for moment in backlog.moments:
            for place, event in enumerate(moment.events):
                state = track_of(event.frame.header)
                if event.kind is EventKind.FLAG and state == track:
                    continue
                track = state if event.kind is EventKind.FLAG and track else track
                yield from self._wanting(news_of(event), now, place)

    def _wanting(self, news: News, now: datetime, place: int) -> Iterator[Delivery]:
        """Yield a delivery to each webhook that wants to be told."""
        for hook in self._hooks:
            try:
                if news.is_for(hook.wanted):
                    yield news.for_hook(hook, now, place)
            except Exception:  # one event must not keep the others
                log.exception("an event could not be told", extra={"event": news.event})

    def _likely(
        self, frame: LiveFrame, now: datetime
    ) -> tuple[list[Delivery], dict[UUID, frozenset[str]]]:
        """Return a delivery for each battle that has become likely enough, once a battle and hook.

        Of battles that are over nothing is remembered.
        """
        battles = list(likely_battles(frame))
        told: dict[UUID, frozenset[str]] = {}
        deliveries = []
        for hook in self._hooks:
            if HookEvent.CHANCE_ABOVE not in hook.wanted.events:
                continue
            before = self._told.get(hook.id, frozenset())
            new = [each for each in _above(battles, hook) if _battle(each) not in before]
            deliveries += [each.for_hook(hook, now) for each in new]
            under_way = before & {_battle(each) for each in battles}
            told[hook.id] = under_way | {_battle(each) for each in new}
        return deliveries, told

    def _is_due(self, now: datetime) -> bool:
        at = self._place_stored_at
        return at is None or now - at >= PLACE_STORED_EVERY


def _above(battles: Iterable[News], hook: Webhook) -> Iterable[News]:
    """Yield the battles that a webhook wants to be told are likely."""
    for each in battles:
        p = each.opened.p_overtake if each.opened else None
        if p is not None and p >= hook.wanted.p_above and each.is_for(hook.wanted):
            yield each


def _battle(news: News) -> str:
    """Return which battle it is, within one race."""
    battle = news.opened
    return "" if battle is None else f"{battle.attacker}|{battle.defender}|{battle.opened_at}"
