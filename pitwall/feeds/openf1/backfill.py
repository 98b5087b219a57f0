"""Fill a row merger by REST: the whole session when joining, and missed rows later on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pitwall.aio import end
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.openf1.client import JOINING, Answer, OpenF1Rest, Patience
from pitwall.feeds.openf1.frame_reader import REST
from pitwall.feeds.openf1.limits import Worth
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

# What the first picture needs, and what may follow it.
# Laps and stops are told whole: a part of them would look like late news.
_PICTURED = ("position", "intervals", "race_control", "stints", "laps", "pit")
_COMPLETED = ("weather",)
_FAST = frozenset({"position", "intervals", "race_control"})

_Asked = list[tuple[str, dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Filled:
    """The answers to a backfill, unchanged for the tape, and whether any row was new."""

    frames: list[RawFrame]
    new: bool


async def find_session(
    rest: OpenF1Rest, session: str, worth: Worth = Worth.PICTURE, patience: Patience | None = None
) -> Row:
    """Return the row of a session, by its key or `latest`.

    Raises:
        FeedUnavailableError: There is no such session, or OpenF1 cannot be asked.
    """
    answer = await rest.rows("sessions", worth=worth, patience=patience, session_key=session)
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

    async def join(self, merger: RowMerger, session: Row) -> Filled:
        """Fetch what the first picture needs: who drives, in which order, how far apart, on what.

        Raises:
            FeedUnavailableError: OpenF1 cannot be asked.
        """
        merger.take("sessions", [session], self._now())
        asked: _Asked = [("drivers", {"session_key": merger.session_key})]
        meeting = session.get("meeting_key")
        if isinstance(meeting, int):  # the race is named, and stored, after it
            asked.append(("meetings", {"meeting_key": meeting}))
        asked += self._whole(merger, _PICTURED)
        return await self._take(merger, asked, Worth.PICTURE, JOINING)

    async def complete(self, merger: RowMerger) -> Filled:
        """Fetch the rest of the session so far.

        Raises:
            FeedUnavailableError: OpenF1 cannot be asked.
        """
        return await self._take(merger, self._whole(merger, _COMPLETED), Worth.LIVE, JOINING)

    async def fill(self, merger: RowMerger, since: datetime) -> Filled:
        """Fetch the rows since an instant.

        Raises:
            FeedUnavailableError: OpenF1 cannot be asked.
        """
        names = [name for name in (*_PICTURED, *_COMPLETED) if name != "weather"]
        names += [] if merger.has("weather") else ["weather"]
        asked = [(name, self._since(merger, name, since)) for name in names]
        return await self._take(merger, asked, Worth.LIVE)

    async def poll(self, merger: RowMerger, endpoint: str, since: datetime) -> Filled:
        """Fetch the rows of one endpoint since an instant.

        Raises:
            FeedUnavailableError: OpenF1 cannot be asked.
        """
        worth = Worth.LIVE if endpoint in _FAST else Worth.DETAIL
        asked = [(endpoint, self._since(merger, endpoint, since))]
        return await self._take(merger, asked, worth)

    async def check(self, merger: RowMerger) -> Filled:
        """Fetch only the intervals of the last seconds, to see whether the race goes on.

        Raises:
            FeedUnavailableError: OpenF1 cannot be asked.
        """
        filters = {"session_key": merger.session_key, "date__ge": self._now() - _CHECKED_BACK}
        return await self._take(merger, [("intervals", filters)], Worth.LIVE)

    def _whole(self, merger: RowMerger, names: Iterable[str]) -> _Asked:
        """Return the requests for whole endpoints; only the newest of what comes by the second."""
        now = self._now()
        back = {"intervals": _INTERVALS_JOINING, "weather": _WEATHER_BACK}
        return [
            (
                name,
                {"session_key": merger.session_key}
                | ({"date__ge": now - back[name]} if name in back else {}),
            )
            for name in names
        ]

    def _since(self, merger: RowMerger, endpoint: str, since: datetime) -> dict[str, object]:
        filters: dict[str, object] = {"session_key": merger.session_key}
        if endpoint == "intervals":
            back = min(self._now() - since + _CHECKED_BACK, _INTERVALS_AT_MOST)
            return filters | {"date__ge": self._now() - back}
        if endpoint == "stints":  # its rows have no date
            return filters
        if endpoint == "laps":
            return filters | {"date_start__ge": since - _LAPS_BACK}
        return filters | {"date__ge": since - (_WEATHER_BACK if endpoint == "weather" else _BACK)}

    async def _take(
        self, merger: RowMerger, asked: _Asked, worth: Worth, patience: Patience | None = None
    ) -> Filled:
        asking = [
            self._rest.rows(name, worth=worth, patience=patience, **filters)
            for name, filters in asked
        ]
        answers = await _all(asking)
        received_at, new = self._now(), False
        frames = []
        for (name, _), answer in zip(asked, answers, strict=True):
            frames.append(RawFrame(received_at, answer.body, f"{REST}{name}"))
            new = merger.take(name, answer.rows, answer.asked_at) or new
        return Filled(frames, new)


async def _all(asking: list[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """Run all requests concurrently; where one fails, cancel the others and raise its error."""
    tasks = [asyncio.create_task(one) for one in asking]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await end(*tasks)
