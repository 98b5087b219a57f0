"""Test `/history` and its files: for readers only, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import timedelta

import httpx
import pyarrow.parquet as pq
import pytest

from pitwall.domain.records import Batch
from pitwall.store.race_exporter import SqlRaceExporter
from tests.api.conftest import Clients
from tests.store.races import LIGHTS_OUT, SMALL

RACE = f"/history/{SMALL.race_id}"
OF_RACE = (f"{RACE}/export.csv", f"{RACE}/timeline")
PLAIN = {"Accept-Encoding": "identity"}


async def test_a_guest_gets_401_everywhere(clients: Clients, kept: Batch) -> None:
    guest = await clients.guest()

    answers = [await guest.get(path) for path in ("/history", RACE, *OF_RACE)]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 401]


async def test_a_race_at_a_glance(program: httpx.AsyncClient, kept: Batch) -> None:
    answer = (await program.get(f"{RACE}/timeline")).json()

    assert answer["race"]["race_id"] == SMALL.race_id
    assert answer["drivers"] == [{"car": 1, "code": "BYR"}, {"car": 2, "code": "MAR"}]
    (battle,) = answer["battles"]
    assert (battle["attacker"], battle["defender"]) == (2, 1)
    assert battle["since"] == "2026-07-05T13:00:00.123000Z"
    assert battle["most_p"] == 0.5
    assert not battle["is_false_alarm"]
    assert answer["passes"] == []
    assert answer["digest"] == {"passes": 0, "called": 0, "missed": 0, "failed": 0}


async def test_a_race_that_is_not_stored_has_no_timeline(program: httpx.AsyncClient) -> None:
    answer = await program.get("/history/2020-nowhere/timeline")

    assert answer.status_code == 404
    assert "2020-nowhere" in answer.json()["detail"]


async def test_a_user_and_a_key_list_the_races(clients: Clients, kept: Batch) -> None:
    user = await clients.user()
    for client in (user, await clients.program(user)):
        answer = await client.get("/history?year=2026&circuit=somewhere&driver=ada-byron")

        (race,) = answer.json()["races"]
        assert (race["race_id"], race["source"], race["state"], race["messages"]) == (
            *(SMALL.race_id, "recorded", "finished", 60),
        )
    assert (await user.get("/history?year=2025")).json()["races"] == []


async def test_pages_hold_every_row_once(program: httpx.AsyncClient, kept: Batch) -> None:
    rows, cursor = [], ""
    while cursor is not None:
        query = {"limit": "9"} | ({"cursor": cursor} if cursor else {})
        page = (await program.get(RACE, params=query)).json()
        assert len(page["rows"]) <= 9
        rows += page["rows"]
        cursor = page["next_cursor"]

    counts = {each: sum(row["table"] == each for row in rows) for each in ("timing", "laps")}
    assert counts == {"timing": len(kept.timing), "laps": 2}
    timing = [row["row"] for row in rows if row["table"] == "timing"]
    assert [row["interval_s"] for row in timing] == [row.interval_s for row in kept.timing]
    assert timing[0] == {
        "at_utc": "2026-07-05T13:00:00.123000Z",
        "car": 2,
        "driver": "mary-somer",
        "position": 2,
        "is_leader": False,
        "gap_to_leader_s": 0.7,
        "gap_to_leader_laps": None,
        "interval_s": 0.0,
        "interval_laps": None,
    }


async def test_a_part_is_chosen_by_time_driver_and_table(program: httpx.AsyncClient) -> None:
    since = (LIGHTS_OUT + timedelta(seconds=10)).isoformat()
    to = (LIGHTS_OUT + timedelta(seconds=20)).isoformat()
    query = {"from": since, "to": to, "drivers": "MAR", "tables": ["timing", "telemetry"]}

    rows = (await program.get(RACE, params=query)).json()["rows"]

    assert [row["table"] for row in rows] == ["timing"] * 10


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("drivers=zorro", 422),
        ("cursor=!!", 422),
        ("cursor=WyJ0aW1pbmciLDFd", 422),
        ("from=2026-07-05T13:00:00", 422),
        ("from=2026-07-06T13:00:00Z&to=2026-07-05T13:00:00Z", 422),
        ("from=0001-01-01T00:00:00Z", 422),
        ("tables=nonsense", 422),
        ("limit=0", 422),
    ],
)
async def test_what_cannot_be_is_a_problem(
    program: httpx.AsyncClient, query: str, status: int
) -> None:
    answer = await program.get(f"{RACE}?{query}")

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_unknown_race_is_not_found(program: httpx.AsyncClient) -> None:
    for path in ("/history/1950-nowhere-race", "/history/1950-nowhere-race/laps.csv"):
        assert (await program.get(path)).status_code == 404


async def test_a_csv_has_units_in_its_names_and_every_row(
    program: httpx.AsyncClient, kept: Batch
) -> None:
    answer = await program.get(f"{RACE}/predictions.csv", headers=PLAIN)
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))

    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].endswith('predictions.csv"')
    assert [float(row["p_overtake"]) for row in rows] == [
        row.p_overtake for row in kept.predictions.values()
    ]
    assert rows[0]["made_at_utc"] == "2026-07-05T13:00:00.123000Z"
    assert "interval_s" in rows[0]
    assert answer.text.count("\r\n") == len(rows) + 1


async def test_names_are_harmless_in_a_spreadsheet(program: httpx.AsyncClient) -> None:
    text = (await program.get(f"{RACE}/entries.csv", headers=PLAIN)).text

    assert ",'=mary-somer," in text


async def test_a_file_is_sent_zipped_to_those_who_can_unzip_it(program: httpx.AsyncClient) -> None:
    plain = await program.get(f"{RACE}/timing.csv", headers=PLAIN)
    async with program.stream(
        "GET", f"{RACE}/timing.csv", headers={"Accept-Encoding": "gzip"}
    ) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])

    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content


async def test_a_broken_download_goes_on_where_it_stopped(program: httpx.AsyncClient) -> None:
    whole = await program.get(f"{RACE}/export.csv", headers=PLAIN)
    half = len(whole.content) // 2

    rest = await program.get(
        f"{RACE}/export.csv",
        headers=PLAIN | {"Range": f"bytes={half}-", "If-Range": whole.headers["etag"]},
    )
    other = await program.get(
        f"{RACE}/export.csv", headers=PLAIN | {"Range": f"bytes={half}-", "If-Range": '"old"'}
    )
    beyond = await program.get(f"{RACE}/export.csv", headers=PLAIN | {"Range": "bytes=9999999-"})

    assert rest.status_code == 206
    assert whole.content[:half] + rest.content == whole.content
    assert (
        rest.headers["content-range"]
        == f"bytes {half}-{len(whole.content) - 1}/{len(whole.content)}"
    )
    assert (other.status_code, other.content) == (200, whole.content)
    assert beyond.status_code == 416


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
async def test_what_was_begun_zipped_never_goes_on_plain(
    program: httpx.AsyncClient, accepted: str
) -> None:
    file, zipped = f"{RACE}/timing.csv", {"Accept-Encoding": "gzip"}
    whole = await program.get(file, headers=zipped)
    plain = await program.get(file, headers=PLAIN)
    etags = (whole.headers["etag"], plain.headers["etag"])
    rest = {"Accept-Encoding": accepted, "Range": "bytes=100-"}

    assert etags[0] == etags[1][:-1] + '-gzip"'
    for given in (etags[0], f"W/{etags[0]}", f"W/{etags[1]}", f"{etags[1]}, {etags[0]}", "*"):
        answer = await program.get(file, headers=rest | {"If-Range": given})
        assert (answer.status_code, answer.content) == (200, plain.content), given
    going_on = await program.get(file, headers=rest | {"If-Range": etags[1]})
    assert (going_on.status_code, going_on.headers["etag"]) == (206, etags[1])
    assert going_on.content == plain.content[100:]
    assert "content-encoding" not in going_on.headers


@pytest.mark.parametrize(
    ("accepted", "zips"),
    [("gzip;q=0", False), ("gzip;q=0.0, *", False), ("br, GZIP", True), ("*", True), ("", False),
     ("identity, gzip;q=0.2", False), ("gzip;q=rubbish", False), ("gzip;q=1", True)],
)  # fmt: skip
async def test_a_file_is_zipped_only_for_those_who_want_it(
    program: httpx.AsyncClient, accepted: str, zips: bool
) -> None:
    answer = await program.get(f"{RACE}/laps.csv", headers={"Accept-Encoding": accepted})

    assert ("content-encoding" in answer.headers) is zips


async def test_only_the_very_file_is_known_already(program: httpx.AsyncClient) -> None:
    file = f"{RACE}/laps.csv"
    etag = (await program.get(file, headers=PLAIN)).headers["etag"]
    said = {
        '"other", W/"x,y" , W/' + etag: 304,
        "*": 304,
        etag[:-1] + '-gzip"': 200,
        f'"x{etag[1:-1]}x"': 200,
        etag.strip('"'): 200,
        f'"unclosed, {etag}': 200,
    }

    for if_none_match, status in said.items():
        answer = await program.get(file, headers=PLAIN | {"If-None-Match": if_none_match})
        assert answer.status_code == status, if_none_match


async def test_the_head_of_a_file_costs_no_writing_of_it(
    program: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await program.get(f"{RACE}/laps.csv", headers=PLAIN)
    monkeypatch.setattr(SqlRaceExporter, "csv", None)

    answer = await program.head(f"{RACE}/laps.csv", headers=PLAIN)

    assert (answer.status_code, answer.content) == (200, b"")
    for name in ("etag", "content-type", "content-disposition"):
        assert answer.headers[name] == told.headers[name]


async def test_an_unchanged_file_is_not_sent_again(program: httpx.AsyncClient) -> None:
    etag = (await program.get(f"{RACE}/laps.parquet")).headers["etag"]

    answer = await program.get(f"{RACE}/laps.parquet", headers={"If-None-Match": etag})

    assert (answer.status_code, answer.content) == (304, b"")


async def test_a_parquet_file_holds_the_same_rows(program: httpx.AsyncClient, kept: Batch) -> None:
    answer = await program.get(f"{RACE}/telemetry.parquet")

    table = pq.read_table(io.BytesIO(answer.content))
    assert table.column("at_utc").to_pylist() == [row.at for _, row in kept.samples]
    assert table.column("speed_kmh").to_pylist() == [301.0] * len(kept.samples)


async def test_a_kept_race_is_forecast_as_it_stood(program: httpx.AsyncClient) -> None:
    at = (LIGHTS_OUT + timedelta(seconds=30)).isoformat()
    query = {"race_id": SMALL.race_id, "at": at}

    answer = await program.get("/predict", params=query)
    before = await program.get("/predict", params=query | {"at": "2026-07-05T12:00:00Z"})

    assert answer.status_code == 200
    assert answer.json()["source"] == "recorded"
    assert before.status_code == 404
