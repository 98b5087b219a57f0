"""Serve `GET /live-battles/stream`: every frame and event of the live race, as they come.

The answer is a stream of server-sent events (WHATWG HTML, section 9.2). Each frame and event is
encoded once for all readers that ask for the same. A reader that falls behind is given the newest
frame and every event in between; one that stops reading is disconnected.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from pitwall.aio import end
from pitwall.api.conditional import is_head
from pitwall.api.guards import CurrentServices
from pitwall.api.live import MinP
from pitwall.api.live_schemas import BattlesOut
from pitwall.api.problems import invalid_response, problem_response
from pitwall.api.stream_schemas import HeartbeatOut, event_out
from pitwall.domain.frames import BattleLine, LiveFrame
from pitwall.errors import BusyError, NothingLiveError, RefusedFieldError
from pitwall.live.event_ring import EventRing, FrameNews
from pitwall.live.race_events import RaceEvent

router = APIRouter(tags=["live"])

MEDIA_TYPE: Final = "text/event-stream"
HEARTBEAT_S: Final = 10.0
STALLED_S: Final = 20.0
"""How long a reader may leave what was sent to it unread."""
MOST_READERS: Final = 5_000
"""How many streams one worker serves at a time."""
COME_BACK_MS: Final = 2_000
"""How long a reader waits before it connects again."""

_MOST_DRIVERS: Final = 30
_DRIVER: Final = re.compile(r"[A-Z]{3}|[0-9]{1,2}")


class StreamEvent(StrEnum):
    """The kinds of events of the stream."""

    FRAME = "frame"
    BATTLE_OPENED = "battle_opened"
    BATTLE_ENDED = "battle_ended"
    PASSED = "passed"
    FLAG = "flag"
    HEARTBEAT = "heartbeat"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asked for; readers that ask for the same share each encoding.

    Attributes:
        min_p: Only battles with at least this forecast.
        drivers: Only battles of these cars, by their three letters or numbers; empty for all.
        events: Only these kinds; empty for all. Heartbeats always come.
    """

    min_p: float = 0.0
    drivers: frozenset[str] = frozenset()
    events: frozenset[StreamEvent] = frozenset()

    def has(self, kind: StreamEvent) -> bool:
        """Whether events of a kind are wanted."""
        return not self.events or kind in self.events

    def takes(self, event: RaceEvent) -> bool:
        """Whether an event is wanted."""
        if not self.has(StreamEvent(event.kind)):
            return False
        pair = event.pair
        if pair is None:
            return True
        return (event.p_overtake or 0.0) >= self.min_p and self._takes_pair(pair, event.frame)

    def narrowed(self, frame: LiveFrame) -> list[BattleLine]:
        """Return the battles of a frame that are wanted."""
        return [
            battle
            for battle in frame.battles
            if not battle.fading
            and (battle.p_overtake or 0.0) >= self.min_p
            and self._takes_pair((battle.attacker, battle.defender), frame)
        ]

    def _takes_pair(self, pair: tuple[int, int], frame: LiveFrame) -> bool:
        if not self.drivers:
            return True
        names = {str(number) for number in pair}
        names |= {line.code for line in frame.tower if line.number in pair}
        return not self.drivers.isdisjoint(names)


def wanted(
    min_p: MinP = 0.0,
    drivers: Annotated[
        str,
        Query(
            max_length=200,
            description="Only battles of these drivers: three letters or car numbers, "
            "separated by commas.",
            examples=["NOR,81"],
        ),
    ] = "",
    events: Annotated[
        list[StreamEvent] | None,
        Query(description="Only these kinds of events; all without it.", examples=[["passed"]]),
    ] = None,
) -> Wanted:
    """Read what a reader asks for.

    Raises:
        RefusedFieldError: A driver is neither three letters nor a number.
    """
    names = [each.strip().upper() for each in drivers.split(",") if each.strip()]
    for name in names:
        if not _DRIVER.fullmatch(name):
            message = "Name drivers by three letters or car numbers, such as NOR,81."
            raise RefusedFieldError("drivers", message)
    return Wanted(min_p, frozenset(names[:_MOST_DRIVERS]), frozenset(events or ()))


