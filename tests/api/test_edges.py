"""Test values at the edge of their range, and the examples of the documentation."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from pitwall.api.app import build_api
from pitwall.domain.records import Batch
from tests.api.conftest import Clients, House
from tests.live.frames import a_frame
from tests.store.races import SMALL

RACE = f"/history/{SMALL.race_id}"
OPENAPI: dict[str, Any] = build_api().openapi()
FAR = [
    "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00Z", "9998-12-31T23:59:59-14:00", "0002-01-01T00:00:00+14:00",
    "1e400", "-1e18", "99999999999999999999", "NaN", "inf", "2026-07-05T13:00:00+99:99",
]  # fmt: skip
NUMBERS = ["nan", "NaN", "inf", "-inf", "1e999", "-1e999", str(2**63), str(-(2**63)), "9" * 5_000]


def cursor_of(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def is_refused(answer: httpx.Response) -> bool:
    return (
        answer.status_code == 422
        and answer.headers["content-type"] == "application/problem+json"
        and "Traceback" not in answer.text
    )


async def test_instants_at_the_ends_of_time_are_answered(
    program: httpx.AsyncClient,
) -> None:
    for text in FAR:
        at = quote(text)
        for asked in (f"/predict?race_id={SMALL.race_id}&at={at}", f"{RACE}?from={at}",
                      f"{RACE}?to={at}", f"{RACE}/laps.csv?from={at}&to={at}"):  # fmt: skip
            answer = await program.get(asked)
            if "0002" in text or "9998" in text:  # these can be told in UTC
                assert answer.status_code in {200, 404, 422}, asked
            else:
                assert is_refused(answer), asked


async def test_numbers_at_the_edge_are_refused(program: httpx.AsyncClient) -> None:
    for number in NUMBERS:
        for asked in (f"/live-battles?below_s={number}", f"/live-battles?min_p={number}",
                      f"/history?year={number}", f"/history?limit={number}",
                      f"{RACE}?limit={number}"):  # fmt: skip
            assert is_refused(await program.get(asked)), asked


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400, "9" * 5_000, str(2**63), "true"]
)
async def test_features_at_the_edge_are_refused(clients: Clients, number: str) -> None:
    program = await clients.user()
    body = f'{{"features": {{"interval_s": {number}}}}}'

    answer = await program.post(
        "/predict", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_forged_cursor_is_refused(program: httpx.AsyncClient) -> None:
    numbers = (2**63, -(2**63) - 1, 2**64 - 1, 2**200, 2**31, 40_000, 1.5, None, True)
    edges: tuple[Any, ...] = (*numbers, "x\0", "\ud800", [], {})
    forged = [cursor_of("timing", edge, 1, 1) for edge in edges]
    forged += [cursor_of("laps", edge, 1) for edge in edges]
    forged += [cursor_of("race_control", 1, edge) for edge in edges]
    forged += [cursor_of("predictions", 1_000_000, edge) for edge in edges]
    forged += [cursor_of("entries", edge) for edge in edges]
    for cursor in forged:
        answer = await program.get(RACE, params={"cursor": cursor})
        assert answer.status_code in {200, 422}, base64.urlsafe_b64decode(cursor + "==")
    for edge in edges:
        for cursor in (cursor_of(1, edge), cursor_of(edge, 1)):
            answer = await program.get("/history", params={"cursor": cursor})
            assert answer.status_code in {200, 422}, base64.urlsafe_b64decode(cursor + "==")


async def test_what_is_wrong_with_a_query_is_named_as_its_place(
    program: httpx.AsyncClient,
) -> None:
    alone = await program.get("/predict?at=2026-07-05T13:00:00Z")
    far = await program.get(f"/predict?race_id={SMALL.race_id}&at={quote(FAR[0])}")

    assert [each["name"] for each in alone.json()["invalid"]] == ["query.at"]
    assert far.json()["invalid"] == [
        {"name": "query.at", "reason": "No race was held in that year"}
    ]


async def test_every_example_of_a_parameter_is_taken(
    program: httpx.AsyncClient, kept: Batch, house: House
) -> None:
    await house.live.publish(a_frame())
    unknown_here = {"drivers", "at", "race_id", "attacker", "defender"}  # of another race
    asked = 0
    for path, methods in OPENAPI["paths"].items():
        if path == "/live-battles/stream":  # never ends; see `test_live_stream`
            continue
        if "{hook_id}" in path:  # somebody's webhooks; see `test_webhooks`
            continue
        for parameter in methods.get("get", {}).get("parameters", ()):
            if parameter["in"] != "query" or parameter["name"] in unknown_here:
                continue
            for example in parameter["schema"]["examples"]:
                place = path.format(
                    race_id=SMALL.race_id, table="laps", kind="csv", endpoint="laps"
                )
                answer = await program.get(place, params={parameter["name"]: example})
                assert answer.status_code == 200 or "no database" in answer.text, (path, parameter)
                asked += 1
    assert asked > 12


@pytest.mark.parametrize(
    "path", [path for path, methods in OPENAPI["paths"].items() if "get" in methods]
)
async def test_head_says_what_get_would_without_the_body(clients: Clients, path: str) -> None:
    user = await clients.user()
    names = {"race_id": "a-race", "table": "laps", "kind": "csv", "endpoint": "laps"}
    place = path.format(**names, hook_id=uuid4(), delivery_id=uuid4())

    got, head = await user.get(place), await user.head(place)

    assert (head.status_code, head.content) == (got.status_code, b"")
    for name in ("content-type", "content-length", "cache-control", "etag"):
        if path not in {"/health", "/auth/users"}:  # the one has ages in it
            assert head.headers.get(name) == got.headers.get(name)


async def test_head_of_what_takes_only_post_is_refused(clients: Clients) -> None:
    answer = await (await clients.guest()).head("/auth/login")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_no_two_models_have_one_name() -> None:
    schemas = OPENAPI["components"]["schemas"]
    titles = [schema["title"] for schema in schemas.values() if "title" in schema]

    assert len(titles) == len(set(titles))
    assert not [name for name in schemas if "__" in name]
    assert all(schema.get("title", name) == name for name, schema in schemas.items())
