"""Follow an OpenF1 session while it is on: by MQTT with an account, or by polling REST."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from pitwall.aio import end
from pitwall.domain.sessions import Source
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.openf1.account import OpenF1Account
from pitwall.feeds.openf1.backfill import LATEST, Filled, Filler, find_session
from pitwall.feeds.openf1.broker import (
    OPENF1_MQTT,
    BrokerRefusedError,
    Delivered,
    Subscription,
    subscribed,
)
from pitwall.feeds.openf1.client import BRIEF, OPENF1_URL, OpenF1Rest
from pitwall.feeds.openf1.frame_reader import MQTT, read_frame
from pitwall.feeds.openf1.row_merger import RowMerger
from pitwall.feeds.openf1.rows import Row, count_of, rows_of
from pitwall.wire.message import RawFrame, Reading

log = logging.getLogger(__name__)

QUEUE_FRAMES = 4096
POLL_S = 5.0  # six requests each time, half of the rate that OpenF1 allows
QUIET_S = 6.0  # during a race intervals come several times a second
FILLS_APART_S, FAILED_APART_S = 2.0, 0.5
BEHIND = "OpenF1 does not answer about the past ({}); missed data may be wrong for now."
POLLING = "Without an OpenF1 account, live data is a few seconds behind."


def _wall_now() -> datetime:
    return datetime.now(UTC)


class OpenF1LiveFeed:
    """A `LiveFeed` of OpenF1.

    MQTT is subscribed to before REST is asked, so that no row is missed in between. The first
    connection begins with the whole session by REST; its rows are kept for later connections,
    which then ask only for what was missed.

    Args:
        account: For REST and MQTT; None polls, which OpenF1 refuses while a session is on.
        base_url: The address of the REST server.
        mqtt_url: The address of the MQTT broker; "" polls with the account.
        session: Its key, or `latest`.
        now: The wall clock.
        rng: The source of jitter.

    Attributes:
        merger: The rows so far; None before the first connection.
    """

    name = "openf1"
    source = Source.LIVE

    def __init__(
        self,
        account: OpenF1Account | None = None,
        base_url: str = OPENF1_URL,
        mqtt_url: str = OPENF1_MQTT,
        session: str = LATEST,
        now: Callable[[], datetime] = _wall_now,
        rng: random.Random | None = None,
    ) -> None:
        self.merger: RowMerger | None = None
        self._account = account
        self._rest = OpenF1Rest(base_url, account, BRIEF, now, rng)
        self._filler = Filler(self._rest, now)
        self._mqtt_url = mqtt_url if account is not None else ""
        self._session = session
        self._now = now
        self._wanted = asyncio.Event()
        self._connected = False
        self._filled_at: datetime | None = None
        self._delivered_s = 0.0
        self._behind = ""

    @property
    def detail(self) -> str:
        """What is wrong with the connection, or that it only polls; "" when all is well."""
        return self._behind or ("" if self._mqtt_url else POLLING)

    def read(self, frame: RawFrame) -> Reading:
        """Return the messages and snapshots of a frame."""
        return read_frame(frame)

    async def ask_snapshot(self) -> bool:
        """Ask REST for rows that may have been missed; a snapshot follows."""
        if self._connected:
            self._wanted.set()
        return self._connected

    async def frames(self) -> AsyncGenerator[RawFrame, None]:
        """Yield the frames of one connection.

        Raises:
            FeedUnavailableError: OpenF1 cannot be reached, refuses, or broke off.
        """
        out: asyncio.Queue[RawFrame] = asyncio.Queue(QUEUE_FRAMES)
        running = asyncio.create_task(self._connection(out))
        try:
            while True:
                while not out.empty():
                    yield out.get_nowait()
                waiting = asyncio.ensure_future(out.get())
                await asyncio.wait({waiting, running}, return_when=asyncio.FIRST_COMPLETED)
                if waiting.done():
                    yield waiting.result()
                else:
                    waiting.cancel()
                    running.result()
                    return
        finally:
            self._connected = False
            await end(running)

    async def _connection(self, out: asyncio.Queue[RawFrame]) -> None:
        async with self._rest as rest:
            if self._account is not None and self._mqtt_url:
                await self._listen(self._account.user, await rest.token(), out)
            else:
                await self._join(out)
                await self._poll(out)

    async def _listen(self, user: str, token: str, out: asyncio.Queue[RawFrame]) -> None:
        """Follow MQTT, while REST fills the gap since the last connection."""
        try:
            async with subscribed(self._mqtt_url, user, token) as subscription:
                if self.merger is None:
                    await self._join(out)
                else:
                    self._wanted.set()
                self._connected = True
                self._delivered_s = asyncio.get_running_loop().time()
                await _first_of(self._pump(subscription, out), self._keep_whole(out))
        except BrokerRefusedError:
            self._rest.forget_token()
            raise

    async def _join(self, out: asyncio.Queue[RawFrame]) -> None:
        """Find the session, and queue its snapshot."""
        self._wanted.clear()
        found = await find_session(self._rest, self._session)
        key = count_of(found, "session_key", most=10**9) or 0
        merger = self.merger if self.merger and self.merger.session_key == key else RowMerger(key)
        await self._put(out, await self._filler.describe(merger, found))
        await self._put(out, await self._filler.fill(merger, None))
        self.merger, self._filled_at = merger, self._now()
        await out.put(merger.whole_frame(self._now()))
        self._connected = True

    @property
    def _merger(self) -> RowMerger:
        assert self.merger is not None  # noqa: S101  after `_join`
        return self.merger

    async def _fill(self, out: asyncio.Queue[RawFrame]) -> None:
        asked_at = self._now()
        await self._put(out, await self._filler.fill(self._merger, self._filled_at))
        self._filled_at, self._behind = asked_at, ""

    async def _put(self, out: asyncio.Queue[RawFrame], filled: Filled) -> None:
        for frame in filled.frames:
            await out.put(frame)

    async def _pump(self, subscription: Subscription, out: asyncio.Queue[RawFrame]) -> None:
        """Queue the messages of MQTT."""
        async with aclosing(subscription.messages()) as messages:
            async for delivered in messages:
                self._delivered_s = asyncio.get_running_loop().time()
                for frame in self._taken(delivered):
                    await out.put(frame)

    def _taken(self, delivered: Delivered) -> Iterator[RawFrame]:
        """Yield a message with a new row, and the frame of merged rows that it changes."""
        frame = RawFrame(self._now(), delivered.payload, delivered.topic)
        rows = rows_of(delivered.payload)
        if rows is None:
            yield frame
            return
        self._check_session(rows)
        unsound = self._merger.tally.unsound
        new = self._merger.take(delivered.topic.removeprefix(MQTT), rows, frame.received_at)
        if new or self._merger.tally.unsound > unsound:
            yield frame
        changed = self._merger.changed_frame(frame.received_at)
        if changed is not None:
            yield changed

    def _check_session(self, rows: list[Row]) -> None:
        if self._session != LATEST:
            return
        for row in rows:
            if (count_of(row, "session_key", most=10**6) or 0) > self._merger.session_key:
                self.merger = None
                raise FeedUnavailableError("OpenF1 moved on to another session.")

    async def _keep_whole(self, out: asyncio.Queue[RawFrame]) -> None:
        """Fill gaps when asked to, and check by REST when MQTT is silent."""
        while True:
            try:
                async with asyncio.timeout(QUIET_S):
                    await self._wanted.wait()
            except TimeoutError:
                await self._look(out)
                continue
            self._wanted.clear()
            try:
                await self._fill(out)
            except FeedUnavailableError as error:
                self._behind = BEHIND.format(str(error).rstrip("."))
                self._wanted.set()
                await asyncio.sleep(error.retry_after_s or FAILED_APART_S)
            else:
                await out.put(self._merger.whole_frame(self._now()))
                await asyncio.sleep(FILLS_APART_S)

    async def _look(self, out: asyncio.Queue[RawFrame]) -> None:
        """Find out whether a silent connection is dead, which MQTT itself notices late.

        Raises:
            FeedUnavailableError: OpenF1 has newer rows that MQTT did not send.
        """
        before_s = self._delivered_s
        if asyncio.get_running_loop().time() - before_s < QUIET_S:
            return
        try:
            seen = await self._filler.check(self._merger)
        except FeedUnavailableError:
            return  # no news either way: the reader of frames gives up in time
        await self._put(out, seen)
        if seen.new and self._delivered_s == before_s:
            raise FeedUnavailableError("OpenF1's MQTT fell silent while the race went on.")

    async def _poll(self, out: asyncio.Queue[RawFrame]) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._wanted.wait()
                    await asyncio.sleep(FILLS_APART_S)
            asked, began = self._wanted.is_set(), self._now()
            self._wanted.clear()
            await self._fill(out)
            changed = self._merger.changed_frame(self._now())
            if asked:
                await out.put(self._merger.whole_frame(self._now()))
            elif changed is not None:
                await out.put(changed)
            spent = self._now() - began
            if spent > timedelta(seconds=POLL_S):
                log.info("polling is slow", extra={"took_s": spent.total_seconds()})


async def _first_of(*work: Coroutine[Any, Any, None]) -> None:
    """Run until the first ends, cancel the others, and raise its error."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await end(*tasks)
