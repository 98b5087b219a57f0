"""`GET /ledger`: every forecast that was made, and how it came out; open to all."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from pitwall.api.for_programs import ForPrograms
from pitwall.api.guards import CurrentServices
from pitwall.api.ledger_schemas import LedgerOut
from pitwall.api.problems import invalid_response, problem_response
from pitwall.domain.ledger import Made

router = APIRouter(prefix="/ledger", tags=["ledger"], route_class=ForPrograms)


@router.get(
    "",
    summary="How forecasts came out",
    responses={
        422: invalid_response(
            "A parameter is not valid.", "made", "Input should be 'live' or 'import'"
        ),
        503: problem_response(
            "The database does not answer.",
            "This server has no database: neither accounts nor races are kept.",
        ),
    },
)
async def ledger(
    services: CurrentServices,
    response: Response,
    made: Annotated[
        Made, Query(description="Made before the outcome, or afterwards.", examples=["import"])
    ] = Made.LIVE,
    simulated: Annotated[bool, Query(description="Of made-up races.", examples=[False])] = False,
) -> LedgerOut:
    """Say how forecasts came out, as their ledger holds it; some seconds old at most.

    A browser that opens this address is given the page.
    """
    response.headers["Vary"] = "Accept"
    response.headers["Cache-Control"] = "no-cache"
    record = await services.track_records().record(made, simulated=simulated)
    return LedgerOut.of(record, made, simulated=simulated)
