"""Test that a circuit is looked up once, by F1's number where the race has it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from pitwall.analysis.battle_story import BattleCache
from pitwall.analysis.circuit_lookup import (
    GUIDES_HELD,
    LOOKED_AT,
    NONE_HELD_S,
    CircuitLookup,
    key_in,
)
from pitwall.domain.circuits import CircuitGuide, Corner
from pitwall.domain.records import MessageRecord
from pitwall.domain.stored_races import RaceSummary
from pitwall.errors import StoreError
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.ports.races import RaceReader as RaceReaderPort
from pitwall.store.database import Database
from pitwall.store.race_reader import SqlRaceReader
from pitwall.wire.message import RawMessage
from tests.short_feeds import Short
from tests.store.duels import ATTACKER, DEFENDER, DUEL, START, at, duel_batch, keep_duel

GUIDE = CircuitGuide((Corner("1", (0.0, 0.0), 1_000.0), Corner("2", (9.0, 9.0))), source="a test")


def info(circuit: object, topic: str = "SessionInfo", meeting: object = None) -> RawMessage:
    meeting = {"Circuit": circuit} if meeting is None else meeting
    return RawMessage(START, topic, orjson.dumps({"Meeting": meeting}))


OTHER = RawMessage(START, "Heartbeat", b"{}")


@pytest.mark.parametrize(
    ("messages", "key"),
    [
        ([OTHER, info({"Key": 55, "ShortName": "Zandvoort"}), info({"Key": 1})], 55),
        ([info({}), info({"Key": 55})], 55),
        ([info({"Key": 55}, topic="SessionData")], None),
        ([info({"Key": 0})], None),
        ([info({"Key": True})], None),
        ([info({"Key": "55"})], None),
        ([info({"Key": 10**9})], None),
        ([info([])], None),
        ([info(None, meeting=[1])], None),
        ([RawMessage(START, "SessionInfo", b"[" * 15_000)], None),
        ([RawMessage(START, "SessionInfo", b"{half")], None),
        ([OTHER] * LOOKED_AT + [info({"Key": 55})], None),
        ([], None),
    ],
)
def test_f1s_number_is_what_the_first_message_that_knows_it_says(
    messages: Sequence[RawMessage], key: int | None
) -> None:
    assert key_in(messages) == key


def test_a_simulated_race_has_no_number_of_f1() -> None:
    assert key_in(Short(SimulatedFeed(7), 50).messages()) is None


class Guides:
    """Describes the circuits in `known`, and notes the requests."""

    def __init__(self, known: CircuitGuide | None = GUIDE) -> None:
        self.known = known
        self.asked: list[tuple[str, int, int | None]] = []
        self.at_once = self.most_at_once = 0

    async def guide(self, circuit_id: str, year: int, f1_key: int | None) -> CircuitGuide | None:
        self.asked.append((circuit_id, year, f1_key))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        return self.known


class Messages:
    """The used part of a reader; `None` is a database that is away."""

    def __init__(self, messages: list[RawMessage] | None) -> None:
        self._messages = messages

    async def messages(self, _race: RaceSummary, first: int, until: datetime) -> list[RawMessage]:
        assert (first, until) == (0, START + timedelta(seconds=10))
        if self._messages is None:
            raise StoreError("The database is away.")
        return self._messages


def race(circuit_id: str | None = "nowhere", year: int = 2026) -> RaceSummary:
    told = SimpleNamespace(circuit_id=circuit_id, year=year, first_at=START)
    return cast("RaceSummary", told)


def atlas(
    guides: Guides, messages: list[RawMessage] | None = None, clock: Any = lambda: 0.0
) -> CircuitLookup:
    return CircuitLookup(cast("RaceReaderPort", Messages(messages)), guides, clock)


async def test_many_who_look_ask_one_question_and_different_ones_take_turns() -> None:
    guides = Guides()
    one = atlas(guides, [info({"Key": 55})])

    answers = await asyncio.gather(*(one.guide(race(year=2020 + nth % 2)) for nth in range(8)))

    assert answers == [GUIDE] * 8
    assert guides.asked == [("nowhere", 2020, 55), ("nowhere", 2021, 55)]
    assert guides.most_at_once == 1


async def test_a_database_that_is_away_costs_the_number_and_no_more() -> None:
    guides = Guides()

    assert await atlas(guides, None).guide(race()) == GUIDE
    assert guides.asked == [("nowhere", 2026, None)]


async def test_a_race_whose_circuit_was_not_told_has_no_guide() -> None:
    guides = Guides()

    assert await atlas(guides, []).guide(race(None)) is None
    assert guides.asked == []


async def test_that_there_is_none_is_believed_for_a_minute() -> None:
    guides, now_s = Guides(None), [0.0]
    one = atlas(guides, [], lambda: now_s[0])

    assert [await one.guide(race()), await one.guide(race())] == [None, None]
    guides.known, now_s[0] = GUIDE, NONE_HELD_S
    assert await one.guide(race()) == GUIDE
    now_s[0] = 100 * NONE_HELD_S
    assert await one.guide(race()) == GUIDE

    assert len(guides.asked) == 2


async def test_only_the_newest_answers_are_held() -> None:
    guides = Guides()
    one = atlas(guides, [])

    for nth in range(GUIDES_HELD + 1):
        await one.guide(race(f"circuit-{nth}"))
    await one.guide(race(f"circuit-{GUIDES_HELD}"))
    assert len(guides.asked) == GUIDES_HELD + 1

    await one.guide(race("circuit-0"))
    assert len(guides.asked) == GUIDES_HELD + 2


async def test_a_kept_race_tells_its_number_and_its_compared_lap_has_the_corners(
    database: Database,
) -> None:
    batch = duel_batch()
    meeting = orjson.dumps({"Meeting": {"Circuit": {"Key": 63, "ShortName": "Somewhere"}}})
    batch.messages.append(MessageRecord(1, START + timedelta(seconds=2), "SessionInfo", meeting))
    await keep_duel(database, replace(batch, messages_through=2))
    reader, guides = SqlRaceReader(database), Guides(None)
    now_s = [0.0]
    battle_cache = BattleCache(reader, CircuitLookup(reader, guides, lambda: now_s[0]))
    story = await battle_cache.story(DUEL.race_id, (ATTACKER, DEFENDER), at(250))

    without = await battle_cache.lap(story, 3)
    guides.known, now_s[0] = GUIDE, NONE_HELD_S
    compared = await battle_cache.lap(story, 3)

    assert without is not None
    assert without.corners == ()
    assert compared is not None
    assert [(corner.name, corner.at_m) for corner in compared.corners] == [("1", 1_000.0)]
    assert compared.corners_from == "a test"
    assert guides.asked == [("somewhere", 2026, 63)] * 2


async def test_a_corner_without_a_distance_is_looked_up_on_an_outline(database: Database) -> None:
    await keep_duel(database)
    reader = SqlRaceReader(database)
    way = [(float(nth), 0.0) for nth in range(50)]
    there_and_back = [*way, *((x, 20.0) for x, _ in reversed(way))]
    guide = CircuitGuide((Corner("1", (24.5, 1.0)),), source="a test")
    battle_cache = BattleCache(
        reader, CircuitLookup(reader, Guides(guide)), {DUEL.race_id: there_and_back}.__getitem__
    )
    story = await battle_cache.story(DUEL.race_id, (ATTACKER, DEFENDER), at(250))

    compared = await battle_cache.lap(story, 3)

    assert compared is not None
    (corner,) = compared.corners
    whole_m = 2 * 49 + 2 * 20
    assert corner.at_m == pytest.approx(compared.distance_m[-1] * 24.5 / whole_m, rel=1e-3)


async def test_a_lap_without_telemetry_asks_nobody_for_corners(database: Database) -> None:
    batch = duel_batch()
    batch.samples.clear()
    await keep_duel(database, batch)
    reader, guides = SqlRaceReader(database), Guides()
    battle_cache = BattleCache(reader, CircuitLookup(reader, guides))
    story = await battle_cache.story(DUEL.race_id, (ATTACKER, DEFENDER), at(250))

    assert await battle_cache.lap(story, 3) is None
    assert guides.asked == []
