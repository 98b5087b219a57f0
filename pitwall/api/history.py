"""`GET /history` and `GET /history/{race_id}`: which races are kept, and what is kept of each."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Query, Response

from pitwall.api import story
from pitwall.api.guards import REFUSALS, CurrentServices, Reader
from pitwall.api.history_schemas import HistoryOut, KeptRaceOut, RacesOut
from pitwall.api.moments import Moment
from pitwall.api.problems import Responses, invalid_response, problem_response
from pitwall.domain.history import HistoryTable, RaceFilter, Selection
from pitwall.domain.sources import Source
from pitwall.errors import SelectionError

router = APIRouter(prefix="/history", tags=["history"])

_INVALID = "A parameter, a driver or the cursor is not valid."
_BACKWARDS = "`to` lies before `from`."
NO_RACE: Responses = {
    404: problem_response("No such race is kept.", f"No race '{story.RACE_ID}' is kept here."),
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
        description="As `GET /history` lists it.",
        examples=[story.RACE_ID],
    ),
]
_KEY = r"^[a-z0-9][a-z0-9-]{0,79}$"
Circuit = Annotated[str | None, Query(pattern=_KEY, examples=["zandvoort"])]
Driver = Annotated[str | None, Query(pattern=_KEY, examples=["lando-norris"])]


def _cursor(example: str) -> Any:  # noqa: ANN401  FastAPI's own
    return Query(
        pattern=r"^[A-Za-z0-9_-]{1,400}$",
        description="`next_cursor` of the page before.",
        examples=[example],
    )


Cursor = Annotated[str | None, _cursor(story.CURSOR)]
RacesCursor = Annotated[str | None, _cursor(story.RACES_CURSOR)]


def selection(
    from_: Annotated[
        Moment | None,
        Query(
            alias="from",
            description="Rows from this instant on, with its offset from UTC.",
            examples=[story.AT],
        ),
    ] = None,
    to: Annotated[
        Moment | None,
        Query(description="Rows up to this instant, without it.", examples=[story.A_LAP_LATER]),
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
        SelectionError: It ends before it begins, or names too many drivers.
    """
    if from_ is not None and to is not None and to < from_:
        raise SelectionError(_BACKWARDS)
    names = tuple(name for name in (drivers or "").split(",") if name)
    if len(names) > _MOST_DRIVERS:
        raise SelectionError(f"At most {_MOST_DRIVERS} drivers can be named.")
    return Selection(from_, to, names)


Part = Annotated[Selection, Depends(selection)]


@router.get("", summary="Races that are kept", responses={**REFUSALS, **_NO_FILTER})
async def races(  # noqa: PLR0913  each is a filter of its own
    services: CurrentServices,
    _reader: Reader,
    year: Annotated[int | None, Query(ge=1950, le=2200, examples=[2025])] = None,
    circuit: Circuit = None,
    driver: Driver = None,
    kind: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9 ]{1,40}$", examples=["Race"])] = None,
    source: Annotated[Source | None, Query(examples=[story.SOURCE])] = None,
    limit: Annotated[int, Query(ge=1, le=200, examples=[20])] = 50,
    cursor: RacesCursor = None,
) -> RacesOut:
    """List the races that are kept, the newest first."""
    wanted = RaceFilter(year, circuit, kind, source.value if source else None, driver)
    found, next_cursor = await services.races().races(wanted, limit, cursor)
    return RacesOut(races=[KeptRaceOut.of(race) for race in found], next_cursor=next_cursor)


@router.get(
    "/{race_id}",
    summary="What is kept of a race",
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
            description="Repeat it for each table; all but `telemetry` by default.",
            examples=[["predictions", "laps"]],
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, examples=[500])] = 1_000,
    cursor: Cursor = None,
) -> Response:
    """Give what is kept of a race in pages, table by table, each in order of time.

    A whole race has some 30,000 rows of timing and, where the feed told it, 430,000 of
    `telemetry`: for those the exports are the shorter way.
    """
    reader = services.races()
    race = await reader.race(race_id)
    wanted = tables or [table for table in HistoryTable if table is not HistoryTable.TELEMETRY]
    page = await reader.page(race, wanted, part, limit, cursor)
    body = orjson.dumps(
        {
            "race": KeptRaceOut.of(race).model_dump(mode="json"),
            "rows": [{"table": table.value, "row": row} for table, row in page.rows],
            "next_cursor": page.next_cursor,
        },
        option=orjson.OPT_UTC_Z,
    )
    return Response(body, media_type="application/json", headers={"Cache-Control": "private"})
