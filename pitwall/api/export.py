"""Serve `GET /history/{race_id}/*.csv` and `*.parquet`: stored races as streamed files."""

from __future__ import annotations

import asyncio
import hashlib
import re
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Annotated, Literal

from fastapi import APIRouter, Header, HTTPException, Path, Request, Response
from fastapi.responses import StreamingResponse

from pitwall.api import examples
from pitwall.api.downloads import WITHIN_S, Download, download_slot, even
from pitwall.api.guards import REFUSALS, CurrentServices, Reader
from pitwall.api.history import NO_RACE, Part, RaceId
from pitwall.api.problems import Responses, problem_response
from pitwall.domain.stored_races import HistoryTable, RaceSummary, Selection
from pitwall.errors import BusyError
from pitwall.http_semantics import is_head, is_known, is_same, takes_gzip

router = APIRouter(prefix="/history", tags=["history"])

_MEDIA = {
    "csv": "text/csv; charset=utf-8; header=present",
    "parquet": "application/vnd.apache.parquet",
}
_RANGE = re.compile(r"bytes=(\d{1,15})-\Z")
_WRITTEN_BY = "3"  # raised when files of the same race change: other columns, other text

Kind = Literal["csv", "parquet"]
Table = Literal[
    "export", "entries", "statuses", "race_control", "weather", "stints", "standings", "laps",
    "timing", "predictions", "telemetry",
]  # fmt: skip
Pieces = Callable[[], AsyncGenerator[bytes, None]]

_FILES: Responses = {
    200: {
        "description": "The file. Times are in UTC, units are in the column names.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
        },
    },
    206: {"description": "The file from byte N on, as asked for with `Range: bytes=N-`."},
    304: {"description": "The file has not changed since the version that `If-None-Match` names."},
    416: problem_response(
        "The file has no such byte.", "The file has 140030 bytes; none from 1048576 on."
    ),
}


@router.get(
    "/{race_id}/{table}.{kind}",
    summary="Download a stored race",
    response_class=StreamingResponse,
    dependencies=[download_slot],
    responses={**REFUSALS, **NO_RACE, **_FILES},
)
async def export(  # noqa: PLR0913
    request: Request,
    services: CurrentServices,
    _reader: Reader,
    race_id: RaceId,
    table: Annotated[
        Table,
        Path(
            description="`export` is the whole race without telemetry, in order of time.",
            examples=["laps"],
        ),
    ],
    kind: Annotated[Kind, Path(examples=["csv"])],
    part: Part,
    if_none_match: Annotated[str | None, Header(examples=[examples.FILE_ETAG])] = None,
    if_range: Annotated[str | None, Header(examples=[examples.FILE_ETAG])] = None,
    range_: Annotated[str | None, Header(alias="Range", examples=["bytes=65536-"])] = None,
    accept_encoding: Annotated[str, Header(examples=["gzip"])] = "",
) -> Response:
    """Stream one table of a race as CSV (RFC 4180) or Parquet.

    Resume a broken download with `Range: bytes=N-` and `If-Range`: a race that is over gives the
    same bytes each time. Text that a spreadsheet would run as a formula begins with an apostrophe.
    An account may have two downloads at once. A download that is not read is cut.
    """
    race = await services.races().race(race_id)
    wanted = None if table == "export" else HistoryTable(table)
    exporter = services.exporter()
    # Names are checked before the first byte, as a refusal would be too late afterwards.
    await services.races().page(race, (), part, 1)
    write = exporter.csv if kind == "csv" else exporter.parquet

    def pieces() -> AsyncGenerator[bytes, None]:
        return even(write(race, wanted, part))

    etag = f'"{_etag(race, table, kind, part)}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding",
        "Content-Disposition": f'attachment; filename="{race.id}-{table}.{kind}"',
    }
    first = _RANGE.match(range_ or "")
    # Only unzipped bytes can be resumed, as zipped ones may depend on the server's zlib. A client
    # that has the beginning of a zipped file is sent the whole file.
    rest_of_plain = first is not None and if_range is not None and is_same(if_range, etag)
    zipped = kind == "csv" and not rest_of_plain and takes_gzip(accept_encoding)
    headers["ETag"] = f'{etag[:-1]}-gzip"' if zipped else etag
    known = ", ".join(request.headers.getlist("if-none-match"))
    if if_none_match is not None and is_known(known, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if is_head(request.scope):
        return Response(media_type=_MEDIA[kind], headers=headers)
    if first is not None and (rest_of_plain or (if_range is None and not zipped)):
        return await _from_byte(int(first[1]), pieces, headers, _MEDIA[kind])
    if zipped:
        headers["Content-Encoding"] = "gzip"
        body = _zipped(await _begun(pieces()))
        return Download(body, media_type=_MEDIA[kind], headers=headers)
    return Download(await _begun(pieces()), media_type=_MEDIA[kind], headers=headers)


async def _begun(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Wait for the first piece, as errors up to then can still be answered as problems.

    Raises:
        BusyError: Too many exports are under way.
        StoreError: The database is not there, or all connections for exports are in use.
    """
    first = await anext(pieces, b"")

    async def all_of_them() -> AsyncGenerator[bytes, None]:
        async with aclosing(pieces):
            if first:
                yield first
            async for piece in pieces:
                yield piece

    return all_of_them()


async def _from_byte(
    first: int, pieces: Pieces, headers: dict[str, str], media_type: str
) -> Response:
    """Answer with the rest of a file, which is first written once to learn its length."""
    length = 0
    try:
        async with asyncio.timeout(WITHIN_S), aclosing(pieces()) as counted:
            async for piece in counted:
                length += len(piece)
    except TimeoutError:
        message = "The file could not be written in time. Try again in a moment."
        raise BusyError(message) from None
    if first >= length:
        detail = f"The file has {length} bytes; none from {first} on."
        raise HTTPException(416, detail, {"Content-Range": f"bytes */{length}"})
    headers |= {
        "Content-Range": f"bytes {first}-{length - 1}/{length}",
        "Content-Length": str(length - first),
    }
    return Download(
        _without(first, pieces()), status_code=206, media_type=media_type, headers=headers
    )


async def _without(first: int, pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with aclosing(pieces) as all_of_them:
        async for piece in all_of_them:
            if first < len(piece):
                yield piece[first:]
            first = max(0, first - len(piece))


async def _zipped(pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(5, wbits=zlib.MAX_WBITS | 16)
    async with aclosing(pieces) as all_of_them:
        async for piece in all_of_them:
            packed = packer.compress(piece)
            if packed:
                yield packed
    yield packer.flush()


def _etag(race: RaceSummary, table: Table, kind: Kind, part: Selection) -> str:
    content = (_WRITTEN_BY, race.id, race.number, race.first_at, race.revision, table, kind, part)
    return hashlib.sha256(repr(content).encode()).hexdigest()[:20]
