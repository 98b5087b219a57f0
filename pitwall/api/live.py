"""Serve `GET /health`, `GET /live` and `GET /live-battles`: server and session, for everyone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from pitwall.api import examples
from pitwall.api.fault_wording import for_strangers
from pitwall.api.guards import CurrentServices
from pitwall.api.health_schemas import (
    BrokerOut,
    BuildOut,
    HealthOut,
    ModelOut,
    SetAsideOut,
    Status,
    StoreOut,
    WebhooksOut,
)
from pitwall.api.live_schemas import BattlesOut
from pitwall.api.problems import invalid_response, problem_response
from pitwall.api.session_schemas import LiveOut
from pitwall.domain.frames import CANNOT_FOLLOW, DEAD_AFTER_S, FeedState, LiveFrame
from pitwall.domain.race import Phase
from pitwall.errors import NothingLiveError
from pitwall.http_semantics import is_known
from pitwall.live.event_ring import Encodings, moment_id
from pitwall.mqtt.link_state import LinkState
from pitwall.recording.store_condition import StoreState
from pitwall.services import About, Services

router = APIRouter(tags=["live"])

MinP = Annotated[
    float,
    Query(ge=0, le=1, description="Only battles with at least this `p_overtake`.", examples=[0.02]),
]


@router.get(
    "/health",
    summary="Check the server and the feed",
    response_model=HealthOut,
    responses={503: {"model": HealthOut, "description": "The feed is dead while a race is on."}},
)
async def health(services: CurrentServices) -> JSONResponse:
    """Return the state of feed, model, database and program.

    The answer is 503 when the feed is dead while a race is on, or could not be opened. A race that
    is over or a paused replay is not a fault.
    """
    report = _health(await services.live.latest(), services, datetime.now(UTC))
    status = 503 if report.status == "dead" else 200
    return JSONResponse(
        report.model_dump(mode="json"), status, headers={"Cache-Control": "no-store"}
    )


@router.get(
    "/live-battles",
    summary="List the battles now, with forecasts",
    response_model=BattlesOut,
    responses={
        304: {"description": "Nothing has changed since the frame that `If-None-Match` names."},
        422: invalid_response(
            "A parameter is not valid.",
            "query.min_p",
            "Input should be less than or equal to 1",
        ),
        503: problem_response(
            "No frame has been published yet.", "No frame has been published yet."
        ),
    },
)
async def live_battles(
    request: Request,
    services: CurrentServices,
    below_s: Annotated[
        float,
        Query(
            gt=0, le=2.0, description="Only battles with an interval below this.", examples=[1.0]
        ),
    ] = 2.0,
    min_p: MinP = 0.0,
    fading: Annotated[
        bool,
        Query(
            description="Also battles that are only kept open, at 2.0 to 2.5 s.", examples=[True]
        ),
    ] = False,
    _if_none_match: Annotated[
        str | None, Header(alias="if-none-match", examples=[examples.FRAME_ETAG])
    ] = None,
) -> Response:
    """List the battles under way, front of the field first.

    Every frame has its own ETag. Send it back in `If-None-Match`, and the answer is 304 until there
    is a new frame.
    """
    frame = await services.live.latest()
    if frame is None:
        raise NothingLiveError
    return _unless_known(
        request,
        frame,
        _etag(frame, below_s, min_p, fading=fading),
        lambda: BattlesOut.of(frame, below_s, min_p, fading=fading),
    )


@router.get(
    "/live",
    summary="Show the session now, with all cars",
    response_model=LiveOut,
    responses={
        304: {"description": "Nothing has changed since the frame that `If-None-Match` names."},
        503: problem_response(
            "No frame has been published yet.", "No frame has been published yet."
        ),
    },
)
async def live(request: Request, services: CurrentServices) -> Response:
    """Show a session of any kind: a race, qualifying or practice.

    In a race the cars come in running order, with their gaps. In qualifying and practice each has
    a `standing` (best laps, what it is doing, the margin to the cut-off), and `timed` has the
    part, the cut-off and the clock. Every frame has its own ETag, for `If-None-Match`.
    """
    frame = await services.live.latest()
    if frame is None:
        raise NothingLiveError
    return _unless_known(request, frame, _etag(frame), lambda: LiveOut.of(frame))


class EncodedAnswers:
    """The answers about one frame, by their entity tags; those about an older one are dropped."""

    def __init__(self) -> None:
        self._about: object = None
        self._encodings = Encodings[bytes]()

    def get(self, about: object, etag: str, make: Callable[[], bytes]) -> bytes:
        """Return the answer with this tag, and make it if nobody has asked for it yet.

        Args:
            about: What the answer is about; with another one all answers are dropped.
            etag: Names the answer.
            make: Makes the answer.
        """
        if about is not self._about:
            self._about, self._encodings = about, Encodings[bytes]()
        return self._encodings.get(etag, make)


_encoded = EncodedAnswers()
"""What this worker has answered about the newest frame."""


def _unless_known(
    request: Request, frame: LiveFrame, etag: str, answer: Callable[[], BaseModel]
) -> Response:
    """Return an answer, or 304 where the request names the tag that it would have."""
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    known = ", ".join(request.headers.getlist("if-none-match"))
    if known and is_known(known, etag):
        return Response(status_code=304, headers=headers)
    body = _encoded.get(frame, etag, lambda: answer().model_dump_json().encode())
    return Response(body, media_type="application/json", headers=headers)


def _health(frame: LiveFrame | None, services: Services, now: datetime) -> HealthOut:
    frame_age_s = None if frame is None else max(0.0, (now - frame.published_at).total_seconds())
    message_age_s = None
    if frame is not None and frame.data_age_s is not None and frame_age_s is not None:
        message_age_s = frame.data_age_s + frame_age_s
    status, detail = _verdict(frame, frame_age_s, services.cache_fault())
    writing = services.writing() if services.writing else None
    if status == "ok" and writing is not None and writing.status == "degraded":
        status, detail = "degraded", writing.reason
    elif writing is not None and status == "ok":
        detail = " ".join(filter(None, [detail, *_losses(writing)]))
    totals = services.hook_totals() if services.hook_totals else None
    about = services.about
    return HealthOut(
        status=status,
        detail=for_strangers(detail),
        source=frame.header.source if frame else None,  # type: ignore[arg-type]  # a Source value
        feed=frame.header.feed if frame else None,
        feed_state=frame.header.feed_state if frame else None,
        feed_detail=for_strangers(frame.header.feed_detail) if frame else "",
        race_on=frame is not None and frame.header.phase is Phase.STARTED,
        last_message_age_s=message_age_s,
        frame_age_s=frame_age_s,
        sequence=frame.sequence if frame else None,
        malformed=frame.header.malformed if frame else 0,
        store=_store(writing) if writing else None,
        mqtt=_broker(services.broker()) if services.broker else None,
        webhooks=WebhooksOut.of(totals) if totals else None,
        model=_model(about),
        build=BuildOut(version=about.version, revision=about.revision, started_at=about.started_at),
    )


def _model(about: About) -> ModelOut | None:
    if not about.model_version:
        return None
    return ModelOut(
        version=about.model_version,
        trained_at=about.model_trained_at,
        hash=about.model_hash,
        rules_version=about.rules_version,
        scores=dict(about.model_scores),
    )


def _verdict(
    frame: LiveFrame | None, frame_age_s: float | None, cache_fault: str
) -> tuple[Status, str]:
    if frame is None or frame_age_s is None:
        return "waiting", f"No frame has been published yet. {cache_fault}".rstrip()
    if frame_age_s > DEAD_AFTER_S:
        stopped = f"No frame for {frame_age_s:.0f} s: the race player has stopped."
        return "dead", f"{stopped} {cache_fault}".rstrip()
    if frame.header.feed_state is FeedState.STALE:
        return "dead", "The feed is silent while a race is on."
    if frame.header.feed_state is FeedState.FAILED:
        return "dead", frame.header.feed_detail
    if frame.header.feed_detail.startswith(CANNOT_FOLLOW):
        cache_fault = f"{frame.header.feed_detail} {cache_fault}".rstrip()
    return ("degraded", cache_fault) if cache_fault else ("ok", "")


def _etag(frame: LiveFrame, *parameters: float, fading: bool = False) -> str:
    # Every digit: answers are kept by their tags.
    words = [moment_id(frame), *(str(each).removesuffix(".0") for each in parameters)]
    return f'W/"{"-".join([*words, *(["fading"] if fading else [])])}"'


def _store(writing: StoreState) -> StoreOut:
    aside = writing.set_aside
    return StoreOut(
        status=writing.status,
        reason=for_strangers(writing.reason),
        dropped=writing.dropped,
        waiting=writing.waiting,
        set_aside=SetAsideOut(
            rows=aside.rows, file=aside.file, lost=aside.lost, reason=for_strangers(aside.reason)
        ),
    )


def _broker(link: LinkState) -> BrokerOut:
    return BrokerOut(status=link.status, detail=for_strangers(link.detail))


def _losses(writing: StoreState) -> Iterator[str]:
    """Yield what has been lost or set aside since the server started, a sentence each."""
    aside = writing.set_aside
    if writing.dropped:
        yield f"{writing.dropped:,} messages were lost while nothing could be written."
    if aside.reason:
        yield (
            f"{aside.rows:,} rows that the database refused are set aside in {aside.file}; "
            f"the newest: {aside.reason}."
        )
    if aside.lost:
        yield f"{aside.lost:,} more were lost, as {aside.file} is full."
