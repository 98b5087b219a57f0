"""Test that a recorded race has the same passes everywhere: told live, stored, on pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from pitwall.analysis.battle_story import BattleCache
from pitwall.domain.battles import EndReason
from pitwall.domain.stories import Turn
from pitwall.recording.import_race import import_race
from pitwall.store import migrations
from pitwall.store.database import Database, database_url
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter
from tests.engine.test_race_engine import CountingPredictor
from tests.recordings.pass_count import endings_told
from tests.recordings.test_real_races import BAKU, DUTCH, a_feed


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(database_url(f"sqlite:///{tmp_path / 'pitwall.db'}", tmp_path))
    await migrations.upgrade(database)
    yield database
    await database.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", [BAKU, DUTCH])
async def test_live_timeline_and_story_have_the_same_passes(
    kept: Database, shared: Path, name: str
) -> None:
    feed = a_feed(shared, name if name == DUTCH else "recording of Baku")
    told = {}
    for each in endings_told(feed.messages()):
        battle = each.battle.battle
        told[each.battle.ended_at, battle.attacker, battle.defender] = each.battle.reason
    live = sorted(key for key, reason in told.items() if reason is EndReason.PASSED)

    came = await import_race(feed, SqlRaceWriter(kept), CountingPredictor())
    reader = SqlRaceReader(kept)
    line = await reader.timeline(await reader.race(came.race_id))

    assert len(live) >= 50
    assert [(each.at, each.attacker, each.defender) for each in line.passes] == live
    # The list of the page of a race is counted from the same.
    assert line.digest.passes == len(live)
    stories = BattleCache(reader)
    for at, attacker, defender in live[:: len(live) // 12]:
        story = await stories.story(came.race_id, (attacker, defender), at)
        own = Counter(
            (turn.at, turn.car)
            for turn in story.happenings
            if turn.turn in {Turn.PASSED, Turn.PASSED_BACK}
        )
        among = {attacker, defender}
        assert own == Counter(
            (when, behind)
            for when, behind, ahead in live
            if {behind, ahead} == among and story.since <= when <= story.until
        )
        assert own[at, attacker] == 1
        assert story.since <= at <= story.until + timedelta(seconds=1)
