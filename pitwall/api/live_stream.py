"""Serve `GET /live-battles/stream`: every frame and event of the live race, as they come.

The answer is a stream of server-sent events. Each frame and event is encoded once for all readers
that ask for the same. A reader that falls behind is given the newest frame and every event in
between; one that stops reading is disconnected.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from pitwall.api.guards import CurrentServices
from pitwall.api.live import MinP
from pitwall.api.problems import invalid_response, problem_response
from pitwall.api.stream_encoding import Detail, StreamEvent, Wanted, heartbeat, unseen
from pitwall.api.stream_schemas import EVENT_MODELS
from pitwall.domain.names import driver_names
from pitwall.errors import NothingLiveError, RefusedFieldError
from pitwall.http_semantics import is_head
from pitwall.live.event_ring import EventRing
from pitwall.live.event_stream import MEDIA_TYPE, EventStream
from pitwall.live.stream_fan import Fan

router = APIRouter(tags=["live"])

_MOST_DRIVERS: Final = 30
_MOST_PIECES: Final = 250


class BattleFan(Fan[Wanted]):
    """The readers of battles. Those that ask for the same and have seen the same share a piece."""

    heartbeat_s = 10.0
    most_readers = 5_000
    busy = "Too many streams are open; try again later."

    def __init__(self, ring: EventRing) -> None:
        super().__init__(ring)
        self._pieces: dict[tuple[Wanted, str | None], bytes] = {}
        self._pieces_of: str | None = None

    def news(self, wish: Wanted, last: str | None) -> bytes:
        """Return every event that the reader has not seen, and the newest frame."""
        if self._pieces_of != self.ring.newest_id:
            self._pieces_of, self._pieces = self.ring.newest_id, {}
        piece = self._pieces.get((wish, last))
        if piece is None:
            backlog = self.ring.since(last)
            piece = b"" if backlog is None else unseen(backlog, wish)
            if len(self._pieces) < _MOST_PIECES:
                self._pieces[wish, last] = piece
        return piece

    def heartbeat(self) -> bytes:
        """Return an event that says how the feed is."""
        return heartbeat(self.ring.newest)


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
    fading: Annotated[
        bool,
        Query(
            description="Also battles that are only kept open, at 2.0 to 2.5 s.", examples=[True]
        ),
    ] = False,
    detail: Annotated[
        Detail,
        Query(
            description="`brief` frames have what it takes to draw battles; `full` ones have all "
            "that `GET /live-battles` answers, at seven times the size.",
            examples=["full"],
        ),
    ] = Detail.BRIEF,
) -> Wanted:
    """Read what a reader asks for.

    Raises:
        RefusedFieldError: A driver is neither three letters nor a number, or there are too many.
    """
    try:
        names = driver_names(drivers.split(","))
    except ValueError as error:
        raise RefusedFieldError("drivers", str(error)) from None
    if len(names) > _MOST_DRIVERS:
        message = f"Name at most {_MOST_DRIVERS} drivers; none means all."
        raise RefusedFieldError("drivers", message)
    return Wanted(min_p, frozenset(names), frozenset(events or ()), fading, detail)


@router.get(
    "/live-battles/stream",
    summary="Follow the battles as they happen",
    response_class=Response,
    responses={
        200: {
            "description": "Server-sent events, until the reader leaves. The data of each is JSON; "
            "`x-events` names its schema. `frame` comes up to four times a second and is whole: a "
            "reader can join, skip or come back at any time. `battle_opened`, `battle_ended`, "
            "`passed` and `flag` tell what happened. `heartbeat` comes after ten seconds without "
            "anything else. `missed` says that events between the reader's `Last-Event-ID` and "
            "now cannot be sent any more.",
            "content": {
                MEDIA_TYPE: {
                    "schema": {"type": "string"},
                    "example": "event: frame\nid: 19ac3f0b2a1-15bb\ndata: {}\n\n",
                    "x-events": {
                        kind: {"$ref": f"#/components/schemas/{model.__name__}"}
                        for kind, model in EVENT_MODELS.items()
                    },
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

    A `frame` is a `FrameOut`: what it takes to draw the battles, named as in `/live-battles`. With
    `detail=full` it is all that `/live-battles` answers, with reasons and experts.
    `battle_opened` has the whole battle in either case.

    Filters narrow the battles in frames and the events about battles; `flag` always comes. Event
    ids rise; a reader that connects again with `Last-Event-ID`, as browsers do, misses nothing of
    the last five minutes and may be told an event twice. A reader that does not keep up is sent the
    newest frame and every event in between; one that reads nothing is disconnected.
    """
    if services.events is None:
        raise NothingLiveError
    if is_head(request.scope):
        return Response(media_type=MEDIA_TYPE)
    return EventStream(BattleFan.of(services.events), filters, last_event_id or None)
