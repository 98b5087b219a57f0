"""Test that messages from a bad connection come out once, in order and plausible."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from pitwall.domain.race import DriverNumber
from pitwall.engine.race_engine import RaceEngine
from pitwall.live.ingest import LONGEST_S, PATIENT_AFTER, PATIENT_S, Backoff
from pitwall.live.intake import ClockSkew, Intake
from pitwall.wire.message import RawFrame, RawMessage, Reading, Snapshot
from tests.makers import LIGHTS_OUT, a_duel, a_message, at

DELAY = timedelta(seconds=1.5)


def deliver(intake: Intake, *parts: RawMessage | Snapshot, now: datetime | None = None) -> None:
    """Deliver parts as they would arrive, or all at `now`."""
    for part in parts:
        sent_at = part.at if isinstance(part, Snapshot) else part.sent_at
        arrived = now or (sent_at or LIGHTS_OUT) + DELAY
        intake.take([(RawFrame(arrived, b""), Reading((part,)))], arrived)


def an_intake(seconds: int = 20) -> Intake:
    """Return an intake that has followed a duel for so long."""
    intake = Intake(RaceEngine(None))
    deliver(intake, *a_duel(seconds))
    return intake


def a_snapshot(at_s: float, lap: int = 5, cars: tuple[str, ...] = ("4", "81")) -> Snapshot:
    lines = {car: {"Line": place, "NumberOfLaps": lap - 1} for place, car in enumerate(cars, 1)}
    info = json.loads(a_duel(1)[0].body)
    return Snapshot(
        at(at_s),
        (
            a_message(at_s, "SessionInfo", info),
            a_message(at_s, "DriverList", {car: {"Tla": f"C{car}"} for car in cars}),
            a_message(at_s, "LapCount", {"CurrentLap": lap}),
            a_message(at_s, "TimingData", {"Lines": lines}),
        ),
    )


def test_the_same_messages_give_the_same_battles_live_and_in_replay() -> None:
    messages = a_duel(40)
    replay = RaceEngine(None)
    for message in messages:
        replay.take(message)
    intake = Intake(RaceEngine(None))

    deliver(intake, *messages)
    intake.engine.settle(replay.state.grid_at)

    assert intake.state.battles == replay.state.battles
    assert intake.state.histories == replay.state.histories
    assert intake.state.grid_at == replay.state.grid_at


def test_copies_are_dropped_and_counted() -> None:
    intake = an_intake()
    before = intake.state
    again = a_duel(20)[-1]

    deliver(intake, again)

    assert intake.tally.repeated == 1
    assert intake.state.taken == before.taken


def test_a_stamp_an_hour_off_is_replaced_by_the_time_of_arrival() -> None:
    intake = an_intake(20)
    jumped = a_message(3600 + 20, "LapCount", {"CurrentLap": 6})

    deliver(intake, jumped, now=at(20) + DELAY)

    assert intake.state.race.lap == 6
    assert intake.state.sent_at == at(20)
    assert intake.skew.disbelieved == 1


def test_the_skew_is_the_least_delay_seen_lately() -> None:
    skew = ClockSkew()
    for second in range(20):
        delay_s = 0.4 + (second % 5) / 10
        skew.believed(at(second), at(second + delay_s))

    assert skew.lag_s == pytest.approx(0.4)
    assert skew.race_time(at(100)) == at(99.6)


def test_a_snapshot_from_before_what_is_known_is_set_aside_and_another_wanted() -> None:
    intake = an_intake(60)
    deliver(intake, a_message(60, "LapCount", {"CurrentLap": 9}))

    deliver(intake, a_snapshot(61, lap=8), now=at(61))

    assert intake.state.race.lap == 9
    assert intake.staleness.refused == 1
    assert "older" in intake.wants_snapshot


def test_a_snapshot_whose_heartbeat_is_long_gone_is_set_aside() -> None:
    intake = an_intake(60)

    deliver(intake, a_snapshot(20), now=at(60) + DELAY)

    assert intake.staleness.refused == 1


def test_an_empty_snapshot_is_no_state() -> None:
    intake = an_intake(20)

    deliver(intake, Snapshot(None, ()), now=at(21))

    assert intake.wants_snapshot
    assert intake.tally.snapshots == 0


def test_a_server_that_insists_on_an_older_state_is_believed_in_the_end() -> None:
    intake = an_intake(60)
    deliver(intake, a_message(60, "LapCount", {"CurrentLap": 9}))

    for second in range(61, 85):
        deliver(intake, a_snapshot(second, lap=8), now=at(second))

    assert intake.tally.snapshots >= 1


def test_a_snapshot_removes_the_cars_it_does_not_list() -> None:
    intake = an_intake(20)
    deliver(intake, a_message(20, "TimingData", {"Lines": {"7": {"Line": 3}}}))

    deliver(intake, a_snapshot(21), now=at(21) + DELAY)

    assert set(intake.state.race.cars) == {4, 81}


def test_a_snapshot_of_another_race_starts_afresh() -> None:
    intake = an_intake(20)
    other = a_snapshot(21, lap=1)
    info = json.loads(other.messages[0].body) | {"Name": "Sprint"}
    messages = (a_message(21, "SessionInfo", info), *other.messages[1:])

    deliver(intake, replace(other, messages=messages), now=at(21) + DELAY)

    assert intake.state.race.info.race_id == "2025-british-grand-prix-sprint"
    assert intake.state.race.lap == 1


def test_a_number_that_is_none_asks_for_the_state() -> None:
    intake = an_intake(20)

    deliver(intake, RawMessage(at(20), "TimingData", b'{"Lines":{"4":{"Line":1e308}}}'))

    assert "TimingData" in intake.wants_snapshot


def test_a_broken_burst_of_telemetry_asks_for_nothing() -> None:
    intake = an_intake(20)

    deliver(intake, RawMessage(at(20), "CarData.z", b'"no base64"'))

    assert intake.wants_snapshot == ""


def test_two_cars_in_one_place_for_seconds_ask_for_the_state() -> None:
    intake = an_intake(20)
    deliver(intake, a_message(20, "TimingData", {"Lines": {"81": {"Line": 1}}}))

    intake.take([], at(22) + DELAY)
    at_first = intake.wants_snapshot
    intake.take([], at(26) + DELAY)

    assert at_first == ""
    assert "the same place" in intake.wants_snapshot


def test_heartbeats_alone_are_no_news_while_a_race_is_on() -> None:
    intake = an_intake(20)
    before = intake.news_at

    deliver(intake, a_message(30, "Heartbeat", {"Utc": "2025-07-06T14:00:32Z"}))

    assert intake.news_at == before


def test_cars_keep_what_they_did_before_a_gap() -> None:
    intake = an_intake(20)

    deliver(intake, a_snapshot(300, lap=8), now=at(300) + DELAY)

    assert intake.state.race.cars[DriverNumber(81)].laps_completed == 7
    assert intake.state.race.lap == 8


def test_waits_grow_with_failures_and_start_again_after_success() -> None:
    backoff = Backoff(random.Random(1))

    waits = [backoff.next_s() for _ in range(200)]

    assert max(waits[:3]) <= 2
    assert max(waits[:PATIENT_AFTER]) <= LONGEST_S
    assert LONGEST_S < max(waits[PATIENT_AFTER:]) <= PATIENT_S
    backoff.reset()
    assert backoff.next_s() <= 0.5
    assert backoff.next_s(asked_s=9) == 9
