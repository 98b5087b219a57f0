"""Test the topics beside the timing on real recordings, and that they agree with the timing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pitwall.domain.race import DriverNumber, RaceState
from pitwall.domain.reducer import apply
from pitwall.feeds.recording import RecordingFeed
from pitwall.wire.decode import decode

_SUFFIXES = ("Series", "Stats", "Three", "Prediction", "Radio")


class Heard:
    """The end of a recording, and how often its list of the first three was right."""

    def __init__(self, recording: Path) -> None:
        self.messages: Counter[str] = Counter()
        self.agreed: Counter[bool] = Counter()
        race = RaceState()
        for message in RecordingFeed(recording).messages():
            decoded = decode(message)
            if message.topic.endswith(_SUFFIXES) and message.topic != "TyreStintSeries":
                assert decoded.faults == (), (message.topic, decoded.faults)
                self.messages[message.topic] += 1
            for event in decoded.events:
                race = apply(race, event)
            if message.topic in {"TopThree", "TimingData"} and race.facts.top_three:
                order = {place: car.number for place, car in enumerate(race.in_order()[:3], 1)}
                self.agreed[order == race.facts.top_three] += 1
        self.race = race


def test_qualifying_tells_bests_radio_and_the_first_three(shared: Path) -> None:
    """Mexico 2025: 603 messages of bests, 227 of the first three, 6 of radio; no fault."""
    heard = Heard(shared / "data" / "wire" / "static" / "2025_Mexico_Qualifying")
    race, facts = heard.race, heard.race.facts

    assert heard.messages == {"TimingStats": 603, "TopThree": 227, "TeamRadio": 6}
    # The two topics change a tenth of a second apart.
    assert heard.agreed[True] > 100 * heard.agreed[False] > 0
    for number, car in race.cars.items():
        best = facts.of_car(number).bests["lap"]
        driven = [lap.lap_time_s for lap in car.laps if lap.lap_time_s and not lap.deleted]
        assert best.value == min(driven, default=None), number
    ranks = [facts.of_car(car).bests["lap"].rank for car in race.cars]
    assert sorted(rank for rank in ranks if rank) == list(range(1, 21))
    assert [facts.radio[n].number for n in range(7)] == [23, 1, 23, 81, 30, 87, 4]
    assert facts.address_of(facts.radio[6]) == (
        "https://livetiming.formula1.com/static/2025/2025-10-26_Mexico_City_Grand_Prix/"
        "2025-10-25_Qualifying/TeamRadio/LANNOR01_4_20251025_160147.mp3"
    )


def test_a_snapshot_tells_both_championships(shared: Path) -> None:
    file = "data/wire/signalr/undercut_misc/2024_Silverstone_Race_subscribe.txt"
    facts = Heard(shared / file).race.facts

    first = facts.driver_points[DriverNumber(1)]
    assert (first.position, first.points, first.predicted_points) == (1, 237.0, 237.0)
    assert (len(facts.driver_points), len(facts.team_points)) == (21, 10)
    assert facts.radio[0].path == "TeamRadio/CHALEC01_16_20240707_142152.mp3"


def test_a_race_of_2026_tells_stops_overtakes_and_points(shared: Path) -> None:
    recording = shared / "data" / "wire" / "static" / "2026_Hungarian_Grand_Prix_Race_trimmed"
    facts = Heard(recording).race.facts

    stops = facts.of_car(16).stops
    assert [(s.lap, s.stationary_s, s.lane_s) for s in stops.values()] == [
        (3, 2.4, 21.931),
        (4, 4.8, 24.241),
    ]
    assert facts.of_car(81).overtake_count == 1
    assert facts.of_car(1).bests["ST"].value == 337.0
    points = facts.team_points["McLaren Mercedes"]
    assert (points.position, points.predicted_position, points.predicted_points) == (3, 2, 235.0)


@pytest.mark.parametrize("without", [frozenset({"SessionPart"}), frozenset()])
def test_the_part_of_qualifying_comes_from_whichever_topic_tells_it(
    shared: Path, without: frozenset[str]
) -> None:
    """Without `SessionPart` in the timing, `SessionData` and `TopThree` tell the same parts."""
    parts: list[int | None] = []
    race = RaceState()
    recording = RecordingFeed(shared / "data" / "wire" / "static" / "2025_Mexico_Qualifying")
    for message in recording.messages():
        if message.topic not in {"SessionInfo", "SessionData", "TimingData", "SessionStatus"}:
            continue
        if message.topic == "TimingData" and b"SessionPart" in message.body and without:
            continue
        for event in decode(message).events:
            race = apply(race, event)
            part = race.timed.part if race.timed else None
            if not parts or parts[-1] != part:
                parts.append(part)

    assert [part for part in parts if part] == [1, 2, 3]
