"""Test that small recordings which once broke something play right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from pitwall.cli.import_races import what_was_found
from pitwall.domain.battles import EndReason
from pitwall.domain.race import Inferred, Phase
from pitwall.engine.race_engine import EngineState, RaceEngine
from pitwall.feeds.recording import RecordingFeed
from pitwall.recording.import_race import import_race
from pitwall.store.database import Database
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.wire.message import RawMessage
from tests.store.races import PREDICTOR

ZERO = datetime(2026, 7, 5, 14, 0, tzinfo=UTC)
CASES = [
    "01-no-SessionStatus-but-SessionData",
    "02-no-LapCount",
    "09-subscribe-json-live-jsonl",
    "10-fastf1-until-3.6.txt",
    "11-fastf1-since-3.7.txt",
    "12-undercut-feed-lines",
    "13-undercut-raw-points",
    "14-undercut-raw-points-new-names",
    "15-hub-frames.txt",
]


def messages_of(shared: Path, case: str) -> list[RawMessage]:
    return list(RecordingFeed(shared / "data" / "cases" / case).messages())


class Played:
    """A recording played, and where battles stood."""

    def __init__(self, messages: list[RawMessage]) -> None:
        engine = RaceEngine(None)
        self.states: list[tuple[RawMessage, EngineState]] = []
        for message in messages:
            engine.take(message)
            self.states.append((message, engine.state))
        self.end = engine.state

    def battles_at(self, second: float) -> set[tuple[int, int]]:
        """Return the battles by the first timing message after this second."""
        after = ZERO + timedelta(seconds=second)
        state = next(s for m, s in self.states if m.topic == "TimingData" and m.sent_at > after)
        return {(battle.attacker, battle.defender) for battle in state.battles}

    @property
    def with_battles(self) -> int:
        return sum(bool(s.battles) for m, s in self.states if m.topic == "TimingData")


@pytest.mark.parametrize("case", CASES)
def test_a_case_plays_as_the_control_does(shared: Path, case: str) -> None:
    control = Played(messages_of(shared, "00-control"))
    played = Played(messages_of(shared, case))

    assert played.with_battles == control.with_battles == 196
    assert played.end.faults == {}
    race, expected = played.end.race, control.end.race
    assert race.info == expected.info
    assert [c.driver for c in race.in_order()] == [c.driver for c in expected.in_order()]
    assert (race.phase, race.lap) == (expected.phase, expected.lap)
    for second in range(85, 480, 20):
        assert played.battles_at(second) == control.battles_at(second), second
    lap = {Inferred.LAP} if case.startswith("02") else set()
    assert race.inferred == lap


@pytest.mark.parametrize("without", [("SessionStatus",), ("SessionStatus", "LapCount")])
def test_without_any_status_the_phase_is_inferred_from_line_crossings(
    shared: Path, without: tuple[str, ...]
) -> None:
    messages = [m for m in messages_of(shared, "00-control") if m.topic not in without]
    played = Played(messages)

    assert played.with_battles == 196
    assert played.end.race.phase is Phase.STARTED
    names = {Inferred.PHASE} | ({Inferred.LAP} if len(without) > 1 else set())
    assert played.end.race.inferred == names
    assert not any(lap.pitted for car in played.end.race.cars.values() for lap in car.laps)


def replaced(messages: list[RawMessage], old: bytes, new: bytes) -> list[RawMessage]:
    return [RawMessage(m.sent_at, m.topic, m.body.replace(old, new)) for m in messages]


@pytest.mark.parametrize("word", [b"Resumed", b"Restarted", b"Rollerball"])
def test_a_race_runs_again_after_a_red_flag_whatever_the_word(shared: Path, word: bytes) -> None:
    messages = messages_of(shared, "03-Resumed-after-red-flag")
    played = Played(replaced(messages, b'"Resumed"', b'"' + word + b'"'))

    assert played.battles_at(600) == set()  # stopped
    for lap_begins in (1045, 1125, 1205, 1285):  # laps 6 to 9
        assert played.battles_at(lap_begins) == {(81, 1), (3, 81)}
    assert played.end.race.phase is Phase.STARTED


def test_an_unknown_word_before_the_flag_ends_nothing(shared: Path) -> None:
    messages = messages_of(shared, "00-control")
    messages.insert(100, RawMessage(messages[99].sent_at, "SessionStatus", b'{"Status":"Odd"}'))

    assert Played(messages).with_battles == 196


def test_drivers_told_just_before_their_race_keep_names_and_teams(shared: Path) -> None:
    race = Played(messages_of(shared, "06-next-race-DriverList-before-SessionInfo")).end.race

    assert race.info.race_id == "2026-next-grand-prix-race"
    assert {car.number: (car.driver.code, car.driver.team) for car in race.in_order()} == {
        11: ("FIV", "Gamma"),
        77: ("SIX", "Gamma"),
    }


def test_drivers_of_both_races_and_their_tyres_survive_too(shared: Path) -> None:
    messages = messages_of(shared, "06-next-race-DriverList-before-SessionInfo")
    at = next(m.sent_at for m in messages if b"Next Grand Prix" in m.body)
    index = next(i for i, m in enumerate(messages) if m.sent_at == at)
    just = at - timedelta(milliseconds=100)
    drivers = {"1": {"Tla": "ONE", "TeamName": "Alpha"}}
    tyres = {"Lines": {"11": {"GridPos": "2", "Stints": [{"Compound": "SOFT", "New": "true"}]}}}
    messages[index:index] = [
        RawMessage(just, "DriverList", orjson.dumps(drivers)),
        RawMessage(just, "TimingAppData", orjson.dumps(tyres)),
    ]

    cars = Played(messages).end.race.cars

    assert {number: car.driver.code for number, car in cars.items()} == {
        1: "ONE",
        11: "FIV",
        77: "SIX",
    }
    (stint,) = cars[11].stints  # type: ignore[index]
    assert (stint.compound.value, cars[11].grid_position) == ("SOFT", 2)  # type: ignore[index]


def test_no_battle_lives_on_an_interval_that_the_feed_took_back(shared: Path) -> None:
    played = Played(messages_of(shared, "08-odd-gap-words"))

    assert played.end.faults == {}
    ahead_s = 2.1  # of heartbeats, by which this archive is placed in time
    for second in (200.1, 210.1, 230.1):  # a lap behind, `PIT`, empty
        assert (3, 81) not in played.battles_at(second - ahead_s), second
    for second in (196, 206, 216, 220.1, 236):  # told anew; a pass under way
        assert (3, 81) in played.battles_at(second - ahead_s), second
    reasons = {ended.battle.reason for ended in played.end.ended}
    assert reasons <= {EndReason.SEPARATED, EndReason.PITTED}


async def test_import_says_what_it_found_and_stores_what_was_inferred(
    shared: Path, tmp_path: Path, database: Database
) -> None:
    file = tmp_path / "2026_test_grand_prix_race.txt"
    lines_of = (shared / "data" / "cases" / "10-fastf1-until-3.6.txt").read_text("utf-8")
    kept = [
        line
        for line in lines_of.splitlines()
        if not line.startswith(("['SessionInfo'", "['SessionData'", "['LapCount'"))
    ]
    file.write_text("\n".join(kept), encoding="utf-8")
    feed = RecordingFeed(file)

    imported = await import_race(feed, SqlRaceWriter(database), PREDICTOR)

    assert imported.race_id == "2026-test-grand-prix-race"
    assert imported.findings is not None
    lines = list(what_was_found(feed.recorder, imported.findings))
    assert lines[0] == "recorded by: FastF1 until 3.6"
    assert lines[1] == "session: 2026 Test Grand Prix Race"
    assert lines[2].startswith("time: 2026-07-05 14:00:00 to 14:09:15 UTC, 0:09:15")
    assert "198 TimingData" in lines[3]
    assert "SessionInfo" not in lines[3]
    assert lines[4].startswith("missing: SessionInfo, SessionStatus, LapCount, RaceControl")
    assert lines[5] == "inferred: lap, phase, session"
    async with database.reading() as session:
        rows = (await session.execute(text("select kind, value from statuses"))).all()
    assert ("phase", "started") in {(row.kind, row.value) for row in rows}
    assert {row.value for row in rows if row.kind == "lap_count"} >= {"2", "7"}
