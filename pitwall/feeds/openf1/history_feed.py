"""Play a finished OpenF1 session: fetched by REST, rewritten as F1 messages in order of time."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from pitwall.domain.sessions import Source
from pitwall.feeds.openf1 import lap_rows, stint_rows
from pitwall.feeds.openf1.client import OpenF1Access
from pitwall.feeds.openf1.control_rows import control_messages
from pitwall.feeds.openf1.history_fetch import (
    INTERVALS,
    TELEMETRY,
    HistoryFetcher,
    Piece,
    Session,
    first_instant,
    started_at,
)
from pitwall.feeds.openf1.measured_rows import measured_message, message
from pitwall.feeds.openf1.rows import Row, by_car, count_of, instant_of, key_of
from pitwall.feeds.openf1.session_rows import drivers_message, is_timed, session_message
from pitwall.feeds.timed_lines import topic_rank
from pitwall.wire.message import RawMessage

# Race control stamps whole seconds, and its messages arrive up to 0.7 s later.
_CONTROL_DELAY = timedelta(seconds=1)


_Key = tuple[datetime, tuple[int, str], int]
_AFTER_ALL = (99, "")


def _keyed_messages(session: Session, intervals: list[Row]) -> list[tuple[_Key, RawMessage]]:
    """Return everything but intervals and telemetry with what it is ordered by.

    Of messages with one instant and topic, intervals come after those that are measured as well,
    and before those that are worked out.
    """
    first = first_instant(session, intervals)
    grid = () if is_timed(session.described) else _grid_messages(session)
    messages = [(0, one) for one in _measured_messages(session, first)]
    messages += [(2, one) for one in (*grid, *_car_messages(session, first))]
    keyed = [((one.sent_at, topic_rank(one.topic), order), one) for order, one in messages]
    return sorted(keyed, key=lambda each: each[0])


def _measured_messages(session: Session, first: datetime) -> Iterator[RawMessage]:
    for described in (
        session_message(first, session.described, session.meeting),
        drivers_message(first, session.of("drivers")),
    ):
        yield from [described] if described is not None else []
    control = sorted(session.of("race_control"), key=lambda row: str(instant_of(row)))
    for one in control_messages(control, len(control)):
        delay = _CONTROL_DELAY if one.sent_at.microsecond == 0 else timedelta(0)
        yield RawMessage(one.sent_at + delay, one.topic, one.body)
    for endpoint in ("position", "weather"):
        for row in session.of(endpoint):
            measured = measured_message(endpoint, row)
            yield from [measured] if measured is not None else []


def _piece_messages(fetcher: HistoryFetcher, piece: Piece) -> Iterator[tuple[_Key, RawMessage]]:
    """Yield the messages of one piece in order; the first waits until it is fetched."""
    rows = {key_of(piece.endpoint, row): row for row in fetcher.rows(piece)}
    messages = [one for row in rows.values() if (one := measured_message(piece.endpoint, row))]
    messages.sort(key=lambda one: one.sent_at)
    order = TELEMETRY.index(piece.endpoint) if piece.endpoint in TELEMETRY else 1
    for one in messages:
        rank = _AFTER_ALL if piece.endpoint in TELEMETRY else topic_rank(one.topic)
        yield (one.sent_at, rank, order), one


def _in_order(
    messages: list[tuple[_Key, RawMessage]], fetcher: HistoryFetcher, pieces: list[Piece]
) -> Iterator[RawMessage]:
    """Merge messages with those of the pieces, which are waited for only when their time comes."""
    number = count()
    open_now: list[tuple[_Key, int, RawMessage, Iterator[tuple[_Key, RawMessage]]]] = []

    def advance(source: Iterator[tuple[_Key, RawMessage]]) -> None:
        found = next(source, None)
        if found is not None:
            heappush(open_now, (found[0], next(number), found[1], source))

    advance(iter(messages))
    waiting = deque(pieces)
    while open_now or waiting:
        while waiting and (not open_now or waiting[0].since <= open_now[0][0][0]):
            advance(_piece_messages(fetcher, waiting.popleft()))
        if open_now:
            _, _, message, source = heappop(open_now)
            yield message
            advance(source)


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


class OpenF1History:
    """A `RecordedFeed` of one session of OpenF1's history.

    Everything is fetched once, in the background, and kept: `pitwall.feeds.openf1.history_fetch`.

    Args:
        session: Its key, or `latest`.
        access: The REST server and the account; without one it is refused while a session is on.
        telemetry: Whether to fetch telemetry.
        rng: The source of jitter.
        found: The row of the session, where it was asked for already.
    """

    def __init__(
        self,
        session: str,
        access: OpenF1Access,
        *,
        telemetry: bool = True,
        rng: random.Random | None = None,
        found: Row | None = None,
    ) -> None:
        self._session = session
        self._fetcher = HistoryFetcher(access, session, telemetry=telemetry, rng=rng, found=found)

    @property
    def name(self) -> str:
        """`openf1:` and the session."""
        return f"openf1:{self._session}"

    @property
    def source(self) -> Source:
        """Reconstructed, always, as OpenF1 derives its rows from F1's feed."""
        return Source.RECONSTRUCTED

    @property
    def detail(self) -> str:
        """How much of the session is fetched; "" when all is."""
        return self._fetcher.progress

    def stop(self) -> None:
        """Stop fetching; whoever waits for messages gets a `FeedUnavailableError`."""
        self._fetcher.stop()

    def messages(self) -> Iterator[RawMessage]:
        """Yield the session's messages in order of `sent_at`; a race has about 35,000.

        Blocks while something is not yet fetched, so it runs in a worker thread.

        Raises:
            FeedUnavailableError: OpenF1 cannot be reached, refuses, or has no such session.
        """
        self._fetcher.start()
        try:
            session = self._fetcher.session()
            pieces = self._fetcher.pieces()
            first = next(piece for piece in pieces if piece.endpoint == INTERVALS)
            yield from _in_order(
                _keyed_messages(session, self._fetcher.rows(first)), self._fetcher, pieces
            )
        finally:
            self._fetcher.leave()
