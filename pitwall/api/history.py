"""Serve `GET /history` and `GET /history/{race_id}`: the stored races, and their rows."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, Field

from pitwall.api import examples
from pitwall.api.guards import REFUSALS, CurrentServices, Reader
from pitwall.api.instants import Moment
from pitwall.api.problems import Responses, invalid_response, problem_response
from pitwall.domain.sessions import SessionType, Source, type_of
from pitwall.domain.stored_races import HistoryTable, RaceFilter, RaceSummary, Selection
from pitwall.errors import SelectionError


class StoredRaceOut(BaseModel):
    """A stored session: a race or a sprint, qualifying or practice."""

    race_id: str = Field(examples=[examples.RACE_ID])
    name: str = Field(examples=["Dutch Grand Prix"])
    kind: str = Field(description="The name of the session.", examples=["Race"])
    session_type: SessionType = Field(
        description="What the session is for: battles and predictions belong to a race, "
        "`standings` to the others.",
        examples=["race"],
    )
    year: int = Field(examples=[2025])
    circuit_id: str | None = Field(examples=["zandvoort"])
    circuit: str | None = Field(examples=["Zandvoort"])
    starts_at: datetime | None = Field(
        description="The announced start, UTC.", examples=["2025-08-31T13:00:00Z"]
    )
    first_at: datetime | None = Field(
        description="When its first message was sent, UTC.",
        examples=["2025-08-31T12:06:46.884000Z"],
    )
    last_at: datetime | None = Field(
        description="When its newest message was sent, UTC.", examples=["2025-08-31T14:53:31Z"]
    )
    source: str = Field(
        description="`live`, `recorded`, `reconstructed` or `simulated`.",
        examples=[examples.SOURCE],
    )
    state: str = Field(description="`running`, `finished` or `abandoned`.", examples=["finished"])
    laps: int = Field(
        description="The leader's lap when the race was last written; 0 in qualifying and "
        "practice.",
        examples=[72],
    )
    total_laps: int | None = Field(examples=[72])
    messages: int = Field(description="Number of raw messages stored.", examples=[38257])
    model_version: str = Field(
        description="The model of its newest predictions; empty without any.",
        examples=[examples.MODEL_VERSION],
    )

    @classmethod
    def of(cls, race: RaceSummary) -> StoredRaceOut:
        """Return a race as the API shows it."""
        return cls.model_validate({"race_id": race.id} | _fields(race))


class RacesOut(BaseModel):
    """Races, the newest first."""

    races: list[StoredRaceOut]
    next_cursor: str | None = Field(
        description="Send it back as `cursor`; null on the last page.", examples=[None]
    )


class RowOut(BaseModel):
    """One row of one table; its columns are those of that table's CSV."""

    table: HistoryTable = Field(examples=["predictions"])
    row: dict[str, Any] = Field(examples=[examples.PREDICTION_ROW])


class HistoryOut(BaseModel):
    """One page of a race's rows."""

    race: StoredRaceOut
    rows: list[RowOut]
    next_cursor: str | None = Field(
        description="Send it back as `cursor`; null on the last page.", examples=[examples.CURSOR]
    )


def _fields(race: RaceSummary) -> dict[str, Any]:
    derived = {"race_id", "session_type"}
    names = [name for name in StoredRaceOut.model_fields if name not in derived]
    return {name: getattr(race, name) for name in names} | {"session_type": type_of(race.kind)}


router = APIRouter(prefix="/history", tags=["history"])

_INVALID = "A parameter, a driver or the cursor is not valid."

_BACKWARDS = "`to` lies before `from`."

NO_RACE: Responses = {
    404: problem_response("No such race.", f"No race '{examples.RACE_ID}' is stored here."),
    422: problem_response(_INVALID, _BACKWARDS),
}

_NO_FILTER: Responses = {
    422: invalid_response(_INVALID, "query.limit", "Input should be less than or equal to 200"),
}

_MOST_DRIVERS = 40

RaceId = Annotated[
    str,
    Path(
        pattern=r"^[a-z0-9][a-z0-9-]{0,95}$",
        description="The id, as `GET /history` lists it.",
        examples=[examples.RACE_ID],
    ),
]

