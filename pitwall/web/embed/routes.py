"""Serve `/embed/battle`, `/embed/tower` and `/embed/map`, what feeds them, and how to use them.

They need no account, set no cookie and open no socket of the pages. Other sites may frame them,
as far as `PITWALL_EMBED_ANCESTORS` says; they are the only pages that may be framed.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse

from pitwall.domain.frames import LiveFrame
from pitwall.errors import NothingLiveError, RefusedFieldError
from pitwall.http_semantics import is_head, is_known
from pitwall.live.event_stream import MEDIA_TYPE, EventStream
from pitwall.services import Services, current
from pitwall.web.embed.choices import Asked, EmbedKind, read_choices, read_drivers
from pitwall.web.embed.document import builder_document, embed_document, refused_document
from pitwall.web.embed.feed import EmbedFan, EncodedPieces, Shown, as_json
from pitwall.web.embed.rows import EmbedPieces, embed_pieces
from pitwall.web.shared.relay import live_map
from pitwall.web.shared.typefaces import FACES, FOLDER

router = APIRouter(prefix="/embed", include_in_schema=False)

CurrentServices = Annotated[Services, Depends(current)]

_POLICY: Final = (
    "default-src 'none'; connect-src 'self'; font-src 'self'; img-src 'self'; "
    "script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {}"
)
_A_YEAR: Final = "public, max-age=31536000, immutable"


@router.get("")
async def builder() -> Response:
    """Return the page on which people choose an embed."""
    policy = _POLICY.format("'none'") + "; frame-src 'self'"
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    return HTMLResponse(builder_document(), headers=headers)


@router.get("/fonts.css")
async def fonts() -> Response:
    """Return the style sheet of the fonts that embeds use."""
    faces = "\n".join(face.css(f"/embed/fonts/{face.file}") for face in FACES)
    return PlainTextResponse(faces, media_type="text/css", headers={"Cache-Control": "no-cache"})


@router.get("/fonts/{name}")
async def font(name: str) -> Response:
    """Return a font; only those in the list are looked for."""
    known: dict[str, Path] = {face.file: FOLDER / face.file for face in FACES}
    if name not in known:
        return Response(status_code=HTTPStatus.NOT_FOUND)
    return FileResponse(known[name], media_type="font/woff2", headers={"Cache-Control": _A_YEAR})


@router.get("/{kind}")
async def embed(request: Request, kind: EmbedKind, services: CurrentServices) -> Response:
    """Return the page of an embed; one that says what is wrong where its address is."""
    status = HTTPStatus.OK
    try:
        html = embed_document(kind, read_choices(request.query_params))
    except RefusedFieldError as error:
        html, status = refused_document(str(error)), HTTPStatus.UNPROCESSABLE_ENTITY
    headers = {
        "Content-Security-Policy": _POLICY.format(services.embed_ancestors),
        "Cache-Control": "no-cache",
        # A page that isolates itself may still show an embed.
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return HTMLResponse(html, status, headers)


@router.get("/{kind}/now")
async def embed_now(
    request: Request,
    kind: EmbedKind,
    services: CurrentServices,
    drivers: str = "",
    without: str = "",
) -> Response:
    """Return what an embed shows now; for browsers that have as many streams as they may.

    Raises:
        RefusedFieldError: The drivers are none.
        NothingLiveError: There is no frame yet.
    """
    if services.events is None or services.events.newest is None:
        raise NothingLiveError
    newest = (await services.events.after(None)).moments[-1]
    tag = f'W/"{newest.id}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if is_known(", ".join(request.headers.getlist("if-none-match")), tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    pieces = _pieces.of(newest, _asked(kind, drivers))
    sent = {name: piece for name, piece in pieces.items() if name != without}
    return Response(as_json(sent), media_type="application/json", headers=headers)


@router.get("/{kind}/stream")
async def embed_stream(
    request: Request, kind: EmbedKind, services: CurrentServices, drivers: str = ""
) -> Response:
    """Follow what an embed shows: JSON of what changed, as server-sent events.

    Raises:
        RefusedFieldError: The drivers are none.
        NothingLiveError: This server has no live race.
    """
    if services.events is None:
        raise NothingLiveError
    asked = _asked(kind, drivers)
    if is_head(request.scope):
        return Response(media_type=MEDIA_TYPE)
    return EventStream(EmbedFan.of(services.events), Shown(_pieces, asked))


def _asked(kind: EmbedKind, drivers: str) -> Asked:
    return kind, read_drivers(drivers[:40]) if kind is EmbedKind.BATTLE else ()


def _made(frame: LiveFrame, asked: Asked) -> EmbedPieces:
    kind, drivers = asked
    return embed_pieces(frame, kind, drivers, live_map(frame))


_pieces = EncodedPieces(_made)
"""What this worker has encoded for embeds of the newest frame."""
