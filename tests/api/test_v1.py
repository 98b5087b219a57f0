"""Test that programs written for OpenF1 can read stored sessions."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from pitwall.api.openf1_query import read_query
from pitwall.domain.records import Batch
from pitwall.errors import RefusedFieldError
from tests.api.conftest import HOST, Clients, House


@pytest.fixture
async def session(program: httpx.AsyncClient) -> str:
    """The key of the session that is stored."""
    (row,) = (await program.get("/v1/sessions")).json()
    return str(row["session_key"])


async def rows(program: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    answer = await program.get(f"/v1/{path}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


@pytest.mark.parametrize(
    "endpoint", ["drivers", "intervals", "position", "laps", "stints", "weather", "race_control"]
)
async def test_every_table_has_rows_of_the_session(
    program: httpx.AsyncClient, session: str, endpoint: str
) -> None:
    answer = await program.get(f"/v1/{endpoint}?session_key=latest")
    assert answer.status_code in {200, 404}, answer.text
    if answer.status_code == 200:
        assert {str(row["session_key"]) for row in answer.json()} == {session}


async def test_filters_narrow_by_value_time_and_bound(
    program: httpx.AsyncClient, session: str
) -> None:
    of_car = await rows(program, f"laps?session_key={session}&driver_number=2")
    of_both = await rows(program, f"laps?session_key={session}&driver_number=1&driver_number=2")
    fast = await rows(program, f"laps?session_key={session}&lap_duration<91.5")
    assert [row["driver_number"] for row in of_car] == [2]
    assert [row["driver_number"] for row in of_both] == [1, 2]
    assert [row["driver_number"] for row in fast] == [1]
    begins = "2026-07-05T13:00:10.123+00:00"
    since = await rows(program, f"overtake_forecasts?session_key=latest&date>={begins}")
    sure = await rows(program, "overtake_forecasts?session_key=latest&p_overtake>0.25")
    assert len(since) == 50
    assert since[0]["date"] == "2026-07-05T13:00:10.123000+00:00"
    assert [row["p_overtake"] for row in sure] == [1 / 2, 1 / 3]


async def test_a_table_comes_as_csv(program: httpx.AsyncClient, session: str) -> None:
    answer = await program.get(f"/v1/laps?session_key={session}&csv=true")
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert [row["lap_duration"] for row in table] == ["91.125", "92.125"]
    assert [row["segments_sector_1"] for row in table] == ["", ""]


async def test_forecasts_are_a_table_of_their_own(program: httpx.AsyncClient) -> None:
    forecasts = await rows(program, "overtake_forecasts?session_key=latest&p_overtake>=0")
    assert forecasts
    assert {"date", "driver_number", "defender_driver_number", "p_overtake", "outcome"} <= set(
        forecasts[0]
    )


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("laps", 422, "Name a session"),
        ("laps?session_key=latest&colour=red", 422, "There is no field 'colour'"),
        ("laps?session_key=latest&lap_number=soon", 422, "lap_number is compared with a number."),
        ("laps?session_key=latest&lap_number", 422, "is not a filter"),
        ("laps?session_key=4711", 404, "No results found."),
        ("laps?session_key=latest&lap_number>999", 404, "No results found."),
        ("team_radios?session_key=latest", 422, "Input should be"),
    ],
)
async def test_what_cannot_be_answered_is_said(
    program: httpx.AsyncClient, query: str, status: int, words: str
) -> None:
    answer = await program.get(f"/v1/{query}")
    assert answer.status_code == status
    assert words in answer.text


async def test_guests_of_this_machine_may_read_and_others_may_not(
    app: ASGIApp, clients: Clients, kept: Batch
) -> None:
    here = await (await clients.guest()).get("/v1/sessions")
    transport = httpx.ASGITransport(app, client=("203.0.113.9", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as elsewhere:
        there = await elsewhere.get("/v1/sessions")
    assert here.status_code == 200
    assert there.status_code == 401


async def test_an_empty_server_has_no_results(clients: Clients, house: House) -> None:
    answer = await (await clients.guest()).get("/v1/sessions")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "No results found."


def test_a_plus_is_the_offset_of_a_time_or_a_space() -> None:
    query = read_query("date>=2025-08-31T13:00:00+00:00&team_name=Red+Bull+Racing&x=1%2B1")
    assert [each.text for each in query.conditions] == [
        "2025-08-31T13:00:00+00:00", "Red Bull Racing", "1+1",
    ]  # fmt: skip


def test_a_query_of_too_many_filters_is_refused() -> None:
    with pytest.raises(RefusedFieldError):
        read_query("&".join(["driver_number=4"] * 60))
