"""Follow an OpenF1 session while it is on: by MQTT with an account, or by polling REST."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Any

from pitwall.aio import end
from pitwall.domain.sessions import Source
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.openf1.backfill import LATEST, Filled, Filler, find_session
from pitwall.feeds.openf1.broker import (
    OPENF1_MQTT,
    BrokerRefusedError,
    Delivered,
    Subscription,
    subscribed,
)
from pitwall.feeds.openf1.client import (
    BRIEF,
    JOINING,
    LIVE_IS_PAID,
    OpenF1Access,
    OpenF1Rest,
)
from pitwall.feeds.openf1.frame_reader import MQTT, read_frame
from pitwall.feeds.openf1.limits import Worth
from pitwall.feeds.openf1.row_merger import RowMerger
from pitwall.feeds.openf1.rows import Row, count_of, rows_of
from pitwall.wire.message import RawFrame, Reading

QUEUE_FRAMES = 4096
# Seconds between two polls of an endpoint where 30 requests a minute are allowed: 26 are sent.
POLL_EVERY_S = {
    "intervals": 8.0,
    "position": 8.0,
    "race_control": 12.0,
    "laps": 20.0,
    "stints": 40.0,
    "pit": 40.0,
    "weather": 300.0,
}
_POLLED_BUDGET = 30
_NEXT_SESSION_S = 300.0  # how often polling looks for the session that follows
QUIET_S = 6.0  # during a race intervals come several times a second
FILLS_APART_S, FAILED_APART_S = 2.0, 0.5
BEHIND = "OpenF1 does not answer about the past ({}); missed data may be wrong for now."
POLLING = "Without an OpenF1 account, live data is some ten seconds behind."
WAITING = "OpenF1 had too many requests and wants none for {:.0f} s."
MOVED_ON = "OpenF1 moved on to another session."


def _wall_now() -> datetime:
    return datetime.now(UTC)


class OpenF1LiveFeed:
    """A `LiveFeed` of OpenF1.

    MQTT is subscribed to before REST is asked, so that no row is missed in between. The first
    connection begins with the whole session by REST; its rows are kept for later connections,
    which then ask only for what was missed.

    Args:
        access: The REST server and the account; without one it polls, which OpenF1 refuses while
            a session is on.
        mqtt_url: The address of the MQTT broker; "" polls with the account.
        session: Its key, or `latest`.
        now: The wall clock.
        rng: The source of jitter.
        found: The row of the session, where it was asked for already.

    Attributes:
        merger: The rows so far; None before the first connection.
    """

    name = "openf1"
    source = Source.LIVE

    def __init__(
        self,
        access: OpenF1Access,
        mqtt_url: str = OPENF1_MQTT,
        session: str = LATEST,
        now: Callable[[], datetime] = _wall_now,
        rng: random.Random | None = None,
        found: Row | None = None,
    ) -> None:
        self.merger: RowMerger | None = None
        self._account = None if access.bearer is None else access.bearer.account
        self._found = found
        self._rest = OpenF1Rest(access, BRIEF, now, rng)
        self._filler = Filler(self._rest, now)
        self._mqtt_url = mqtt_url if self._account is not None else ""
        self._session = session
        self._now = now
        self._wanted = asyncio.Event()
        self._connected = False
        self._filled_at: datetime | None = None
        self._polled_at: dict[str, datetime] = {}
        self._complete = False
        self._delivered_s = 0.0
        self._behind = ""
        self._paused_s: Callable[[], float] = lambda: 0.0

    @property
    def detail(self) -> str:
        """What is wrong with the connection, or that it only polls; "" when all is well."""
        paused_s = self._paused_s()
        waiting = WAITING.format(paused_s) if paused_s else ""
        return waiting or self._behind or ("" if self._mqtt_url else POLLING)

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
        loop = asyncio.get_running_loop()
        self._paused_s = lambda: self._rest.budget.paused_s(loop.time())
        async with self._rest as rest:
            if self._account is not None and self._mqtt_url:
                await self._listen(self._account.user, await rest.token(), out)
            else:
                if self.merger is None:
                    await self._join(out)
                else:
                    await self._queue_whole(out)
                await self._poll(out)

    async def _listen(self, user: str, token: str, out: asyncio.Queue[RawFrame]) -> None:
        """Follow MQTT, while REST fills the gap since the last connection."""
        try:
            async with subscribed(self._mqtt_url, user, token) as subscription:
                if self.merger is None:
                    await self._join(out)
                self._wanted.set()
                self._connected = True
                self._delivered_s = asyncio.get_running_loop().time()
                await _first_of(self._pump(subscription, out), self._keep_whole(out))
        except BrokerRefusedError:
            self._rest.forget_token()
            raise

    async def _join(self, out: asyncio.Queue[RawFrame]) -> None:
        """Find the session, and queue its first picture; `_finish_joining` fetches the rest."""
        self._wanted.clear()
        found, self._found = self._found, None
        if found is None:
            found = await find_session(self._rest, self._session, patience=JOINING)
        key = count_of(found, "session_key", most=10**9) or 0
        merger, asked_at = RowMerger(key), self._now()
        await self._put(out, await self._filler.join(merger, found))
        self.merger, self._complete = merger, False
        self._filled_at = asked_at
        self._polled_at = dict.fromkeys(POLL_EVERY_S, asked_at)
        await self._queue_whole(out)

    async def _finish_joining(self, out: asyncio.Queue[RawFrame]) -> None:
        """Queue the rest of the session so far, which the first picture did not need."""
        if not self._complete:
            await self._put(out, await self._filler.complete(self._merger))
            self._complete, self._behind = True, ""
            await self._queue_whole(out)

    async def _queue_whole(self, out: asyncio.Queue[RawFrame]) -> None:
        await out.put(self._merger.whole_frame(self._now()))
        self._connected = True

    @property
    def _merger(self) -> RowMerger:
        assert self.merger is not None  # noqa: S101  after `_join`
        return self.merger

    async def _fill(self, out: asyncio.Queue[RawFrame]) -> None:
        if not self._complete:  # since joining, MQTT was listened to
            await self._finish_joining(out)
            return
        asked_at = self._now()
        await self._put(out, await self._filler.fill(self._merger, self._filled_at or asked_at))
        self._filled_at, self._behind = asked_at, ""
        await self._queue_whole(out)

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
                raise FeedUnavailableError(MOVED_ON)

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
        """Ask for one endpoint after another, each as often as the limits allow."""
        loop = asyncio.get_running_loop()
        await self._patiently_polled(self._finish_joining(out))
        due_s = {name: loop.time() + self._fresh_for_s(name) for name in POLL_EVERY_S}
        if self._session == LATEST:
            due_s["sessions"] = loop.time() + _NEXT_SESSION_S
        while True:
            endpoint = min(due_s, key=lambda name: due_s[name])
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, due_s[endpoint] - loop.time())):
                    await self._wanted.wait()
                    await self._queue_whole(out)
                    self._wanted.clear()
                continue
            began_s = loop.time()
            if endpoint == "sessions":
                await self._patiently_polled(self._look_for_next())
            else:
                await self._patiently_polled(self._poll_one(endpoint, out))
            due_s[endpoint] = began_s + self._every_s(endpoint)

    def _every_s(self, endpoint: str) -> float:
        slower = _POLLED_BUDGET / self._rest.budget.per_minute
        return POLL_EVERY_S.get(endpoint, _NEXT_SESSION_S) * slower

    def _fresh_for_s(self, endpoint: str) -> float:
        age = self._now() - self._polled_at.get(endpoint, self._now())
        return max(0.0, self._every_s(endpoint) - age.total_seconds())

    async def _poll_one(self, endpoint: str, out: asyncio.Queue[RawFrame]) -> None:
        asked_at = self._now()
        await self._finish_joining(out)
        since = self._polled_at.get(endpoint, asked_at)
        await self._put(out, await self._filler.poll(self._merger, endpoint, since))
        self._polled_at[endpoint], self._behind = asked_at, ""
        changed = self._merger.changed_frame(self._now())
        if changed is not None:
            await out.put(changed)

    async def _look_for_next(self) -> None:
        found = await find_session(self._rest, LATEST, Worth.DETAIL)
        self._check_session([found])

    async def _patiently_polled(self, polling: Coroutine[Any, Any, None]) -> None:
        """Poll; a failure that may pass is told, and the next poll tries again.

        Raises:
            FeedUnavailableError: OpenF1 refuses everything, or moved on to another session.
        """
        try:
            await polling
        except FeedUnavailableError as error:
            if self.merger is None or str(error) == LIVE_IS_PAID:
                raise
            self._behind = BEHIND.format(str(error).rstrip("."))
            await asyncio.sleep(error.retry_after_s or FILLS_APART_S)


async def _first_of(*work: Coroutine[Any, Any, None]) -> None:
    """Run until the first ends, cancel the others, and raise its error."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await end(*tasks)
