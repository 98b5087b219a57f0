"""Follow the stream of a live race: what its events mean, and where to go on after a break."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias, TypedDict

import httpx
from httpx_sse import ServerSentEvent

from pitwall.client.answers import BattleNow, BattlesNow, CarInBattle
from pitwall.client.asking import (
    Request,
    RetryPolicy,
    decoded,
    may_pass,
    problem_of,
    query_of,
    unreachable,
)
from pitwall.client.errors import UnreachableError, UnreadableAnswerError

PATH: Final = "/live-battles/stream"
MEDIA_TYPE: Final = "text/event-stream"
SILENT_S: Final = 30.0
"""After how long a silent stream counts as broken; a heartbeat comes every ten seconds."""
COME_BACK_S: Final = 2.0
"""How long to wait before connecting again, until the server says otherwise."""

EventName = Literal["frame", "battle_opened", "battle_ended", "passed", "flag"]
Drivers: TypeAlias = str | int | Sequence[str | int]
"""Three letters, car numbers or keys of drivers: one, several, or a text with commas."""


class StreamFilter(TypedDict, total=False):
    """What to be told: battles with at least `min_p`, of these `drivers`; these `events` alone.

    With `fading`, battles too that are only kept open, at 2.0 to 2.5 seconds.
    """

    min_p: float
    drivers: Drivers
    events: Sequence[EventName]
    fading: bool


@dataclass(frozen=True, slots=True)
class Happened:
    """What every event says of its race."""

    race_id: str
    source: str
    as_of: datetime | None
    lap: int | None


@dataclass(frozen=True, slots=True)
class BattleOpened(Happened):
    """A battle opened."""

    battle: BattleNow


@dataclass(frozen=True, slots=True)
class BattleOver(Happened):
    """A battle ended: `reason` says how, `p_overtake_before` is the last forecast before it."""

    attacker: CarInBattle
    defender: CarInBattle
    position: int
    reason: str
    ended_at: datetime
    laps: int
    p_overtake_before: float | None
    taken_back: bool


@dataclass(frozen=True, slots=True)
class PassMade(BattleOver):
    """A battle ended in a pass, which has stood for five seconds."""


@dataclass(frozen=True, slots=True)
class FlagShown(Happened):
    """The state of the track or the phase of the race changed."""

    track_status: str
    phase: str
    overtake_enabled: bool | None


@dataclass(frozen=True, slots=True)
class NothingNew:
    """The server is there, but has had no new frame for ten seconds."""

    at: datetime
    feed_state: str | None


@dataclass(frozen=True, slots=True)
class EventsMissed:
    """Events between the last connection and this one cannot be sent any more."""


News: TypeAlias = (
    BattlesNow | BattleOpened | BattleOver | PassMade | FlagShown | NothingNew | EventsMissed
)
"""What the stream tells; a frame is a `BattlesNow`."""

_KINDS: Final[Mapping[str, type[News]]] = {
    "frame": BattlesNow,
    "battle_opened": BattleOpened,
    "battle_ended": BattleOver,
    "passed": PassMade,
    "flag": FlagShown,
    "heartbeat": NothingNew,
    "missed": EventsMissed,
}


def comma_separated(drivers: Drivers | None) -> str | None:
    """Return drivers as the server takes them.

    Example:
        >>> comma_separated(["NOR", 81]), comma_separated(4), comma_separated("NOR,PIA")
        ('NOR,81', '4', 'NOR,PIA')
    """
    if drivers is None or isinstance(drivers, str):
        return drivers
    return str(drivers) if isinstance(drivers, int) else ",".join(map(str, drivers))


class Following:
    """Remembers where a reader of the stream stands, so that a broken one goes on from there.

    Args:
        wanted: What the reader asked for.
        retry: How often in a row it may fail; a stream that told something has not failed.
    """

    def __init__(self, wanted: StreamFilter, retry: RetryPolicy) -> None:
        # Brief frames, which are for drawing, would lack most fields of a `BattlesNow`.
        self._query = {
            **query_of(wanted),
            "drivers": comma_separated(wanted.get("drivers")),
            "detail": "full",
        }
        self._retry = retry
        self._failures = 0
        self._come_back_s = COME_BACK_S
        self.last_id = ""

    @property
    def request(self) -> Request:
        """The request with which to go on."""
        headers = {"Last-Event-ID": self.last_id} if self.last_id else {}
        headers["Cache-Control"] = "no-store"
        return Request(PATH, self._query, accept=MEDIA_TYPE, headers=headers)

    def check(self, answer: httpx.Response) -> float | None:
        """Return None if the answer is a stream, else how long to wait before asking again.

        Args:
            answer: The answer; a refusal has been read.

        Raises:
            ProblemError: The server refused, or failed too often.
            UnreadableAnswerError: It answered something else.
        """
        if answer.is_success:
            if answer.headers.get("Content-Type", "").partition(";")[0] != MEDIA_TYPE:
                message = f"The answer of {PATH} is no stream of events."
                raise UnreadableAnswerError(message)
            return None
        problem = problem_of(answer)
        wait_s = self._wait_s(problem.retry_after_s) if may_pass(problem.status) else None
        if wait_s is None:
            raise problem
        return wait_s

    def news(self, event: ServerSentEvent) -> News | None:
        """Return what an event tells, and remember it. None for one of no known kind.

        Raises:
            UnreadableAnswerError: It has another form than its kind.
        """
        if event.retry is not None:
            self._come_back_s = event.retry / 1000
        kind = _KINDS.get(event.event)
        if kind is None:
            return None
        told: News = decoded(event.data, kind, PATH)
        self._failures = 0
        self.last_id = event.id or self.last_id
        return told

    def ended(self) -> float:
        """Return how long to wait after the server has ended the stream.

        Raises:
            UnreachableError: It does so again and again, without telling anything.
        """
        wait_s = self._wait_s(self._soon_s)
        if wait_s is None:
            message = f"{PATH} ends again and again without telling anything."
            raise UnreachableError(message)
        return wait_s

    def broke(self, error: httpx.RequestError) -> float:
        """Return how long to wait after the connection broke.

        Raises:
            UnreachableError: It does so again and again, without telling anything.
        """
        wait_s = self._wait_s(None if self._failures else self._soon_s)
        if wait_s is None:
            raise UnreachableError(unreachable(error)) from error
        return wait_s

    @property
    def _soon_s(self) -> float:
        return min(self._come_back_s, self._retry.longest_wait_s)

    def _wait_s(self, asked_s: float | None) -> float | None:
        self._failures += 1
        return self._retry.wait_s(self._failures, asked_s)
