"""Fill a row merger by REST: the whole session when joining, and missed rows later on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pitwall.aio import end
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.openf1.client import Answer, OpenF1Rest
from pitwall.feeds.openf1.frame_reader import REST
from pitwall.feeds.openf1.row_merger import RowMerger
from pitwall.feeds.openf1.rows import Row, count_of, instant_of
from pitwall.wire.message import RawFrame

LATEST = "latest"
# How far before the last request each endpoint is asked again: a lap's row grows until it ends.
_LAPS_BACK = timedelta(minutes=10)
_BACK = timedelta(seconds=60)
_WEATHER_BACK = timedelta(minutes=10)
_INTERVALS_JOINING = timedelta(minutes=5)
_INTERVALS_AT_MOST = timedelta(minutes=1)
_COMPLETE_AFTER = timedelta(hours=1)  # races run longer than announced
_CHECKED_BACK = timedelta(seconds=10)

_Asked = list[tuple[str, dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Filled:
    """The answers to a backfill, unchanged for the tape, and whether any row was new."""

    frames: list[RawFrame]
    new: bool


async def find_session(rest: OpenF1Rest, session: str) -> Row:
    """Return the row of a session, by its key or `latest`.

    Raises:
        FeedUnavailableError: There is no such session, or OpenF1 cannot be asked.
    """
    answer = await rest.rows("sessions", session_key=session)
    for row in answer.rows:
        if count_of(row, "session_key", most=10**9):
            return row
    raise FeedUnavailableError(f"OpenF1 has no session {session}.")


def is_over(session: Row, now: datetime) -> bool:
    """Return whether a session ended so long ago that its history is complete."""
    ends_at = instant_of(session, "date_end")
    return ends_at is not None and now - ends_at > _COMPLETE_AFTER


class Filler:
    """Asks REST for the rows that a merger lacks.

    Args:
        rest: The REST client.
        now: The wall clock.
    """

    def __init__(self, rest: OpenF1Rest, now: Callable[[], datetime]) -> None:
        self._rest = rest
        self._now = now

    async def describe(self, merger: RowMerger, session: Row) -> Filled:
        """Fetch the session's description and drivers.

        Raises:
            FeedUnavailableError: OpenF1 cannot be asked.
        """
        asked_at = self._now()
        new = merger.take("sessions", [session], asked_at)
        meeting = session.get("meeting_key")
        asked: _Asked = [("drivers", {"session_key": merger.session_key})]
        if isinstance(meeting, int):
            asked.append(("meetings", {"meeting_key": meeting}))
        filled = await self._take(merger, asked)
        return Filled(filled.frames, new or filled.new)

    async def fill(self, merger: RowMerger, since: datetime | None) -> Filled:
        """Fetch the rows since an instant; those of the whole session with None.

        Raises:
            FeedUnavailableError: OpenF1 cannot be asked.
        """
        now, key = self._now(), {"session_key": merger.session_key}
        intervals_back = _INTERVALS_JOINING
        if since is not None:
            intervals_back = min(now - since + _CHECKED_BACK, _INTERVALS_AT_MOST)
        asked: _Asked = [
            ("race_control", _since(since, _BACK)),
            ("stints", {}),
            ("pit", _since(since, _BACK)),
            ("laps", _since(since, _LAPS_BACK, "date_start")),
            ("position", _since(since, _BACK)),
            ("intervals", {"date__ge": now - intervals_back}),
        ]
        if since is None or not merger.has("weather"):
            asked.append(("weather", {"date__ge": now - _WEATHER_BACK}))
        return await self._take(merger, [(name, key | filters) for name, filters in asked])

    async def check(self, merger: RowMerger) -> Filled:
        """Fetch only the intervals of the last seconds, to see whether the race goes on.

        Raises:
            FeedUnavailableError: OpenF1 cannot be asked.
        """
        filters = {"session_key": merger.session_key, "date__ge": self._now() - _CHECKED_BACK}
        return await self._take(merger, [("intervals", filters)])

    async def _take(self, merger: RowMerger, asked: _Asked) -> Filled:
        answers = await _all([self._rest.rows(name, **filters) for name, filters in asked])
        received_at, new = self._now(), False
        frames = []
        for (name, _), answer in zip(asked, answers, strict=True):
            frames.append(RawFrame(received_at, answer.body, f"{REST}{name}"))
            new = merger.take(name, answer.rows, answer.asked_at) or new
        return Filled(frames, new)


def _since(since: datetime | None, back: timedelta, field: str = "date") -> dict[str, object]:
    return {} if since is None else {f"{field}__ge": since - back}


async def _all(asking: list[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """Run all requests concurrently; where one fails, cancel the others and raise its error."""
    tasks = [asyncio.create_task(one) for one in asking]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await end(*tasks)
