"""Fetch a past session in the background: first what the first picture needs, then piece by piece.

The limits make a race with telemetry take minutes. A thread of its own fetches all of it, in order
of race time, while the player takes what is there and waits only for what is not. What was fetched
stays in memory, packed: some 20 MB for a race with telemetry.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from pitwall.aio import end
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.openf1.backfill import find_session
from pitwall.feeds.openf1.client import (
    OpenF1Access,
    OpenF1Rest,
    Patience,
    RetryRequestError,
)
from pitwall.feeds.openf1.control_rows import phase_of
from pitwall.feeds.openf1.limits import Worth
from pitwall.feeds.openf1.rows import Row, count_of, instant_of, rows_of

log = logging.getLogger(__name__)

INTERVALS = "intervals"
TELEMETRY = ("car_data", "location")
_AT_ONCE = ("drivers", "position", "race_control", "stints", "laps", "pit", "weather")
_BEFORE, _AFTER = timedelta(hours=1, minutes=30), timedelta(hours=1)
# A whole race of one car, 27,000 rows, is a usual request; so are five minutes of all cars.
_INTERVALS_WINDOW = timedelta(minutes=60)
_TELEMETRY_WINDOW = timedelta(minutes=5)
_FIRST_INTERVALS, _FIRST_TELEMETRY = timedelta(minutes=10), timedelta(minutes=1)
_TOGETHER = 3  # pieces under way
_TOLD_EVERY = 10  # pieces between two lines of the log
_FIRST, _PIECE = Patience(30.0, 10), Patience(60.0, 3)
_FIRST_WAIT_S, _LONGEST_WAIT_S = 5.0, 60.0
_PACKED_FAST = 1


@dataclass(frozen=True, slots=True)
class Session:
    """The rows of a session by endpoint, without intervals and telemetry.

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


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """A window of time of one endpoint: one request. The last one includes its end."""

    since: datetime
    endpoint: str
    until: datetime
    is_last: bool = False

    def covers(self, at: datetime) -> bool:
        """Return whether an instant lies in the window; no instant lies in two."""
        return self.since <= at < self.until or (self.is_last and at == self.until)


def span_of(session: Session) -> tuple[datetime, datetime]:
    """Return when the session was started and finished, by race control, else as announced."""
    begun, ended = (instant_of(session.described, f"date_{end}") for end in ("start", "end"))
    for row in session.of("race_control"):
        phase, at = phase_of(row), instant_of(row)
        if phase == "Finished" and at is not None:
            ended = at
    started = started_at(session)
    begun = started or begun or first_instant(session, [])
    return begun, max(begun, ended or begun)


def started_at(session: Session) -> datetime | None:
    """Return when race control started the session; None when no row says so."""
    starts = (
        at for r in session.of("race_control") if phase_of(r) == "Started" and (at := instant_of(r))
    )
    return min(starts, default=None)


def first_instant(session: Session, intervals: list[Row]) -> datetime:
    """Return the earliest instant of a session's rows.

    Raises:
        FeedUnavailableError: No row has one.
    """
    rows = [*session.of("position"), *intervals, *session.of("race_control")]
    instants = [at for row in rows if (at := instant_of(row)) is not None]
    announced = instant_of(session.described, "date_start")
    if not instants and announced is None:
        raise FeedUnavailableError("OpenF1 does not say when this session was.")
    return min([*instants, *([announced] if announced else [])])


def pieces_of(session: Session, *, telemetry: bool) -> list[Piece]:
    """Return the requests that a session needs beside its whole endpoints, most wanted first.

    The first windows are short, since the first picture waits for them.
    """
    begun, ended = span_of(session)
    intervals = _windows(
        INTERVALS, (begun - _BEFORE, begun + _FIRST_INTERVALS, ended + _AFTER), _INTERVALS_WINDOW
    )
    measured: list[Piece] = []
    for endpoint in TELEMETRY if telemetry else ():
        measured += _windows(endpoint, (begun, begun + _FIRST_TELEMETRY, ended), _TELEMETRY_WINDOW)
    return [*intervals[:1], *intervals[1:], *sorted(measured)]


def _windows(
    endpoint: str, span: tuple[datetime, datetime, datetime], length: timedelta
) -> list[Piece]:
    begun, first, ended = span
    edges = [begun]
    while edges[-1] < ended:
        edges.append(min(first if len(edges) == 1 else edges[-1] + length, ended))
    last = len(edges) - 2
    is_whole = endpoint == INTERVALS
    return [
        Piece(since, endpoint, until, is_whole and n == last)
        for n, (since, until) in enumerate(pairwise(edges))
    ]


