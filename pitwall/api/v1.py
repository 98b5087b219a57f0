"""Serve `GET /v1/...`: stored sessions and the live one, in the rows and filters of OpenF1.

Programs that were written for OpenF1 read them unchanged. Rows follow from what is stored, so a
session that runs is some seconds behind the page.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response

from pitwall.aio import OnceCache, Turns
from pitwall.analysis.openf1_tables import (
    FROM_MESSAGES,
    Row,
    SessionKeys,
    laps,
    session_row,
    stints,
)
from pitwall.api.guards import REFUSALS, CurrentServices, MaybeUser
from pitwall.api.openf1_query import LATEST, OpenF1Query, read_query
from pitwall.api.problems import invalid_response, problem_response
from pitwall.api.protection.addresses import is_this_machine
from pitwall.api.rate_limits import ASK, count_request
from pitwall.domain.stored_races import HistoryTable, RaceFilter, RaceSummary, Selection
from pitwall.errors import NotFoundError, NotLoggedInError, RefusedFieldError
from pitwall.ports.races import RaceReader

router = APIRouter(prefix="/v1", tags=["v1"])


class Endpoint(StrEnum):
    """The tables, as OpenF1 names them, and `overtake_forecasts`."""

    CAR_DATA = "car_data"
    DRIVERS = "drivers"
    INTERVALS = "intervals"
    LAPS = "laps"
    LOCATION = "location"
    MEETINGS = "meetings"
    OVERTAKES = "overtakes"
    OVERTAKE_FORECASTS = "overtake_forecasts"
    PIT = "pit"
    POSITION = "position"
    RACE_CONTROL = "race_control"
    SESSIONS = "sessions"
    STINTS = "stints"
    WEATHER = "weather"


MOST_ROWS: Final = 200_000
_MOST_SESSIONS: Final = 60
_PAGE: Final = 10_000
_NAMED_WITHIN: Final = timedelta(minutes=10)
_EVERYTHING: Final = Selection()
_ORDER: Final = ("date", "date_start")

_turns = Turns(2, 8, "Too many of these queries are running; try again later.")
_session_rows: OnceCache[tuple[str, int], Row] = OnceCache(2_000)


async def _may_read(request: Request, services: CurrentServices, account: MaybeUser) -> None:
    """Let in users, programs with a key, and programs on this machine, as OpenF1 has no accounts.

    Raises:
        NotLoggedInError: A guest from elsewhere.
    """
    if account is not None:
        await count_request(services.limiter(), request, ASK, str(account.user_id))
    elif not is_this_machine(request.scope):
        raise NotLoggedInError


@router.get(
    "/{endpoint}",
    summary="Read a session as OpenF1 gives it",
    response_class=Response,
    dependencies=[Depends(_may_read)],
    responses={
        200: {
            "description": "Rows as a list of objects; with `csv=true` as CSV.",
            "content": {
                "application/json": {
                    "schema": {"type": "array", "items": {"type": "object"}},
                    "example": [{"driver_number": 4, "name_acronym": "NOR"}],
                }
            },
        },
        **REFUSALS,
        404: problem_response("No row fulfils the filters.", "No results found."),
        422: invalid_response(
            "A filter is not valid.", "query.session_key", "Name a session: session_key=latest."
        ),
    },
)
async def v1(
    request: Request,
    services: CurrentServices,
    endpoint: Annotated[Endpoint, Path(description="The table.", examples=["drivers"])],
) -> Response:
    """Read rows of a stored session, or of the one that runs, filtered by any of their fields.

    Filters are written as OpenF1 takes them: `driver_number=4`, `date>=2025-08-31T13:30:00`,
    `lap_number<5`; of several values of one field any will do. All tables but `sessions` and
    `meetings` need `session_key` or `meeting_key`, a number or `latest`. Sessions to which F1 gave
    no key, such as simulated ones, have pitwall's own number. Differences to OpenF1: mini-sectors
    and stationary times of stops are null, deleted laps are left out, and `overtakes` are passes on
    the track alone.
    """
    query = read_query(request.scope["query_string"].decode("latin-1"))
    reader = services.races()
    async with _turns.turn():
        rows = await _rows(reader, endpoint, query)
        body = await asyncio.to_thread(_encoded, rows, as_csv=query.csv)
    media = "text/csv" if query.csv else "application/json"
    return Response(body, media_type=media, headers={"Cache-Control": "no-store"})


async def _rows(reader: RaceReader, endpoint: Endpoint, query: OpenF1Query) -> list[Row]:
    sessions = await _sessions(reader)
    query = _resolved(query, [row for _race, row in sessions])
    if endpoint is Endpoint.SESSIONS:
        shown: Iterable[Row] = [_without(row, _OF_MEETING) for _race, row in sessions]
        return _matching(query, sorted(shown, key=_by_start))
    if endpoint is Endpoint.MEETINGS:
        return _matching(query, _meetings(row for _race, row in sessions))
    wanted = _chosen(query, sessions)
    rest = query.without("session_key", "meeting_key")
    rows: list[Row] = []
    for race, row in wanted:
        keys = SessionKeys(row["session_key"], row["meeting_key"])
        found = await _rows_of(reader, race, endpoint, rest, MOST_ROWS - len(rows))
        rows += [keys.named(each) for each in found]
    return _answered(rows)


async def _rows_of(
    reader: RaceReader, race: RaceSummary, endpoint: Endpoint, query: OpenF1Query, most: int
) -> list[Row]:
    """Return the rows of one session, in order."""
    make = FROM_MESSAGES.get(endpoint.value)
    if make is not None:
        messages = await reader.messages(race)
        return await asyncio.to_thread(lambda: _narrowed(make(messages), query, most))
    if endpoint is Endpoint.OVERTAKES:
        timeline = await reader.timeline(race)
        passes = [
            {
                "date": each.at,
                "overtaking_driver_number": each.attacker,
                "overtaken_driver_number": each.defender,
                "position": each.position,
            }
            for each in timeline.passes
        ]
        return _narrowed(passes, query, most)
    made: Iterable[Row]
    if endpoint is Endpoint.LAPS:
        made = laps(await _table(reader, race, HistoryTable.LAPS))
    elif endpoint is Endpoint.STINTS:
        driven = await _table(reader, race, HistoryTable.LAPS)
        made = stints(await _table(reader, race, HistoryTable.STINTS), driven)
    else:
        cars = {row["driver"]: row for row in await _table(reader, race, HistoryTable.ENTRIES)}
        forecasts = await _table(reader, race, HistoryTable.PREDICTIONS)
        made = (_forecast(row, cars) for row in forecasts)
    return _narrowed(made, query, most)


def _forecast(row: Mapping[str, Any], cars: Mapping[str, Mapping[str, Any]]) -> Row:
    """Return a stored forecast as a row: `date`, both cars by number, and its figures."""
    left_out = {"id", "made_at_utc", "settled_at_utc", "attacker", "defender"}
    return {
        "date": row["made_at_utc"],
        "driver_number": cars[row["attacker"]]["car"],
        "defender_driver_number": cars[row["defender"]]["car"],
        "settled_at": row["settled_at_utc"],
        **{name: value for name, value in row.items() if name not in left_out},
    }


async def _table(
    reader: RaceReader, race: RaceSummary, table: HistoryTable
) -> list[Mapping[str, Any]]:
    """Return all rows of a stored table."""
    rows: list[Mapping[str, Any]] = []
    cursor: str | None = None
    while len(rows) <= MOST_ROWS:
        page = await reader.page(race, [table], _EVERYTHING, _PAGE, cursor)
        rows += [row for _table, row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    return rows


def _narrowed(rows: Iterable[Row], query: OpenF1Query, most: int) -> list[Row]:
    """Return the rows that fulfil a query, in order of time.

    Raises:
        RefusedFieldError: There are too many.
    """
    found = [dict(row) for row in islice(query.matching(rows), most + 1)]
    if len(found) > most:
        message = f"More than {MOST_ROWS:,} rows; narrow them by driver_number or date."
        raise RefusedFieldError("filter", message)
    for name in _ORDER:
        if found and name in found[0] and all(row[name] is not None for row in found):
            found.sort(key=lambda row: row[name])
            break
    return found


async def _sessions(reader: RaceReader) -> list[tuple[RaceSummary, Row]]:
    """Return every stored session with its row of `sessions`, the newest first."""
    found: list[tuple[RaceSummary, Row]] = []
    cursor: str | None = None
    while True:
        races, cursor = await reader.races(RaceFilter(), 200, cursor)
        for race in races:
            row = await _session_rows.get((race.id, race.number), partial(_named, reader, race))
            found.append((race, row))
        if cursor is None:
            return found


async def _named(reader: RaceReader, race: RaceSummary) -> Row:
    until = None if race.first_at is None else race.first_at + _NAMED_WITHIN
    row = session_row(await reader.messages(race, until=until), race.number, race.year)
    row["session_name"] = row["session_name"] or race.kind
    row["meeting_name"] = row["meeting_name"] or race.name
    row["circuit_short_name"] = row["circuit_short_name"] or race.circuit
    row["date_start"] = row["date_start"] or race.starts_at or race.first_at
    return row


def _resolved(query: OpenF1Query, sessions: list[Row]) -> OpenF1Query:
    """Return a query with the newest session's keys in place of `latest`."""
    newest = max(sessions, key=_by_start, default=None)
    return query.replacing(
        LATEST,
        {
            name: "" if newest is None else str(newest[name])
            for name in ("session_key", "meeting_key")
        },
    )


