"""Test that `/health`, `/live` and `/live-battles` are true and match their schemas."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from pitwall import services
from pitwall.api.app import build_api
from pitwall.cache.memory import MemoryLiveCache
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.domain.race import Phase
from pitwall.domain.session_facts import (
    BESTS,
    CarFacts,
    ChampionshipPlace,
    CountedOvertake,
    SessionFacts,
    TimedStop,
)
from pitwall.engine.clock import wall_now
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame
from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.recording import RecordingFeed
from pitwall.live.publishing import FrameRing
from pitwall.mqtt.link_state import LinkState
from tests.engine.test_race_engine import CountingPredictor
from tests.live.frames import a_frame, with_header
from tests.makers import at

TRAINED = datetime(2026, 1, 2, tzinfo=UTC)
LAST_DIGITS = (0.12345612, 0.12345648)
SCORES = {"train < 2025, test 2025": {"log_loss": 0.11}}


def qualifying_frame(shared: Path, until: datetime) -> LiveFrame:
    """Return the frame of Mexico 2025 at a moment."""
    engine = RaceEngine(CountingPredictor())
    wanted = {"SessionInfo", "SessionStatus", "TimingData", "DriverList", "ExtrapolatedClock"}
    wanted |= {"TimingStats", "TeamRadio"}
    feed = RecordingFeed(shared / "data" / "wire" / "static" / "2025_Mexico_Qualifying")
    for message in feed.messages():
        if message.sent_at > until:
            break
        if message.topic in wanted:
            engine.take(message)
    engine.settle(until)
    view = FeedView("recorded", "mexico", FeedState.FLOWING)
    return build_frame(engine.state, view, Stamp(1, wall_now(), 0.2), "")


@pytest.fixture
def live() -> MemoryLiveCache:
    cache = MemoryLiveCache()
    about = services.About(
        revision="abc",
        model_version="counting",
        model_trained_at=TRAINED,
        model_hash="c0ffee",
        model_scores=SCORES,
        rules_version="2026a",
    )
    services.install(services.Services(cache, lambda _token: True, FrameRing(), about))
    return cache


@pytest.fixture
def api(live: MemoryLiveCache) -> FastAPI:
    return build_api()


@pytest.fixture
async def client(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(api, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://pitwall") as opened:
        yield opened


async def test_battles_carry_what_a_program_needs(
    client: httpx.AsyncClient, live: MemoryLiveCache
) -> None:
    await live.publish(a_frame(7))

    answer = await client.get("/live-battles")

    assert answer.status_code == 200
    body = answer.json()
    assert (body["source"], body["sequence"], body["model_version"]) == ("simulated", 7, "counting")
    (battle,) = body["battles"]
    assert (battle["attacker"]["code"], battle["defender"]["code"]) == ("PIA", "NOR")
    assert battle["interval_s"] == pytest.approx(1.12)
    assert 0 < battle["p_overtake"] < 1
    assert battle["position"] == 1
    assert body["race"]["lap"] == 5


async def test_health_names_the_state_of_the_broker_without_its_address(
    client: httpx.AsyncClient, live: MemoryLiveCache
) -> None:
    await live.publish(a_frame(1))
    assert (await client.get("/health")).json()["mqtt"] is None

    away = LinkState(
        "disconnected", "The MQTT broker cannot be reached: 10.0.0.7 refused the connection."
    )
    services.install(replace(services.current(), broker=lambda: away))
    answer = await client.get("/health")

    assert answer.json()["status"] == "ok"  # the race goes on without it
    assert answer.json()["mqtt"] == {
        "status": "disconnected",
        "detail": "The MQTT broker cannot be reached. The server's log says why.",
    }


async def test_an_unchanged_frame_is_answered_with_304(
    client: httpx.AsyncClient, live: MemoryLiveCache
) -> None:
    await live.publish(a_frame(1))
    first = await client.get("/live-battles")

    same = await client.get("/live-battles", headers={"If-None-Match": first.headers["ETag"]})
    other = await client.get(
        "/live-battles", params={"min_p": 0.1}, headers={"If-None-Match": first.headers["ETag"]}
    )
    await live.publish(a_frame(2))
    newer = await client.get("/live-battles", headers={"If-None-Match": first.headers["ETag"]})

    assert (same.status_code, same.content) == (304, b"")
    assert other.status_code == 200
    assert newer.status_code == 200


async def test_no_answer_is_given_for_a_filter_that_differs_in_its_last_digit(
    client: httpx.AsyncClient, live: MemoryLiveCache
) -> None:
    frame = a_frame(1)
    battle = replace(frame.battles[0], p_overtake=0.1234563)
    await live.publish(replace(frame, battles=(battle,)))

    answers = [await client.get("/live-battles", params={"min_p": p}) for p in LAST_DIGITS]

    assert [len(answer.json()["battles"]) for answer in answers] == [1, 0]
    assert len({answer.headers["ETag"] for answer in answers}) == 2


@pytest.mark.parametrize(
    ("params", "count"),
    [({}, 1), ({"below_s": 1.0}, 0), ({"min_p": 0.99}, 0), ({"below_s": 1.5, "min_p": 0.2}, 1)],
)
async def test_filters(
    client: httpx.AsyncClient, live: MemoryLiveCache, params: dict[str, float], count: int
) -> None:
    await live.publish(a_frame())

    assert len((await client.get("/live-battles", params=params)).json()["battles"]) == count


async def test_a_battle_between_two_and_two_and_a_half_seconds_is_not_listed(
    client: httpx.AsyncClient, live: MemoryLiveCache
) -> None:
    frame = a_frame()
    wide = replace(frame.battles[0], interval_s=2.2)
    await live.publish(replace(frame, battles=(wide,)))

    assert (await client.get("/live-battles")).json()["battles"] == []


@pytest.mark.parametrize("params", [{"min_p": "2"}, {"below_s": "x"}, {"below_s": "nan"}])
async def test_a_bad_parameter_is_a_problem_that_says_which(
    client: httpx.AsyncClient, live: MemoryLiveCache, params: dict[str, str]
) -> None:
    await live.publish(a_frame())

    answer = await client.get("/live-battles", params=params)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == 422
    assert body["invalid"][0]["name"] == f"query.{next(iter(params))}"
    assert body["source"] == "simulated"


async def test_before_the_first_frame_there_is_nothing_live(client: httpx.AsyncClient) -> None:
    answer = await client.get("/live-battles")

    assert answer.status_code == 503
    assert answer.json()["detail"] == "No frame has been published yet."


async def test_an_unknown_path_is_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nothing-here")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["instance"] == "/nothing-here"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/health", "/live-battles"])
async def test_a_method_that_a_path_does_not_have_is_a_problem(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, path)

    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["allow"] == "GET, HEAD"
    assert answer.json()["detail"] == f"{path} answers GET, HEAD, not {method}."


async def test_an_unexpected_error_shows_no_stack_trace(
    client: httpx.AsyncClient, live: MemoryLiveCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> LiveFrame | None:
        message = "secret detail"
        raise RuntimeError(message)

    monkeypatch.setattr(live, "latest", broken)

    answer = await client.get("/live-battles")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_health_says_what_runs(client: httpx.AsyncClient, live: MemoryLiveCache) -> None:
    await live.publish(a_frame(3))

    answer = await client.get("/health")

    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["feed_state"], body["source"]) == ("ok", "flowing", "simulated")
    assert body["model"] == {
        "version": "counting",
        "trained_at": "2026-01-02T00:00:00Z",
        "hash": "c0ffee",
        "rules_version": "2026a",
        "scores": SCORES,
    }
    assert body["race_on"] is True
    assert 0.2 <= body["last_message_age_s"] < 5


async def test_health_waits_before_the_first_frame(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health")

    assert (answer.status_code, answer.json()["status"]) == (200, "waiting")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"feed_state": FeedState.STALE}, 503),
        ({"feed_state": FeedState.FAILED, "feed_detail": "no such file"}, 503),
        ({"feed_state": FeedState.ENDED, "phase": Phase.ENDS}, 200),
        ({"feed_state": FeedState.PAUSED}, 200),
    ],
)
async def test_health_is_503_only_when_the_feed_is_dead(
    client: httpx.AsyncClient, live: MemoryLiveCache, changes: dict[str, object], status: int
) -> None:
    await live.publish(with_header(a_frame(), **changes))

    answer = await client.get("/health")

    assert answer.status_code == status
    assert bool(answer.json()["detail"]) is (status == 503)


async def test_health_says_what_the_feed_waits_for_though_it_is_no_fault(
    client: httpx.AsyncClient, live: MemoryLiveCache
) -> None:
    fetched = "OpenF1's history is being fetched: 3 of 52 parts, complete until 05:04 UTC."
    await live.publish(with_header(a_frame(), feed_detail=fetched))

    body = (await client.get("/health")).json()

    assert (body["status"], body["feed_detail"]) == ("ok", fetched)


async def test_health_is_degraded_while_the_shared_cache_is_away(
    client: httpx.AsyncClient, live: MemoryLiveCache
) -> None:
    ports = replace(services.current(), cache_fault=lambda: "Redis does not answer.")
    services.install(ports)
    waiting = (await client.get("/health")).json()
    await live.publish(a_frame(1))

    answer = await client.get("/health")

    assert (waiting["status"], waiting["detail"]) == (
        "waiting",
        "No frame has been published yet. Redis does not answer.",
    )
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["detail"] == "Redis does not answer."


async def test_health_notices_that_the_race_player_stopped(
    client: httpx.AsyncClient, live: MemoryLiveCache
) -> None:
    await live.publish(replace(a_frame(), published_at=wall_now() - timedelta(seconds=30)))

    answer = await client.get("/health")

    assert answer.status_code == 503
    assert answer.json()["last_message_age_s"] >= 30


async def test_the_documentation_loads_nothing_from_outside(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text

    assert "swagger" in page
    assert "https://" not in page


def test_openapi_documents_problems_as_they_are_answered(api: FastAPI) -> None:
    schema = api.openapi()

    responses = schema["paths"]["/live-battles"]["get"]["responses"]
    assert "application/problem+json" in responses["422"]["content"]
    assert "Problem" in schema["components"]["schemas"]
    assert "HTTPValidationError" not in schema["components"]["schemas"]


async def test_live_shows_the_running_order_of_a_race(
    client: httpx.AsyncClient, live: MemoryLiveCache
) -> None:
    await live.publish(a_frame(7))

    answer = await client.get("/live")
    same = await client.get("/live", headers={"If-None-Match": answer.headers["ETag"]})

    body = answer.json()
    assert (body["race"]["session_type"], body["timed"]) == ("race", None)
    assert [car["position"] for car in body["cars"]] == [1, 2]
    assert body["cars"][1]["interval_s"] == pytest.approx(1.12)
    assert all(car["standing"] is None for car in body["cars"])
    assert (same.status_code, same.content) == (304, b"")


async def test_live_shows_qualifying_as_qualifying(
    client: httpx.AsyncClient, live: MemoryLiveCache, shared: Path
) -> None:
    """The values were read by hand off the recording of Mexico 2025, 30 s before the end of Q1."""
    await live.publish(qualifying_frame(shared, datetime(2025, 10, 25, 21, 17, 30, tzinfo=UTC)))

    body = (await client.get("/live")).json()
    battles = (await client.get("/live-battles")).json()

    race, timed = body["race"], body["timed"]
    assert (race["kind"], race["session_type"], race["lap"]) == (
        "Qualifying",
        "qualifying",
        None,
    )
    assert (timed["part"], timed["part_name"], timed["parts"], timed["goes_on"]) == (1, "Q1", 3, 15)
    assert (timed["limit_s"], timed["clock_runs"]) == (82.104, True)
    assert timed["remaining_s"] == pytest.approx(30.0, abs=1.1)
    cars = {car["code"]: car for car in body["cars"]}
    assert len(cars) == 20
    bearman = cars["BEA"]
    assert (bearman["laps"], bearman["standing"]["run"]) == (7, "push_lap")
    assert bearman["standing"]["part_bests_s"] == [77.106]
    cut_off = body["cars"][14]["standing"]["best_lap_s"]
    assert timed["cut_off_s"] == cut_off
    dropping = [car["standing"]["is_in_drop_zone"] for car in body["cars"]]
    assert dropping == [False] * 15 + [True] * 5
    assert all(car["interval_s"] is None for car in body["cars"])
    assert bearman["bests"][0] == {
        "of": "lap", "time_s": 77.106, "speed_kmh": None, "rank": 6, "lap": 5
    }  # fmt: skip
    assert tuple(best["of"] for best in bearman["bests"]) == BESTS
    assert (bearman["stops"], bearman["overtakes"], body["championship"]) == ([], None, None)
    assert [capture["car"] for capture in body["team_radio"]] == [1, 23]
    assert body["team_radio"][0]["address"].endswith("TeamRadio/MAXVER01_1_20251025_155900.mp3")
    assert battles["battles"] == []
    assert battles["race"]["session_type"] == "qualifying"


async def test_live_shows_stops_overtakes_and_both_championships(
    client: httpx.AsyncClient, live: MemoryLiveCache
) -> None:
    points = {1: ChampionshipPlace(2, 1, 100.0, 125.0), 4: ChampionshipPlace(1, 2, 110.0, 118.0)}
    frame = a_frame()
    number = frame.tower[0].number
    car = CarFacts({0: TimedStop(12, at(1), 2.4, 21.9)}, {0: CountedOvertake(at(2), 3)})
    facts = SessionFacts({number: car}, points, {"Ferrari": ChampionshipPlace(points=7.0)})
    await live.publish(replace(frame, facts=facts))

    body = (await client.get("/live")).json()

    first = body["cars"][0]
    (stop,) = first["stops"]
    assert (stop["lap"], stop["stationary_s"], stop["lane_s"]) == (12, 2.4, 21.9)
    assert (first["overtakes"], body["cars"][1]["overtakes"]) == (3, None)
    drivers = body["championship"]["drivers"]
    assert [(place["car"], place["predicted_position"]) for place in drivers] == [(1, 1), (4, 2)]
    (team,) = body["championship"]["teams"]
    assert (team["team"], team["points"], team["position"]) == ("Ferrari", 7.0, None)


async def test_live_without_a_frame_is_503(client: httpx.AsyncClient) -> None:
    assert (await client.get("/live")).status_code == 503


async def test_a_fading_battle_is_listed_only_where_it_is_asked_for(
    client: httpx.AsyncClient, live: MemoryLiveCache
) -> None:
    frame = a_frame(8)
    wide = replace(frame.battles[0], interval_s=2.3, fading=True)
    await live.publish(replace(frame, battles=(wide,)))

    without = await client.get("/live-battles")
    tag = without.headers["ETag"]
    asked = await client.get("/live-battles?fading=true", headers={"If-None-Match": tag})

    assert without.json()["battles"] == []
    assert asked.status_code == 200, "another answer has another tag"
    ((interval_s, fading),) = [(b["interval_s"], b["fading"]) for b in asked.json()["battles"]]
    assert (interval_s, fading) == (2.3, True)


async def test_a_machine_that_is_too_slow_is_named_and_not_taken_for_a_dead_feed(
    client: httpx.AsyncClient, live: MemoryLiveCache
) -> None:
    words = "This machine cannot follow the race at 60 times its speed: it is 40 s behind."
    await live.publish(with_header(a_frame(source="recorded"), feed_detail=words))

    answer = await client.get("/health")

    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["detail"]) == ("degraded", words)
