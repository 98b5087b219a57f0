"""Test that errors reveal nothing about the machine to strangers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pitwall import services
from pitwall.api.fault_wording import for_strangers
from pitwall.errors import StoreError
from pitwall.recording.store_condition import StoreState
from tests.api.conftest import Clients, House, NoRaces

TOLD = "The database does not answer as it should"
LEAKS = [
    f"{TOLD}: [Errno 111] Connect call failed ('127.0.0.1', 5432).",
    f"{TOLD}: Multiple exceptions: [Errno 111] Connect call failed ('::1', 5432, 0, 0).",
    f'{TOLD}: password authentication failed for user "pitwall".',
    f'{TOLD}: database "secret" does not exist.',
    f"{TOLD}: unable to open database file /srv/data/pitwall.db.",
    f"{TOLD}: could not translate host name db-7.internal to address.",
    f"{TOLD}: Error connecting to redis.internal:6379.",
    f"{TOLD}: postgresql://pitwall@db/pitwall refused.",
]
PLAIN = [
    "",
    "The feed is silent while a race is on.",
    "No frame for 12 s: the race player has stopped.",
    "12 messages were set aside: they name no car, and/or no lap.",
    "Redis does not answer: this worker goes on alone.",
    "Lap 12: at 14:03:59 a stretch was left out.",
    "This server has no database, so it stores no accounts and no races.",
]


@pytest.mark.parametrize("reason", LEAKS)
def test_places_and_names_are_left_out(reason: str) -> None:
    assert for_strangers(reason) == f"{TOLD}. The server's log says why."


@pytest.mark.parametrize("reason", PLAIN)
def test_plain_words_stay_as_they_are(reason: str) -> None:
    assert for_strangers(reason) == reason


@pytest.mark.parametrize("reason", ["127.0.0.1:5432 refused", "/srv/data/x.db: disk full"])
def test_a_reason_that_begins_with_a_place_is_replaced(reason: str) -> None:
    assert for_strangers(reason).startswith("A service that the server needs is away.")


async def test_health_and_problems_name_no_address(
    clients: Clients, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = StoreState("degraded", LEAKS[0])
    writing: Callable[[], StoreState] = lambda: state  # noqa: E731

    async def fail(*_asked: Any) -> Any:
        raise StoreError(LEAKS[0])

    user = await clients.user()
    services.install(replace(house.services, writing=writing, stored_races=NoRaces()))
    monkeypatch.setattr(NoRaces, "races", fail)

    health, races = await user.get("/health"), await user.get("/history")

    assert races.status_code == 503
    assert races.json()["detail"] == f"{TOLD}. The server's log says why."
    for answer in (health, races):
        assert "5432" not in answer.text
        assert "127.0.0.1" not in answer.text
    assert SimpleNamespace(**health.json()["store"]).reason == races.json()["detail"]
