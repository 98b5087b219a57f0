"""Play a finished OpenF1 session: fetched by REST, rewritten as F1 messages in order of time."""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from heapq import merge
from typing import TypeVar

from pitwall.domain.sessions import Source
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.openf1 import lap_rows, stint_rows
from pitwall.feeds.openf1.account import OpenF1Account
from pitwall.feeds.openf1.backfill import LATEST, find_session
from pitwall.feeds.openf1.client import OPENF1_URL, Answer, OpenF1Rest
from pitwall.feeds.openf1.control_rows import control_messages, phase_of
from pitwall.feeds.openf1.measured_rows import measured_message, message
from pitwall.feeds.openf1.rows import Row, by_car, count_of, instant_of, key_of
from pitwall.feeds.openf1.session_rows import drivers_message, is_timed, session_message
from pitwall.feeds.timed_lines import topic_rank
from pitwall.wire.message import RawMessage

# Race control stamps whole seconds, and its messages arrive up to 0.7 s later.
_CONTROL_DELAY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Session:
    """The rows of a session by endpoint, without telemetry.

    Attributes:
        described: Its row of `sessions`.
        meeting: Its row of `meetings`; {} when there is none.
    """

    described: Row
    meeting: Row = field(default_factory=dict)
    rows: Mapping[str, list[Row]] = field(default_factory=dict)

    def of(self, endpoint: str) -> list[Row]:
        """Return the rows of an endpoint."""
        return self.rows.get(endpoint, [])


def span_of(session: Session) -> tuple[datetime, datetime]:
    """Return when the session was started and finished, by race control, else as announced."""
    begun, ended = (instant_of(session.described, f"date_{end}") for end in ("start", "end"))
    for row in session.of("race_control"):
        phase, at = phase_of(row), instant_of(row)
        if phase == "Finished" and at is not None:
            ended = at
    started = started_at(session)
    begun = started or begun or _first_instant(session)
    return begun, max(begun, ended or begun)


def started_at(session: Session) -> datetime | None:
    """Return when race control started the session; None when no row says so."""
    starts = (
        at for r in session.of("race_control") if phase_of(r) == "Started" and (at := instant_of(r))
    )
    return min(starts, default=None)


def past_session_messages(session: Session) -> Iterator[RawMessage]:
    """Yield everything but telemetry, in order of `sent_at`."""
    messages = list(_session_messages(session))
    messages.sort(key=lambda one: (one.sent_at, topic_rank(one.topic)))
    yield from messages


def _session_messages(session: Session) -> Iterator[RawMessage]:
    first = _first_instant(session)
    for described in (
        session_message(first, session.described, session.meeting),
        drivers_message(first, session.of("drivers")),
    ):
        yield from [described] if described is not None else []
    control = sorted(session.of("race_control"), key=lambda row: str(instant_of(row)))
    for one in control_messages(control, len(control)):
        delay = _CONTROL_DELAY if one.sent_at.microsecond == 0 else timedelta(0)
        yield RawMessage(one.sent_at + delay, one.topic, one.body)
    for endpoint in ("position", "intervals", "weather"):
        for row in session.of(endpoint):
            measured = measured_message(endpoint, row)
            yield from [measured] if measured is not None else []
    if not is_timed(session.described):
        yield from _grid_messages(session)
    yield from _car_messages(session, first)


def _grid_messages(session: Session) -> Iterator[RawMessage]:
    """Yield grid places: the last order before the start."""
    start = started_at(session)
    if start is None:
        return
    places: dict[str, dict[str, str]] = {}
    known_at = None
    for row in sorted(session.of("position"), key=lambda row: str(instant_of(row))):
        at, car, place = instant_of(row), count_of(row, "driver_number"), count_of(row, "position")
        if at is not None and at < start and car and place:
            places[str(car)], known_at = {"GridPos": str(place)}, at
    if known_at is not None:
        yield message(known_at, "TimingAppData", {"Lines": places})


def _car_messages(session: Session, first: datetime) -> Iterator[RawMessage]:
    of_laps, of_stints, of_pit = (by_car(session.of(n)) for n in ("laps", "stints", "pit"))
    start = started_at(session) or first
    for car in sorted(of_laps.keys() | of_stints.keys() | of_pit.keys()):
        rows, pits = (
            lap_rows.in_order(of_laps.get(car, [])),
            stint_rows.in_order(of_pit.get(car, [])),
        )
        if is_timed(session.described):
            yield from lap_rows.timed_lap_messages(car, rows, pits)
        else:
            yield from lap_rows.lap_messages(car, rows)
        yield from stint_rows.past_stop_messages(car, pits)
        yield from _tyre_messages(car, of_stints.get(car, []), _KnownState(start, rows, pits))