_KEY = r"^[a-z0-9][a-z0-9-]{0,79}$"

Circuit = Annotated[str | None, Query(pattern=_KEY, examples=["zandvoort"])]

Driver = Annotated[str | None, Query(pattern=_KEY, examples=["lando-norris"])]


def _cursor(example: str) -> Any:  # noqa: ANN401  FastAPI's own
    return Query(
        pattern=r"^[A-Za-z0-9_-]{1,400}$",
        description="`next_cursor` of the previous page.",
        examples=[example],
    )


Cursor = Annotated[str | None, _cursor(examples.CURSOR)]

RacesCursor = Annotated[str | None, _cursor(examples.RACES_CURSOR)]


def selection(
    from_: Annotated[
        Moment | None,
        Query(
            alias="from",
            description="Rows from this time on; with an offset from UTC.",
            examples=[examples.AT],
        ),
    ] = None,
    to: Annotated[
        Moment | None,
        Query(
            description="Rows before this time; with an offset from UTC.",
            examples=[examples.A_LAP_LATER],
        ),
    ] = None,
    drivers: Annotated[
        str | None,
        Query(
            pattern=r"^[A-Za-z0-9,-]{1,400}$",
            description="Car numbers, codes or keys of drivers, separated by commas.",
            examples=["4,PIA,isack-hadjar"],
        ),
    ] = None,
) -> Selection:
    """Return the part of a race that a request asks for.

    Raises:
        SelectionError: The part ends before it begins, or names too many drivers.
    """
    if from_ is not None and to is not None and to < from_:
        raise SelectionError(_BACKWARDS)
    names = tuple(name for name in (drivers or "").split(",") if name)
    if len(names) > _MOST_DRIVERS:
        raise SelectionError(f"At most {_MOST_DRIVERS} drivers can be named.")
    return Selection(from_, to, names)


Part = Annotated[Selection, Depends(selection)]


@router.get("", summary="List stored races", responses={**REFUSALS, **_NO_FILTER})
async def races(  # noqa: PLR0913  each is a filter of its own
    services: CurrentServices,
    _reader: Reader,
    year: Annotated[int | None, Query(ge=1950, le=2200, examples=[2025])] = None,
    circuit: Circuit = None,
    driver: Driver = None,
    kind: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9 ]{1,40}$", examples=["Race"])] = None,
    source: Annotated[Source | None, Query(examples=[examples.SOURCE])] = None,
    limit: Annotated[int, Query(ge=1, le=200, examples=[20])] = 50,
    cursor: RacesCursor = None,
) -> RacesOut:
    """List the stored races, the newest first."""
    wanted = RaceFilter(year, circuit, kind, source.value if source else None, driver)
    found, next_cursor = await services.races().races(wanted, limit, cursor)
    return RacesOut(races=[StoredRaceOut.of(race) for race in found], next_cursor=next_cursor)


@router.get(
    "/{race_id}",
    summary="Read a stored race",
    response_model=HistoryOut,
    responses={**REFUSALS, **NO_RACE},
)
async def history(
    services: CurrentServices,
    _reader: Reader,
    race_id: RaceId,
    part: Part,
    tables: Annotated[
        list[HistoryTable] | None,
        Query(
            description="Repeat the parameter for each table. Default: all but `telemetry`.",
            examples=[["predictions", "laps"]],
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, examples=[500])] = 1_000,
    cursor: Cursor = None,
) -> Response:
    """Return the rows of a stored race in pages, table by table, each in order of time.

    A whole race has some 30,000 rows of timing and, where the feed gave it, 430,000 of
    `telemetry`. To read that many, download a file instead.
    """
    reader = services.races()
    race = await reader.race(race_id)
    wanted = tables or [table for table in HistoryTable if table is not HistoryTable.TELEMETRY]
    page = await reader.page(race, wanted, part, limit, cursor)
    body = orjson.dumps(
        {
            "race": StoredRaceOut.of(race).model_dump(mode="json"),
            "rows": [{"table": table.value, "row": row} for table, row in page.rows],
            "next_cursor": page.next_cursor,
        },
        option=orjson.OPT_UTC_Z,
    )
    return Response(body, media_type="application/json", headers={"Cache-Control": "private"})
