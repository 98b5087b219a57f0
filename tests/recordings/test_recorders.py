"""Test that a real recording, rewritten as others would have recorded it, is the same race."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import takewhile
from pathlib import Path

import pytest

from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.recording import RecordingFeed
from pitwall.wire.message import RawMessage
from tests.feeds.recorders import RECORDERS

SPRINT = "2023_Azerbaijan_Grand_Prix_Sprint"
LAPS = 6  # the first of the race, which are the ones with most battles

Seen = tuple[object, ...]


def played(messages: Iterable[RawMessage]) -> tuple[list[Seen], list[Seen], list[Seen]]:
    """Return each battle as it was first shown, how each ended, and every lap of every car."""
    engine = RaceEngine(None)
    opened: dict[Seen, None] = {}
    ended: dict[Seen, None] = {}
    for message in messages:
        engine.take(message)
        for battle in engine.state.battles:
            opened[battle.attacker, battle.defender, battle.opened_at] = None
        for over in engine.state.ended:
            battle = over.battle.battle
            ended[battle.attacker, battle.defender, over.battle.reason, over.battle.ended_at] = None
    assert engine.state.faults == {}
    laps: list[Seen] = [
        (car.number, lap) for car in engine.state.race.cars.values() for lap in car.laps
    ]
    return list(opened), list(ended), sorted(laps, key=repr)


@cache
def the_beginning(shared: Path) -> tuple[RawMessage, ...]:
    """Return the sprint from its start to the end of some laps."""
    feed = RecordingFeed(shared / "data" / "wire" / "static" / SPRINT)
    last = f'"CurrentLap":{LAPS + 1}'.encode()
    begun = takewhile(lambda m: m.topic != "LapCount" or last not in m.body, feed.messages())
    return tuple(begun)


@cache
def expected(shared: Path) -> tuple[list[Seen], list[Seen], list[Seen]]:
    return played(the_beginning(shared))


@pytest.mark.slow
@pytest.mark.parametrize("recorder", RECORDERS)
def test_a_real_race_has_the_same_battles_and_laps_in_every_recorders_format(
    shared: Path, tmp_path: Path, recorder: str
) -> None:
    written = RECORDERS[recorder](tmp_path, the_beginning(shared))

    opened, ended, laps = played(RecordingFeed(written).messages())

    assert (len(expected(shared)[0]) > 20, len(expected(shared)[2]) > 80) == (True, True)
    assert (opened, ended) == expected(shared)[:2]
    assert laps == expected(shared)[2]