class _KnownState:
    """Finds when a fact that a row dates by its lap was known.

    Args:
        start: The start of the session.
        rows: One car's rows of `laps`, in order.
        pits: The car's stops, in order.
    """

    def __init__(self, start: datetime, rows: list[Row], pits: list[Row]) -> None:
        self.crossings = sorted(lap_rows.crossings(rows))
        self._start = start
        self._out = {count_of(row, "lap_number"): instant_of(row) for row in pits}

    def fitted_at(self, lap: int) -> datetime | None:
        """Return when the tyres of a lap were fitted; None when no row says so.

        That is the pit exit after the lap before, or without a stop, as at a restart, the line.
        """
        if lap <= 1:
            return self._start
        return self._out.get(lap - 1) or self.completed_at(lap - 1)

    def completed_at(self, lap: int) -> datetime | None:
        """Return when a lap was completed; None when no row says so."""
        index = bisect_right(self.crossings, lap, key=lambda crossing: crossing[0]) - 1
        if index < 0 or self.crossings[index][0] != lap:
            return None
        return self.crossings[index][1]


def _tyre_messages(car: int, rows: list[Row], known: _KnownState) -> Iterator[RawMessage]:
    """Yield each set when it was fitted, and its age at the end of every lap on it."""
    for row in sorted(rows, key=stint_rows.stint_number):
        start, end = count_of(row, "lap_start"), count_of(row, "lap_end")
        if start is None:
            continue
        fitted_at = known.fitted_at(start)
        if fitted_at is None:
            continue
        age = count_of(row, "tyre_age_at_start")
        tyres = stint_rows.stint_message(fitted_at, car, row, age)
        yield from [tyres] if tyres is not None else []
        for lap in range(start, (end or start) + 1):
            at, life = known.completed_at(lap), stint_rows.tyre_life_laps(row, lap)
            if at is not None and at >= fitted_at and life is not None:
                stint = {"Stints": {str(stint_rows.stint_number(row) - 1): {"TotalLaps": life}}}
                yield message(at, "TimingAppData", {"Lines": {str(car): stint}})


def _first_instant(session: Session) -> datetime:
    instants = [
        at
        for endpoint in ("position", "intervals", "race_control")
        for row in session.of(endpoint)
        if (at := instant_of(row)) is not None
    ]
    announced = instant_of(session.described, "date_start")
    return min([*instants, *([announced] if announced else [])])


T = TypeVar("T")

_AT_ONCE = ("drivers", "position", "laps", "stints", "pit", "race_control", "weather")

_BEFORE, _AFTER = timedelta(hours=1, minutes=30), timedelta(hours=1)

_TELEMETRY = ("car_data", "location")

_TELEMETRY_WINDOW = timedelta(minutes=2)  # of all cars: some 10,000 rows


class OpenF1History:
    """A `RecordedFeed` of one session of OpenF1's history.

    Rows are fetched in the first pass and kept; telemetry, thirty times as much, is fetched
    piece by piece while it plays.

    Args:
        session: Its key, or `latest`.
        account: None queries without one, which is refused while a session is on.
        base_url: The address of the REST server.
        telemetry: Whether to fetch telemetry.
        rng: The source of jitter.
    """

    def __init__(
        self,
        session: str = LATEST,
        account: OpenF1Account | None = None,
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
        """Reconstructed, always, as OpenF1 derives its rows from F1's feed."""
        return Source.RECONSTRUCTED

    def messages(self) -> Iterator[RawMessage]:
        """Yield the session's messages in order of `sent_at`; a race has about 35,000.

        Blocks on the network, for seconds at first, so it runs in a worker thread.

        Raises:
            FeedUnavailableError: OpenF1 cannot be reached, refuses, or has no such session.
        """
        if self._fetched is None:
            self._fetched = self._run(self._fetch)
        messages = past_session_messages(self._fetched)
        if self._telemetry:
            telemetry = self._telemetry_messages(self._fetched)
            yield from merge(messages, telemetry, key=lambda one: one.sent_at)
        else:
            yield from messages

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

    def _telemetry_messages(self, session: Session) -> Iterator[RawMessage]:
        """Yield telemetry of the race itself; an endpoint without rows is asked only once."""
        since, until = span_of(session)
        key = session.described.get("session_key")
        endpoints = set(_TELEMETRY)
        while since < until and endpoints:
            end = min(since + _TELEMETRY_WINDOW, until)
            window_messages: list[RawMessage] = []
            for endpoint in sorted(endpoints):
                window = {"session_key": key, "date__ge": since, "date__le": end}
                answer = self._run(partial(_rows, endpoint, window))
                measured = [one for row in answer.rows if (one := measured_message(endpoint, row))]
                window_messages += [one for one in measured if since <= one.sent_at < end]
                endpoints -= set() if answer.rows else {endpoint}
            window_messages.sort(key=lambda one: one.sent_at)
            yield from window_messages
            since = end


async def _rows(endpoint: str, filters: dict[str, object], rest: OpenF1Rest) -> Answer:
    return await rest.rows(endpoint, **filters)
