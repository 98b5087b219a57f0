"""The feed that plays a session of OpenF1's history: fetched by REST, rewritten as messages."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from functools import partial
from heapq import merge
from typing import TypeVar

from pitwall.domain.sources import Source
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.openf1.account import Account
from pitwall.feeds.openf1.filling import LATEST, find_session
from pitwall.feeds.openf1.measured import say_measured
from pitwall.feeds.openf1.replaying import Session, say_session_as_it_was, span_of
from pitwall.feeds.openf1.rest import OPENF1_URL, Answer, OpenF1Rest
from pitwall.feeds.openf1.rows import Row, count_of, key_of
from pitwall.wire.message import RawMessage

T = TypeVar("T")

_AT_ONCE = ("drivers", "position", "laps", "stints", "pit", "race_control", "weather")
_BEFORE, _AFTER = timedelta(hours=1, minutes=30), timedelta(hours=1)
_TELEMETRY = ("car_data", "location")
_TELEMETRY_WINDOW = timedelta(minutes=2)  # of all cars: some 10,000 rows


class OpenF1History:
    """A `RecordedFeed` of one session of OpenF1's history.

    Rows are fetched at the first pass and kept; telemetry, thirty times as much, is fetched
    piece by piece while it plays.

    Args:
        session: Its key, or `latest`.
        account: None asks without one, which is refused while a session is on.
        base_url: Of REST.
        telemetry: Whether to fetch it.
        rng: Where jitter comes from.
    """

    def __init__(
        self,
        session: str = LATEST,
        account: Account | None = None,
        base_url: str = OPENF1_URL,
        *,
        telemetry: bool = True,
        rng: random.Random | None = None,
    ) -> None:
        self._session = session
        self._rest = OpenF1Rest(base_url, account, rng=rng)
        self._telemetry = telemetry
        self._fetched: Session | None = None

    @property
    def name(self) -> str:
        """`openf1:` and the session."""
        return f"openf1:{self._session}"

    @property
    def source(self) -> Source:
        """Reconstructed, always: OpenF1's rows are what it made of F1's feed."""
        return Source.RECONSTRUCTED

    def messages(self) -> Iterator[RawMessage]:
        """Yield the session's messages in order of `sent_at`; a race has about 35,000.

        Blocks on the network, for seconds at first, so it runs in a worker thread.

        Raises:
            FeedUnavailableError: OpenF1 cannot be reached, refuses, or has no such session.
        """
        if self._fetched is None:
            self._fetched = self._run(self._fetch)
        told = say_session_as_it_was(self._fetched)
        if self._telemetry:
            telemetry = self._say_telemetry(self._fetched)
            yield from merge(told, telemetry, key=lambda said: said.sent_at)
        else:
            yield from told

    def _run(self, work: Callable[[OpenF1Rest], Awaitable[T]]) -> T:
        """Run asynchronous work in the worker thread that asks for messages."""

        async def asking() -> T:
            async with self._rest as rest:
                return await work(rest)

        return asyncio.run(asking())

    async def _fetch(self, rest: OpenF1Rest) -> Session:
        found = await find_session(rest, self._session)
        key, meeting = count_of(found, "session_key", most=10**9), found.get("meeting_key")
        meetings: list[Row] = []
        if isinstance(meeting, int):
            meetings = (await rest.rows("meetings", meeting_key=meeting)).rows
        rows = {name: (await rest.rows(name, session_key=key)).rows for name in _AT_ONCE}
        session = Session(found, meetings[0] if meetings else {}, rows)
        begun, ended = span_of(session)
        intervals: dict[tuple[object, ...], Row] = {}
        async for answer in rest.windows(
            "intervals", begun - _BEFORE, ended + _AFTER, session_key=key
        ):
            intervals |= {key_of("intervals", row): row for row in answer.rows}
        rows["intervals"] = list(intervals.values())
        if not rows["position"] and not rows["intervals"]:
            raise FeedUnavailableError(f"OpenF1 has no timing of the session {self._session}.")
        return Session(session.described, session.meeting, rows)

    def _say_telemetry(self, session: Session) -> Iterator[RawMessage]:
        """Yield telemetry of the race itself; what OpenF1 has none of is asked for once only."""
        since, until = span_of(session)
        key = session.described.get("session_key")
        endpoints = set(_TELEMETRY)
        while since < until and endpoints:
            end = min(since + _TELEMETRY_WINDOW, until)
            said: list[RawMessage] = []
            for endpoint in sorted(endpoints):
                window = {"session_key": key, "date__ge": since, "date__le": end}
                answer = self._run(partial(_rows, endpoint, window))
                told = [one for row in answer.rows if (one := say_measured(endpoint, row))]
                said += [one for one in told if since <= one.sent_at < end]
                endpoints -= set() if answer.rows else {endpoint}
            said.sort(key=lambda one: one.sent_at)
            yield from said
            since = end


async def _rows(endpoint: str, filters: dict[str, object], rest: OpenF1Rest) -> Answer:
    return await rest.rows(endpoint, **filters)
