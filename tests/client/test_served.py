"""Test client and recipes against the real server, over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, suppress
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from pitwall.client import (
    AsyncPitwall,
    BattlesNow,
    EventsMissed,
    InvalidRequestError,
    LogInNeededError,
    NotOnServerError,
    Pitwall,
    RateLimitedError,
    RetryPolicy,
    UnreachableError,
)
from tests.client.served import EMAIL, PASSWORD, ROOT, Served, serving
from tests.servers.ports import free_port

pytestmark = pytest.mark.slow

RECIPES = ROOT / "docs" / "notebooks"
MESSAGES = 4_500  # some five laps
LARGEST_BYTES = 200_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), MESSAGES) as running:
        yield running


@pytest.fixture
def pitwall(served: Served) -> Iterator[Pitwall]:
    with Pitwall(served.url, key=served.key) as client:
        yield client


@pytest.fixture
async def awaited(served: Served) -> AsyncIterator[AsyncPitwall]:
    async with AsyncPitwall(served.url, key=served.key) as client:
        yield client


class Interfering(httpx.HTTPTransport):
    """The network, which answers some requests itself, and counts those that arrived.

    Args:
        answers: Answered instead of the server, one after another.
        cut_after: After how many events with an id the first stream breaks. None for never.
    """

    def __init__(self, *answers: httpx.Response, cut_after: int | None = None) -> None:
        super().__init__()
        self._answers = list(answers)
        self._cut_after = cut_after
        self.arrived: list[tuple[httpx.Request, httpx.Response]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._answers:
            return self._answers.pop(0)
        answer = super().handle_request(request)
        self.arrived.append((request, answer))
        if self._cut_after is not None:
            answer.stream = Cut(answer.stream, self._cut_after)
            self._cut_after = None
        return answer


class Cut(httpx.SyncByteStream):
    """A stream that breaks within an event, after so many events with an id."""

    def __init__(self, stream: Any, after: int) -> None:
        self._stream = stream
        self._after = after

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            if self._after <= 0:
                yield piece[: len(piece) // 2]
                raise httpx.ReadError("cut")
            self._after -= piece.count(b"\nid: ")
            yield piece

    def close(self) -> None:
        self._stream.close()


def test_a_log_in_reads_what_a_guest_may_not(served: Served) -> None:
    with Pitwall(served.url, key="") as pitwall:
        with pytest.raises(LogInNeededError, match="Log in"):
            pitwall.races()
        with pytest.raises(LogInNeededError, match="E-mail or password is wrong"):
            pitwall.log_in(EMAIL, "a wrong password")
        account = pitwall.log_in(EMAIL, PASSWORD)
        assert (account.email, account.role) == (EMAIL, "user")
        assert pitwall.account() == account
        assert pitwall.what_if({"interval_s": 0.5}).p_overtake is not None  # a POST with a cookie
        assert served.race_id in [race.race_id for race in pitwall.races()]
        pitwall.log_out()
        with pytest.raises(LogInNeededError):
            pitwall.races()


def test_a_stored_race_is_read_as_tables(pitwall: Pitwall, served: Served) -> None:
    race = pitwall.race(served.race_id)

    stored = race.info()
    assert (stored.state, stored.source, stored.messages) == ("finished", "simulated", MESSAGES)
    entries, laps, telemetry = race.entries(), race.laps(), race.telemetry()
    assert len(entries) == 22
    assert laps["lap"].max() == stored.laps - 1
    assert laps["lap_time_s"].drop_nulls().is_between(60, 120).all()
    assert telemetry["car"].n_unique() == 22
    assert laps["completed_at_utc"].dtype == pl.Datetime("us", "UTC")
    for name in ("stints", "timing", "statuses", "race_control", "weather"):
        assert len(getattr(race, name)()) > 0, name
    assert race.standings().is_empty()


def test_a_part_of_a_race_is_chosen_by_time_and_driver(pitwall: Pitwall, served: Served) -> None:
    race = pitwall.race(served.race_id)
    codes = race.entries()["code"].to_list()[:2]
    laps = race.laps()
    since = laps["completed_at_utc"].to_list()[0]
    until = since + timedelta(minutes=2)

    part = race.laps(since=since, until=until, drivers=codes)

    chosen = laps.filter(
        pl.col("completed_at_utc").is_between(since, until, closed="left")
        & pl.col("driver").is_in(race.entries(drivers=codes)["driver"].implode())
    )
    assert part.equals(chosen)
    assert 0 < len(part) < len(laps)


def test_battles_are_those_of_the_forecasts(pitwall: Pitwall, served: Served) -> None:
    race = pitwall.race(served.race_id)
    battles, forecasts = race.battles(), race.predictions()

    assert battles["forecasts"].sum() == len(forecasts)
    assert battles["p_most"].max() == forecasts["p_overtake"].max()
    pairs = forecasts.group_by("attacker", "defender").len()
    assert len(battles) >= len(pairs)
    assert battles["began_at_utc"].is_sorted()
    row = battles.sort("p_most", descending=True).row(0, named=True)
    at = row["p_most_at_utc"]
    then = pitwall.predict(race_id=served.race_id, at=at)
    assert then.computed == "stored"
    assert row["position"] in [battle.position for battle in then.battles]


def test_the_timeline_has_the_passes_and_the_same_battles(pitwall: Pitwall, served: Served) -> None:
    race = pitwall.race(served.race_id)
    timeline, battles = race.timeline(), race.battles()

    assert len(timeline.drivers) == 22
    assert [battle.since for battle in timeline.battles] == battles["began_at_utc"].to_list()
    assert sorted(battle.most_p for battle in timeline.battles) == sorted(battles["p_most"])
    assert timeline.digest.passes == len(timeline.passes) > 0


async def test_the_awaited_client_reads_the_same(
    pitwall: Pitwall, awaited: AsyncPitwall, served: Served
) -> None:
    one, other = pitwall.race(served.race_id), awaited.race(served.race_id)

    assert (await other.laps()).equals(one.laps())
    assert (await other.battles()).equals(one.battles())
    assert await other.info() == one.info()
    assert await other.timeline() == one.timeline()
    assert await other.file("laps", "csv") == one.file("laps", "csv")
    assert await awaited.features() == pitwall.features()
    assert (await awaited.health()).source == "simulated"
    async with aclosing(awaited.stream()) as stream:
        assert any([isinstance(await anext(stream), BattlesNow) for _ in range(5)])


def test_a_file_that_has_not_changed_is_not_sent_again(served: Served) -> None:
    network = Interfering()
    with Pitwall(served.url, key=served.key, transport=network) as pitwall:
        race = pitwall.race(served.race_id)
        first, second = race.laps(), race.laps()

    assert first.equals(second)
    assert [answer.status_code for _request, answer in network.arrived] == [200, 304]


def test_busy_servers_are_asked_again(served: Served) -> None:
    network = Interfering(
        httpx.Response(429, headers={"Retry-After": "0"}),
        httpx.Response(503, headers={"Retry-After": "0"}),
    )
    with Pitwall(served.url, key=served.key, transport=network) as pitwall:
        assert pitwall.races()
    assert len(network.arrived) == 1


def test_the_servers_own_limits_become_errors(served: Served) -> None:
    def guess(pitwall: Pitwall) -> None:
        for _ in range(30):
            with suppress(LogInNeededError):
                pitwall.log_in("nobody@example.org", "a wrong password")

    with Pitwall(served.url, key="") as pitwall, pytest.raises(RateLimitedError) as refused:
        guess(pitwall)
    assert refused.value.retry_after_s is not None
    assert "Too many requests" in str(refused.value)


def test_refusals_carry_the_servers_sentence(pitwall: Pitwall, served: Served) -> None:
    with pytest.raises(NotOnServerError, match=r"^No race 'no-such-race' is stored here"):
        pitwall.race("no-such-race").laps()
    with pytest.raises(InvalidRequestError) as refused:
        pitwall.live_battles(min_p=2.0)
    assert [each.name for each in refused.value.problem.invalid or ()] == ["query.min_p"]
    with pytest.raises(InvalidRequestError, match="Send `race_id` and `at` together"):
        pitwall.predict(race_id=served.race_id)


def test_a_server_that_is_not_there_is_named() -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    with (
        Pitwall(nowhere, key="", retry=RetryPolicy(attempts=2, first_wait_s=0.01)) as pitwall,
        pytest.raises(UnreachableError, match=f"^{nowhere}/live could not be reached"),
    ):
        pitwall.live()


def test_the_live_race_is_followed_across_a_cut(served: Served) -> None:
    network = Interfering(cut_after=3)
    with Pitwall(served.url, key="", transport=network) as pitwall:
        news = list(islice(pitwall.stream(), 12))

    requests = [request for request, _answer in network.arrived]
    assert len(requests) == 2
    assert "Last-Event-ID" not in requests[0].headers
    assert requests[1].headers["Last-Event-ID"]
    assert not [each for each in news if isinstance(each, EventsMissed)]
    sequences = [each.sequence for each in news if isinstance(each, BattlesNow)]
    assert sequences == sorted(set(sequences))


def test_the_live_race_has_cars_and_battles(pitwall: Pitwall) -> None:
    session, battles = pitwall.live(), pitwall.live_battles(fading=True)

    assert [car.position for car in session.cars] == list(range(1, 23))
    assert battles.race.name == session.race.name
    assert battles.sequence >= session.sequence
    assert {battle.attacker.code for battle in battles.battles} <= {c.code for c in session.cars}


def test_openf1_rows_are_read_as_a_frame(pitwall: Pitwall) -> None:
    drivers = pitwall.openf1("drivers", "session_key=latest", "driver_number<50")

    assert 0 < len(drivers) < 22
    assert max(drivers["driver_number"].to_list()) < 50


def test_the_recipes_run_and_are_kept_with_pictures(served: Served, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "scripts/notebooks.py", "--into", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | served.environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    recipes = sorted(RECIPES.glob("*.py"))
    assert len(recipes) == 10
    for recipe in recipes:
        made, kept = (
            json.loads((folder / f"{recipe.stem}.ipynb").read_text())
            for folder in (tmp_path, RECIPES)
        )
        assert sources(made) == sources(kept), f"{recipe.name}: run scripts/notebooks.py again"
        assert pictures(made) == pictures(kept) > 0
        assert (RECIPES / f"{recipe.stem}.ipynb").stat().st_size < LARGEST_BYTES


def sources(notebook: dict[str, Any]) -> list[str]:
    return ["".join(cell["source"]) for cell in notebook["cells"]]


def pictures(notebook: dict[str, Any]) -> int:
    outputs = [each for cell in notebook["cells"] for each in cell.get("outputs", ())]
    return sum("image/png" in output.get("data", {}) for output in outputs)
