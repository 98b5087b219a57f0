"""Test that only a car that falls silent while others race counts as stopped."""

from __future__ import annotations

import orjson

from pitwall.feeds.timing.order import running_spells, stopped_lines


def test_a_silent_car_stops_two_minutes_later_and_starts_when_it_speaks() -> None:
    going = list(range(0, 1_000_000, 4_000))
    activity = {1: going, 2: going, 44: [*going[:50], *going[125:]]}

    lines = list(stopped_lines(activity, [(0, 1_000_000)]))

    assert [line.ms for line in lines] == [316_000, 500_000]
    said = [orjson.loads(line.body)["Lines"]["44"] for line in lines]
    assert said == [{"Stopped": True}, {"Stopped": False}]


def test_nobody_has_stopped_when_everybody_is_silent_or_under_a_red_flag() -> None:
    going = list(range(0, 1_000_000, 4_000))
    quiet = going[:50]

    assert not list(stopped_lines({1: quiet, 44: quiet}, [(0, 1_000_000)]))
    assert not list(stopped_lines({1: going, 44: quiet}, [(0, 250_000)]))


def test_racing_is_a_started_session_without_a_red_flag() -> None:
    statuses = [
        {"t_ms": 100, "status": "Started"},
        {"t_ms": 500, "status": "Aborted"},
        {"t_ms": 700, "status": "Started"},
        {"t_ms": 900, "status": "Finished"},
    ]
    flags = [{"t_ms": 490, "status": "5"}, {"t_ms": 650, "status": "1"}]

    assert running_spells(statuses, flags) == [(100, 490), (700, 900)]
