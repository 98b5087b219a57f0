"""Test `/predict`: for readers only, for now, for one battle, and for made-up ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest

from pitwall import services
from pitwall.domain.forecasts import ExpertName, ExpertOpinion, MixedForecast
from pitwall.domain.frames import LiveFrame
from pitwall.engine.forecast_now import ForecastService
from pitwall.errors import RaceNotFoundError
from tests.api.conftest import Clients, House
from tests.live.frames import a_frame

MIXED = MixedForecast(
    p_overtake_3=0.5,
    p_low=0.1,
    p_high=0.4,
    experts=(
        ExpertOpinion(ExpertName.OM, 0.2, 0.7, False),
        ExpertOpinion(ExpertName.BOOST, 0.4, 0.3, True),
    ),
    p_pit=0.05,
    p_neutralised=0.02,
    p_retired=0.01,
)


@pytest.fixture
async def program(clients: Clients) -> httpx.AsyncClient:
    return await clients.program(await clients.user())


class Now(ForecastService):
    """Says what it was given."""

    def __init__(self, frame: LiveFrame | None) -> None:
        self.frame = frame

    async def forecast_now(self) -> LiveFrame | None:
        return self.frame


class Then:
    async def forecast_at(self, race_id: str, at: datetime) -> LiveFrame:
        if race_id != "2025-dutch-grand-prix-race" or at.tzinfo is None:
            message = f"No race {race_id} is stored here."
            raise RaceNotFoundError(message)
        return replace(a_frame(0, "recorded"), data_age_s=None)


async def test_a_guest_gets_401(clients: Clients, house: House) -> None:
    await house.live.publish(a_frame())
    guest = await clients.guest()

    answers = [
        await guest.get("/predict"),
        await guest.get("/predict/features"),
        await guest.post("/predict", json={"features": {}}),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]


async def test_users_and_programs_read_every_battle(
    clients: Clients, house: House, program: httpx.AsyncClient
) -> None:
    await house.live.publish(a_frame(7))
    user = await clients.user("bob@example.org")

    for reader in (user, program):
        body = (await reader.get("/predict")).json()
        assert (body["computed"], body["sequence"], body["source"]) == ("frame", 7, "simulated")
        assert body["data_age_s"] == pytest.approx(0.2)
        assert (body["model_version"], body["rules_version"]) == ("counting", None)
        (battle,) = body["battles"]
        assert (battle["attacker"]["code"], battle["defender"]["code"]) == ("PIA", "NOR")
        assert 0 < battle["p_overtake"] < 1
        assert battle["mixed"] is None


async def test_the_model_runs_when_it_can(house: House, program: httpx.AsyncClient) -> None:
    await house.live.publish(a_frame(7))
    frame = a_frame(8)
    mixed = replace(frame.battles[0], mixed=MIXED)
    about = services.About(rules_version="rules-1")
    now = Now(replace(frame, battles=(mixed,)))
    services.install(replace(house.services, forecasts=now, about=about))

    body = (await program.get("/predict")).json()

    assert (body["computed"], body["sequence"]) == ("now", 8)
    assert body["rules_version"] == "rules-1"
    mixed = body["battles"][0]["mixed"]
    assert (mixed["p_low"], mixed["p_high"], mixed["p_overtake_3"]) == (0.1, 0.4, 0.5)
    assert [each["is_estimated"] for each in mixed["experts"]] == [False, True]
    now.frame = None
    assert (await program.get("/predict")).json()["computed"] == "frame"


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({"attacker": "PIA"}, 1),
        ({"attacker": "pia", "defender": "NOR"}, 1),
        ({"attacker": "81"}, 1),
        ({"defender": "81"}, 0),
        ({"attacker": "4", "defender": "81"}, 0),
    ],
)
async def test_one_battle_can_be_asked_for(
    house: House, program: httpx.AsyncClient, params: dict[str, str], count: int
) -> None:
    await house.live.publish(a_frame())

    answer = await program.get("/predict", params=params)

    assert (answer.status_code, len(answer.json()["battles"])) == (200, count)


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"attacker": "XYZ"}, 404),
        ({"attacker": "PIAS"}, 422),
        ({"race_id": "2025-dutch-grand-prix-race"}, 422),
        ({"at": "2025-08-31T13:30:00Z"}, 422),
        ({"race_id": "no-such-race", "at": "2025-08-31T13:30:00Z"}, 404),
        ({"race_id": "2025-dutch-grand-prix-race", "at": "2025-08-31T13:30:00"}, 422),
    ],
)
async def test_what_cannot_be_is_a_problem(
    house: House, program: httpx.AsyncClient, params: dict[str, str], status: int
) -> None:
    await house.live.publish(a_frame())
    services.install(replace(house.services, stored_forecasts=Then()))

    answer = await program.get("/predict", params=params)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_stored_race_is_forecast_at_a_moment(
    house: House, program: httpx.AsyncClient
) -> None:
    params = {"race_id": "2025-dutch-grand-prix-race", "at": "2025-08-31T13:30:00Z"}
    assert (await program.get("/predict", params=params)).status_code == 404
    services.install(replace(house.services, stored_forecasts=Then()))

    body = (await program.get("/predict", params=params)).json()

    assert (body["computed"], body["source"], body["data_age_s"]) == ("stored", "recorded", None)


async def test_before_the_first_frame_there_is_nothing(program: httpx.AsyncClient) -> None:
    assert (await program.get("/predict")).status_code == 503


async def what_if(program: httpx.AsyncClient, **features: float) -> dict[str, Any]:
    answer = await program.post("/predict", json={"features": features})
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


async def test_a_made_up_battle_is_forecast(program: httpx.AsyncClient) -> None:
    close = await what_if(program, interval_s=0.3)
    far = await what_if(program, interval_s=1.9)
    tyres = ("tyre_life_attacker_laps", "tyre_life_defender_laps", "tyre_life_diff_laps")
    fresh, worn = [
        await what_if(program, interval_s=0.3, **dict(zip(tyres, laps, strict=True)))
        for laps in ((3, 23, -20), (23, 3, 20))
    ]

    assert 0 < far["p_overtake"] < close["p_overtake"] < 1
    assert worn["p_overtake"] < fresh["p_overtake"]
    assert "gap 0.3 s" in close["reasons"][0]
    assert "interval_s" not in close["unknown"]
    assert "pace_diff_med3_s" in close["unknown"]
    assert close["model_version"].startswith("mixture-")


async def test_nothing_known_is_an_average_battle_without_reasons(
    program: httpx.AsyncClient,
) -> None:
    body = await what_if(program)

    assert 0 < body["p_overtake"] < 0.5
    assert body["reasons"] == []


@pytest.mark.parametrize(
    ("features", "field"),
    [
        ({"interval_s": 9.0}, "body.features.interval_s"),
        ({"interval_s": -0.1}, "body.features.interval_s"),
        ({"colour": 1.0}, "body.features"),
        ({"interval_s": "close"}, "body.features.interval_s"),
    ],
)
async def test_a_feature_that_cannot_be_is_named(
    program: httpx.AsyncClient, features: dict[str, object], field: str
) -> None:
    answer = await program.post("/predict", json={"features": features})

    assert answer.status_code == 422
    assert [each["name"] for each in answer.json()["invalid"]] == [field]


async def test_the_features_are_explained(program: httpx.AsyncClient) -> None:
    listed = {each["name"]: each for each in (await program.get("/predict/features")).json()}

    assert listed["interval_s"] == {
        "name": "interval_s",
        "unit": "s",
        "meaning": "attacker behind defender, now",
        "lowest": 0.001,
        "highest": 1.999,
    }


@pytest.mark.parametrize("path", ["/predict/nothing", "/auth/nothing", "/auth/keys/x/y"])
async def test_below_the_api_there_are_no_pages(clients: Clients, path: str) -> None:
    answer = await (await clients.guest()).get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
