"""Test that the story of a stored battle holds that battle and nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pitwall.analysis.battle_story import BattleCache
from pitwall.domain.race import TrackStatus
from pitwall.domain.stories import BattleStory, Turn
from pitwall.errors import NotFoundError, StoreError
from pitwall.store.database import Database
from pitwall.store.race_reader import SqlRaceReader
from tests.store.duels import (
    ATTACKER,
    ATTACKER_GAINS_S,
    DEFENDER,
    DUEL,
    FOUGHT_FROM_S,
    FOUGHT_TO_S,
    LAP_S,
    PASSED_S,
    at,
    duel_batch,
    keep_duel,
)

PAIR = (ATTACKER, DEFENDER)


class CountingReader(SqlRaceReader):
    """Counts the pages that are read."""

    pages = 0

    async def page(self, *args: Any, **settings: Any) -> Any:
        self.pages += 1
        return await super().page(*args, **settings)


class FailingOnce(SqlRaceReader):
    """Fails when the first page is read."""

    failed = False

    async def page(self, *args: Any, **settings: Any) -> Any:
        if not self.failed:
            self.failed = True
            raise StoreError("The database is away.")
        return await super().page(*args, **settings)


async def told(database: Database, moment_s: float = 250) -> BattleStory:
    await keep_duel(database)
    return await BattleCache(SqlRaceReader(database)).story(DUEL.race_id, PAIR, at(moment_s))


async def test_it_has_each_forecast_of_this_battle_and_none_of_others(database: Database) -> None:
    story = await told(database)

    made_at = [row.made_at for row in story.forecasts]
    assert made_at == [at(second) for second in range(FOUGHT_FROM_S, FOUGHT_TO_S + 1)]
    assert {(row.attacker, row.defender) for row in story.forecasts} == {PAIR}
    assert story.forecasts[0].w_om == 0.5
    assert (story.since, story.until) == (at(140), at(420))
    assert (story.attacker.code, story.defender.code) == ("ATT", "DEF")


async def test_it_tells_the_pass_the_flag_and_the_gap(database: Database) -> None:
    story = await told(database)

    (turn,) = story.happenings
    assert (turn.turn, turn.car) == (Turn.PASSED, ATTACKER)
    assert at(PASSED_S) <= turn.at <= at(PASSED_S + 4)
    (flag,) = story.stretches
    assert (flag.since, flag.until, flag.status) == (at(220), at(230), TrackStatus.YELLOW)
    assert {point.gap_s for point in story.gaps if point.at < turn.at} == {0.8}
    assert {point.gap_s for point in story.gaps if point.at > turn.at} == {-0.8}
    assert {point.interval_s for point in story.ahead if point.at < turn.at} == {1.5}


async def test_a_change_of_order_around_a_stop_is_the_stop_s_doing(database: Database) -> None:
    batch = duel_batch()
    batch.laps[DEFENDER, 4] = batch.laps[DEFENDER, 4]._replace(pitted=True)
    ((key, ending),) = batch.endings.items()
    batch.endings[key] = ending._replace(reason="pitted", taken_back=True)
    await keep_duel(database, batch)

    story = await BattleCache(SqlRaceReader(database)).story(DUEL.race_id, PAIR, at(250))

    assert [turn.turn for turn in story.happenings] == [Turn.SWAPPED, Turn.PITTED]


async def test_a_pass_is_what_was_told_as_one_and_nothing_else(database: Database) -> None:
    """A change of order far from any stop is no pass where nobody told of one."""
    batch = duel_batch()
    ((key, ending),) = batch.endings.items()
    batch.endings[key] = ending._replace(reason="retired", taken_back=True)
    back = ending._replace(ended_at=at(350), attacker=DEFENDER, defender=ATTACKER)
    batch.endings[back.ended_at, DEFENDER, ATTACKER] = back
    await keep_duel(database, batch)

    story = await BattleCache(SqlRaceReader(database)).story(DUEL.race_id, PAIR, at(250))

    assert [(each.turn, each.at, each.car) for each in story.happenings] == [
        (Turn.PASSED_BACK, at(350), DEFENDER)
    ]


async def test_what_came_later_can_be_left_out(database: Database) -> None:
    story = (await told(database)).known_at(at(225))

    assert story.forecasts[-1].made_at == at(225)
    assert {row.outcome for row in story.forecasts} == {None}
    assert story.happenings == ()
    assert story.stretches[0].until is None
    assert max(point.at for point in story.gaps) <= at(225)
    assert [both.lap for both in story.laps] == [1, 2]
    assert await settled_at(database, 290) == "held"


async def test_the_end_of_a_battle_is_left_out_while_it_lasts(database: Database) -> None:
    story = await told(database)

    during, afterwards = story.known_at(at(225)), story.known_at(story.until)

    assert during.until > at(225)
    assert (during.until - story.since) % timedelta(minutes=2) == timedelta(0)
    assert replace(story, until=at(5_000)).known_at(at(225)).until == during.until
    assert afterwards.until == story.until


async def settled_at(database: Database, moment_s: float) -> str | None:
    story = await BattleCache(SqlRaceReader(database)).story(DUEL.race_id, PAIR, at(250))
    return story.known_at(at(moment_s)).forecasts[0].outcome


async def test_between_two_battles_it_is_the_nearer_one(database: Database) -> None:
    assert len((await told(database, -300)).forecasts) == 10


async def test_two_who_never_fought_have_a_story_without_forecasts(database: Database) -> None:
    await keep_duel(database)

    story = await BattleCache(SqlRaceReader(database)).story(
        DUEL.race_id, (DEFENDER, ATTACKER), at(250)
    )

    assert story.forecasts == ()
    assert story.since <= at(250) <= story.until


async def test_a_car_that_is_not_in_the_race_is_named(database: Database) -> None:
    await keep_duel(database)

    with pytest.raises(NotFoundError, match="no car 99"):
        await BattleCache(SqlRaceReader(database)).story(DUEL.race_id, (99, DEFENDER), at(250))


async def test_a_lap_is_compared_by_distance(database: Database) -> None:
    await keep_duel(database)
    battle_cache = BattleCache(SqlRaceReader(database))
    story = await battle_cache.story(DUEL.race_id, PAIR, at(250))

    compared = await battle_cache.lap(story, 3)

    assert compared is not None
    assert compared.delta_s[0] == 0
    assert compared.delta_s[-1] == pytest.approx(-ATTACKER_GAINS_S, abs=0.001)
    assert compared.distance_m[-1] == pytest.approx(225 / 3.6 * LAP_S, rel=0.01)
    assert set(compared.defender.speed_kmh) == {225.0}
    assert set(compared.attacker.gear or []) == {7.0}
    # At constant speed the sectors end where their times say.
    whole = compared.distance_m[-1]
    assert compared.sectors_m == pytest.approx((whole * 25 / 80, whole * 55 / 80), abs=2)


@pytest.mark.parametrize("lap", [1, 5, 40])
async def test_a_lap_without_telemetry_is_not_compared(database: Database, lap: int) -> None:
    await keep_duel(database)
    battle_cache = BattleCache(SqlRaceReader(database))

    assert (
        await battle_cache.lap(await battle_cache.story(DUEL.race_id, PAIR, at(250)), lap) is None
    )


async def test_many_viewers_of_one_battle_read_it_once(database: Database) -> None:
    await keep_duel(database)
    reader = CountingReader(database)
    battle_cache = BattleCache(reader)
    await battle_cache.story(DUEL.race_id, PAIR, at(250))
    once = reader.pages

    moments = [at(second) for second in range(205, 295, 5)]
    stories = await asyncio.gather(
        *[battle_cache.story(DUEL.race_id, PAIR, each) for each in moments]
    )
    laps = await asyncio.gather(*[battle_cache.lap(stories[0], 3) for _ in range(10)])

    assert reader.pages == once + 1
    assert all(story is stories[0] for story in stories)
    assert all(compared is laps[0] for compared in laps)


async def test_what_failed_is_asked_again(database: Database) -> None:
    await keep_duel(database)
    battle_cache = BattleCache(FailingOnce(database))
    with pytest.raises(StoreError):
        await battle_cache.story(DUEL.race_id, PAIR, at(250))

    assert (await battle_cache.story(DUEL.race_id, PAIR, at(250))).forecasts