class HistoryFetcher:
    """Fetches one session in a thread of its own, for one or more readers.

    Args:
        access: The server's address, the account, and the budget shared with other clients.
        key: The session's key, or `latest`.
        telemetry: Whether to fetch telemetry.
        rng: The source of jitter.
        found: The row of the session, where it was asked for already.
    """

    def __init__(
        self,
        access: OpenF1Access,
        key: str,
        *,
        telemetry: bool = True,
        rng: random.Random | None = None,
        found: Row | None = None,
    ) -> None:
        self._access = access
        self._key = key
        self._telemetry = telemetry
        self._rng = rng
        self._found = found
        self._session: Session | None = None
        self._session_key: int | None = None
        self._pieces: list[Piece] = []
        self._bodies: dict[Piece, bytes] = {}
        self._without: set[str] = set()  # endpoints that have nothing
        self._news = threading.Condition()
        self._failed: FeedUnavailableError | None = None
        self._trouble = ""
        self._readers = 0
        self._thread: threading.Thread | None = None
        self._cancel: Callable[[], None] = lambda: None

    @property
    def progress(self) -> str:
        """How much is fetched, and what keeps it waiting, in words; "" when all is there."""
        with self._news:
            done, total = len(self._bodies), len(self._pieces)
            if self._session is not None and done == total:
                return ""
            missing = min((p for p in self._pieces if p not in self._bodies), default=None)
        said = "OpenF1's history is being fetched"
        if self._session is not None and missing is not None:
            said += f": {done} of {total} parts, complete until {missing.since:%H:%M} UTC"
        return f"{said}. {self._trouble}".rstrip()

    @property
    def is_ready(self) -> bool:
        """Whether all is there that the first picture needs."""
        return self._session is not None

    def session(self) -> Session:
        """Return the session's rows, without intervals and telemetry; wait until they are there.

        Raises:
            FeedUnavailableError: OpenF1 cannot be reached, refuses, or has no such session.
        """
        self._wait(lambda: self._session is not None)
        assert self._session is not None  # noqa: S101  it waited for it
        return self._session

    def pieces(self) -> list[Piece]:
        """Return the pieces in order of time; call `session` before."""
        return sorted(self._pieces)

    def rows(self, piece: Piece) -> list[Row]:
        """Return the rows of a piece that lie in its window; wait until they are there.

        Raises:
            FeedUnavailableError: Fetching was stopped, or OpenF1 refuses for good.
        """
        self._wait(lambda: piece in self._bodies)
        rows = rows_of(zlib.decompress(self._bodies[piece])) or []
        return [row for row in rows if (at := instant_of(row)) and piece.covers(at)]

    def start(self) -> None:
        """Note a reader, and fetch what is missing."""
        with self._news:
            self._readers += 1
            if self._thread is not None and self._thread.is_alive():
                return
            self._failed, self._trouble = None, ""
            self._thread = threading.Thread(target=self._run, name="openf1-history", daemon=True)
            self._thread.start()

    def leave(self) -> None:
        """Note that a reader has gone; without readers nothing more is fetched."""
        with self._news:
            self._readers -= 1
            if self._readers > 0:
                return
        self.stop()

    def stop(self) -> None:
        """Stop fetching; readers that wait get a `FeedUnavailableError`."""
        self._end(FeedUnavailableError("Fetching OpenF1's history was stopped."))
        self._cancel()

    def _wait(self, is_there: Callable[[], bool]) -> None:
        with self._news:
            self._news.wait_for(lambda: is_there() or self._failed is not None)
            if not is_there() and self._failed is not None:
                raise self._failed

    def _end(self, error: FeedUnavailableError) -> None:
        with self._news:
            self._failed = self._failed or error
            self._news.notify_all()

    def _run(self) -> None:
        try:
            asyncio.run(self._in_thread())
        except FeedUnavailableError as error:
            self._end(error)
        except asyncio.CancelledError:
            pass
        except Exception:
            log.exception("fetching OpenF1's history failed")
            self._end(FeedUnavailableError("An internal error stopped OpenF1's history."))

    async def _in_thread(self) -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None  # noqa: S101  this is one

        def cancel() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(task.cancel)

        self._cancel = cancel
        if self._failed is not None:  # stopped meanwhile
            return
        async with OpenF1Rest(self._access, rng=self._rng) as rest:
            await self.fetch(rest)

    async def fetch(self, rest: OpenF1Rest) -> None:
        """Fetch everything that is missing.

        Raises:
            FeedUnavailableError: OpenF1 cannot be reached, refuses, or has no such session.
        """
        if self._session is None:
            session = await self._whole_endpoints(rest)
            pieces = pieces_of(session, telemetry=self._telemetry)
            with self._news:
                self._pieces = pieces
            await self._take(rest, pieces[0], Worth.PICTURE)
            if not session.of("position") and not rows_of(zlib.decompress(self._bodies[pieces[0]])):
                raise FeedUnavailableError(f"OpenF1 has no timing of the session {self._key}.")
            with self._news:
                self._session = session
                self._news.notify_all()
        left = iter([piece for piece in self._pieces if piece not in self._bodies])
        tasks = [asyncio.create_task(self._take_all(rest, left)) for _ in range(_TOGETHER)]
        try:
            await asyncio.gather(*tasks)
        finally:
            await end(*tasks)
        log.info("OpenF1's history is complete", extra={"parts": len(self._bodies)})

    async def _whole_endpoints(self, rest: OpenF1Rest) -> Session:
        found = self._found or await find_session(rest, self._key, patience=_FIRST)
        key, meeting = count_of(found, "session_key", most=10**9), found.get("meeting_key")
        self._session_key = key

        async def ask(endpoint: str, **filters: object) -> list[Row]:
            answer = await rest.rows(endpoint, worth=Worth.PICTURE, patience=_FIRST, **filters)
            return answer.rows

        asking = [asyncio.create_task(ask(name, session_key=key)) for name in _AT_ONCE]
        if isinstance(meeting, int):
            asking.append(asyncio.create_task(ask("meetings", meeting_key=meeting)))
        try:
            rows = await asyncio.gather(*asking)
        finally:
            await end(*asking)
        meetings = rows[len(_AT_ONCE)] if len(rows) > len(_AT_ONCE) else []
        described = dict(zip(_AT_ONCE, rows, strict=False))
        return Session(found, meetings[0] if meetings else {}, described)

    async def _take_all(self, rest: OpenF1Rest, left: Iterator[Piece]) -> None:
        for piece in left:
            worth = Worth.TELEMETRY if piece.endpoint in TELEMETRY else Worth.DETAIL
            await self._take(rest, piece, worth)

    async def _take(self, rest: OpenF1Rest, piece: Piece, worth: Worth) -> None:
        """Fetch one piece, however long OpenF1 refuses or fails."""
        body, failures = b"[]", 0
        while piece.endpoint not in self._without:
            try:
                answer = await rest.rows(
                    piece.endpoint,
                    worth=worth,
                    patience=_PIECE,
                    session_key=self._session_key,
                    date__ge=piece.since,
                    date__le=piece.until,
                )
            except FeedUnavailableError as error:
                passes = isinstance(error, RetryRequestError) or error.retry_after_s is not None
                if not passes and piece.endpoint not in TELEMETRY:
                    raise
                self._tell_trouble(piece, error, passes=passes)
                if passes:
                    wait_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0**failures)
                    failures += 1
                    await asyncio.sleep(error.retry_after_s or wait_s)
                continue
            body = answer.body
            # An endpoint without rows in its first window is not asked again.
            is_first = not any(known.endpoint == piece.endpoint for known in self._bodies)
            if not answer.rows and is_first and piece.endpoint in TELEMETRY:
                self._without.add(piece.endpoint)
            break
        self._keep(piece, body)

    def _tell_trouble(self, piece: Piece, error: FeedUnavailableError, *, passes: bool) -> None:
        if passes:
            self._trouble = f"{error} Trying again."
            log.info("OpenF1's history waits", extra={"reason": str(error)})
        else:
            self._without.add(piece.endpoint)
            log.warning(
                "OpenF1 refuses a part of the history",
                extra={"endpoint": piece.endpoint, "reason": str(error)},
            )

    def _keep(self, piece: Piece, body: bytes) -> None:
        with self._news:
            self._trouble = ""
            self._bodies[piece] = zlib.compress(body, _PACKED_FAST)
            self._news.notify_all()
        if len(self._bodies) % _TOLD_EVERY == 0:
            log.info(
                "OpenF1's history is being fetched",
                extra={"parts": len(self._bodies), "of": len(self._pieces)},
            )