@router.get(
    "/live-battles/stream",
    summary="Follow the battles as they happen",
    response_class=Response,
    responses={
        200: {
            "description": "Server-sent events, until the reader leaves. `frame` has what "
            "`GET /live-battles` answers, up to four times a second. `battle_opened`, "
            "`battle_ended`, `passed` and `flag` tell what happened. `heartbeat` comes after ten "
            "seconds without anything else. `missed` says that events between the reader's "
            "`Last-Event-ID` and now can not be sent any more.",
            "content": {
                MEDIA_TYPE: {
                    "schema": {"type": "string"},
                    "example": "event: frame\nid: 19ac3f0b2a1-15bb\ndata: {}\n\n",
                }
            },
        },
        422: invalid_response(
            "A parameter is not valid.",
            "query.min_p",
            "Input should be less than or equal to 1",
        ),
        503: problem_response(
            "Too many streams are open, or this server has none.",
            "Too many streams are open; try again later.",
        ),
    },
)
async def live_battles_stream(
    request: Request,
    services: CurrentServices,
    filters: Annotated[Wanted, Depends(wanted)],
    last_event_id: Annotated[
        str | None,
        Header(
            description="The id of the last event that was received; what happened since is sent "
            "first, if it is less than five minutes ago.",
            examples=["19ac3f0b2a1-15bb"],
        ),
    ] = None,
) -> Response:
    """Follow the battles without asking again.

    Filters narrow the battles in frames and the events about battles; `flag` always comes. Event
    ids rise; a reader that connects again with `Last-Event-ID`, as browsers do, misses nothing of
    the last five minutes and may be told an event twice.
    """
    if services.events is None:
        raise NothingLiveError
    if is_head(request.scope):
        return Response(media_type=MEDIA_TYPE)
    return EventStream(services.events, filters, last_event_id or None)


class EventStream(Response):
    """Sends the moments of a ring to one reader until it leaves.

    Raises:
        BusyError: Too many streams are open.
    """

    media_type = MEDIA_TYPE
    _open = 0

    def __init__(self, ring: EventRing, filters: Wanted, last: str | None) -> None:
        if EventStream._open >= MOST_READERS:
            message = "Too many streams are open; try again later."
            raise BusyError(message)
        # "X-Accel-Buffering" keeps nginx from holding events back.
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._ring = ring
        self._filters = filters
        self._last = last

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        EventStream._open += 1
        leaving = asyncio.ensure_future(_left(receive))
        sending = asyncio.ensure_future(self._send_all(send))
        try:
            await asyncio.wait({leaving, sending}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and not sending.cancelled():
                sending.result()
        finally:
            await end(leaving, sending)
            EventStream._open -= 1

    async def _send_all(self, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": list(self.raw_headers)}
        )
        piece = f"retry: {COME_BACK_MS}\n\n".encode()
        while True:
            try:
                async with asyncio.timeout(STALLED_S):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            except TimeoutError:
                break  # the reader comes back with its last id, if it is still there
            piece = await self._next()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _next(self) -> bytes:
        """Wait for something that the reader wants, and return it."""
        quiet_until_s = asyncio.get_running_loop().time() + HEARTBEAT_S
        while True:
            try:
                async with asyncio.timeout_at(quiet_until_s):
                    backlog = await self._ring.after(self._last)
            except TimeoutError:
                return self._heartbeat()
            pieces = [] if backlog.is_whole else [_message(StreamEvent.MISSED, "{}")]
            newest = backlog.moments[-1]
            pieces += [_encoded(each, self._filters, frame=False) for each in backlog.moments[:-1]]
            pieces.append(_encoded(newest, self._filters, frame=True))
            self._last = newest.id
            piece = b"".join(pieces)
            if piece:
                return piece

    def _heartbeat(self) -> bytes:
        newest = self._ring.newest
        state = None if newest is None else newest.header.feed_state
        beat = HeartbeatOut(at=datetime.now(UTC), feed_state=state)
        return _message(StreamEvent.HEARTBEAT, beat.model_dump_json())


async def _left(receive: Receive) -> None:
    """Return when the reader has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _encoded(moment: FrameNews, filters: Wanted, *, frame: bool) -> bytes:
    """Return the events of a moment as a reader is sent them, and its frame if asked for."""
    return moment.encoded.get(
        (filters, frame), lambda: b"".join(_messages(moment, filters, frame=frame))
    )


def _messages(moment: FrameNews, filters: Wanted, *, frame: bool) -> Iterator[bytes]:
    """Yield the messages of a moment; the last one has its id, so that a cut repeats them all."""
    messages: list[tuple[StreamEvent, BaseModel]] = [
        (StreamEvent(event.kind), event_out(event))
        for event in moment.events
        if filters.takes(event)
    ]
    if frame and filters.has(StreamEvent.FRAME):
        battles = filters.narrowed(moment.frame)
        messages.append((StreamEvent.FRAME, BattlesOut.with_battles(moment.frame, battles)))
    for place, (kind, body) in enumerate(messages, start=1):
        is_last = place == len(messages)
        yield _message(kind, body.model_dump_json(), moment.id if is_last else "")


def _message(kind: StreamEvent, data: str, name: str = "") -> bytes:
    named = f"id: {name}\n" if name else ""
    return f"event: {kind}\n{named}data: {data}\n\n".encode()
