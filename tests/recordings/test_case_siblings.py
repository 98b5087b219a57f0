"""Test siblings of the small recordings: the same kinds of fault in other shapes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pitwall.domain.race import Phase
from pitwall.wire.message import RawMessage
from tests.recordings.test_cases import Played, messages_of, replaced


@pytest.mark.parametrize("word", [b"STARTED", b"started", b"Resumed"])
def test_session_data_says_started_in_any_case(shared: Path, word: bytes) -> None:
    messages = messages_of(shared, "01-no-SessionStatus-but-SessionData")

    assert Played(replaced(messages, b'"Started"', b'"' + word + b'"')).with_battles == 196


def test_a_lap_count_that_only_tells_the_distance_leaves_the_lap_to_the_leader(
    shared: Path,
) -> None:
    messages = [
        RawMessage(m.sent_at, m.topic, b'{"TotalLaps":9}') if m.topic == "LapCount" else m
        for m in messages_of(shared, "00-control")
    ]
    played, control = Played(messages), Played(messages_of(shared, "00-control"))

    assert played.with_battles == 196
    assert played.end.race.lap == control.end.race.lap
    assert played.end.race.total_laps == 9


@pytest.mark.parametrize("word", [b"pit", b"Stopped", b"in pit", b"LEADER"])
def test_gap_words_clear_in_any_case(shared: Path, word: bytes) -> None:
    messages = messages_of(shared, "08-odd-gap-words")
    upper = Played(messages)
    other = Played(replaced(messages, b'"PIT"', b'"' + word + b'"'))

    assert other.end.faults == upper.end.faults == {}
    assert other.with_battles == upper.with_battles


def test_a_race_control_list_told_whole_each_time_counts_once(shared: Path) -> None:
    messages = messages_of(shared, "07-260-race-control-messages-told-twice")
    once = Played(messages).end.race.control
    last = messages[-1]
    again = [
        RawMessage(last.sent_at, m.topic, m.body)
        for m in messages
        if m.topic == "RaceControlMessages"
    ]

    assert Played([*messages, *again, *again]).end.race.control == once


def test_a_red_flag_that_only_race_control_tells_stops_battles_until_the_cars_run(
    shared: Path,
) -> None:
    """Neither the status of the session nor that of the track says a word of it."""
    messages = [
        m
        for m in messages_of(shared, "03-Resumed-after-red-flag")
        if not (m.topic == "SessionStatus" and (b"Aborted" in m.body or b"Resumed" in m.body))
    ]
    played = Played(messages)

    assert played.end.race.phase is Phase.STARTED
    for lap_begins in (1045, 1125, 1205, 1285):
        assert played.battles_at(lap_begins) == {(81, 1), (3, 81)}