def _chosen(
    query: OpenF1Query, sessions: list[tuple[RaceSummary, Row]]
) -> list[tuple[RaceSummary, Row]]:
    """Return the sessions whose keys a query names.

    Raises:
        RefusedFieldError: It names none, or too many.
    """
    keys, meetings = query.equal_to("session_key"), query.equal_to("meeting_key")
    if not keys and not meetings:
        message = "Name a session: session_key=latest, or a number that /v1/sessions lists."
        raise RefusedFieldError("session_key", message)
    chosen = [
        (race, row)
        for race, row in sessions
        if (not keys or str(row["session_key"]) in keys)
        and (not meetings or str(row["meeting_key"]) in meetings)
    ]
    if len(chosen) > _MOST_SESSIONS:
        message = f"At most {_MOST_SESSIONS} sessions can be read at once."
        raise RefusedFieldError("session_key", message)
    return chosen


_OF_MEETING: Final = frozenset({"meeting_name", "meeting_official_name"})
_OF_SESSION: Final = frozenset({"session_key", "session_type", "session_name"})


def _meetings(sessions: Iterable[Row]) -> list[Row]:
    """Return the meetings of sessions; it begins with the first and ends with the last of them."""
    found: dict[int, Row] = {}
    for row in sorted(sessions, key=_by_start):
        if row["meeting_key"] is not None:
            first = found.setdefault(row["meeting_key"], _without(row, _OF_SESSION))
            first["date_end"] = row["date_end"]
    return list(found.values())


def _without(row: Row, names: frozenset[str]) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def _by_start(row: Row) -> float:
    return row["date_start"].timestamp() if row["date_start"] else 0.0


def _matching(query: OpenF1Query, rows: Iterable[Row]) -> list[Row]:
    return _answered([dict(row) for row in query.matching(rows)])


def _answered(rows: list[Row]) -> list[Row]:
    """Return the rows of an answer.

    Raises:
        NotFoundError: There is none; OpenF1 answers 404 too.
    """
    if not rows:
        message = "No results found."
        raise NotFoundError(message)
    return rows


def _encoded(rows: list[Row], *, as_csv: bool) -> bytes:
    if not as_csv:
        return orjson.dumps(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
