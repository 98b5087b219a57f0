"""Test qualifying and practice against an independent decode of their recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pitwall.domain.race import DriverNumber, Phase, RaceState
from pitwall.domain.timed_order import Classification, classify
from pitwall.domain.timed_state import CarRun, LapType
from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.recording import RecordingFeed

MEXICO = "static/2025_Mexico_Qualifying"
IMOLA = "merged/2025-05-16_Emilia_Romagna_Grand_Prix__Qualifying.txt"
IMOLA_2024 = "signalr/2024_Imola_Qualifying_signalr"
AUSTRIA = "merged/2025-06-27_Austrian_Grand_Prix__Practice_3.txt"
MONZA = "merged/2025-09-05_Italian_Grand_Prix__Practice_1.txt"
ALL = [MEXICO, IMOLA, IMOLA_2024, AUSTRIA, MONZA]
QUALIFYING = [MEXICO, IMOLA, IMOLA_2024]

# The results of qualifying as the FIA published them, by car number.
MEXICO_GRID = [4, 16, 44, 63, 1, 12, 55, 81, 6, 87, 22, 31, 27, 14, 30, 5, 23, 10, 18, 43]
IMOLA_2024_GRID = [1, 81, 4, 16, 55, 63, 22, 44, 3, 27, 11, 31, 18, 23, 10, 77, 24, 20, 14, 2]


class Independent:
    """A plain merge of `TimingData`, which knows nothing of our wire, domain or engine."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = {}

    def take(self, body: bytes) -> None:
        self.tree = merged(self.tree, json.loads(body))

    def lines(self) -> dict[int, dict[str, Any]]:
        return {int(number): line for number, line in self.tree.get("Lines", {}).items()}


def merged(old: Any, new: Any) -> Any:
    if isinstance(old, list) and isinstance(new, dict):
        old = {str(index): item for index, item in enumerate(old)}
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    gone = {str(key) for key in new.get("_deleted", ())}
    together = {key: value for key, value in old.items() if key not in gone}
    for key, value in new.items():
        if key != "_deleted":
            together[key] = merged(together.get(key), value)
    return together


def seconds(time: object) -> float | None:
    text = time.get("Value") if isinstance(time, dict) else time
    if not text:
        return None
    minutes, _, rest = str(text).rpartition(":")
    return round(60 * int(minutes or 0) + float(rest), 3)


def items(field: Any) -> list[Any]:
    return list(field.values()) if isinstance(field, dict) else list(field or ())


class Played:
    """A session played to its end, compared with the independent decode every 40 messages."""

    def __init__(self, path: Path) -> None:
        engine, told = RaceEngine(None), Independent()
        self.differences: list[str] = []
        self.battles = self.compared = 0
        self.runs: dict[int, list[CarRun]] = {}
        self.phases: list[tuple[Phase, int | None]] = []
        lines = 0
        for message in RecordingFeed(path).messages():
            engine.take(message)
            race = engine.state.race
            self.battles += len(engine.state.battles)
            part = race.timed.part if race.timed else None
            if not self.phases or self.phases[-1] != (race.phase, part):
                self.phases.append((race.phase, part))
            if message.topic == "TimingData":
                told.take(message.body)
                lines += 1
                self._note_runs(race)
                if lines % 40 == 0 and race.timed is not None:
                    self.differences += list(differences(race, told))
                    self.compared += 1
        self.faults = dict(engine.state.faults)
        self.race, self.told = engine.state.race, told

    def _note_runs(self, race: RaceState) -> None:
        for number, car in (race.timed.cars if race.timed else {}).items():
            runs = self.runs.setdefault(number, [])
            if not runs or runs[-1] is not car.run:
                runs.append(car.run)

    @property
    def classification(self) -> Classification:
        found = classify(self.race)
        assert found is not None
        return found


def differences(race: RaceState, told: Independent) -> Iterator[str]:
    """Yield each best lap, place, gap and knock-out that is not what the feed says."""
    part = told.tree.get("SessionPart") or None
    found = classify(race)
    assert found is not None
    if found.part != part:
        yield f"part {found.part}, told {part}"
    lines = told.lines()
    for standing in found.standings:
        number = int(standing.car.number)
        line, who = lines[number], f"{race.as_of:%H:%M:%S} car {number}"
        if standing.car.position != int(line["Position"]):
            yield f"{who}: place {standing.car.position}, told {line['Position']}"
        if (standing.out_in is not None) != bool(line.get("KnockedOut")):
            yield f"{who}: out {standing.out_in}, told {line.get('KnockedOut')}"
        best_s = seconds(line["BestLapTime"])
        if standing.car.best_lap_s != best_s:
            yield f"{who}: best {standing.car.best_lap_s}, told {best_s}"
        if standing.out_in is None:
            yield from of_running(standing.best_lap_s, standing.gap_to_best_s, who, line, part)


def of_running(
    best_s: float | None, gap_s: float | None, who: str, line: dict[str, Any], part: int | None
) -> Iterator[str]:
    """Compare the time and gap of a car that takes part."""
    if part is not None:
        best_told_s = seconds(items(line["BestLapTimes"])[part - 1])
        if best_s != best_told_s:
            yield f"{who}: best of part {best_s}, told {best_told_s}"
        text = items(line["Stats"])[part - 1].get("TimeDiffToFastest", "")
    else:
        text = line.get("TimeDiffToFastest", "")
    if text.startswith("+") and (gap_s is None or abs(gap_s - float(text)) > 0.0005):
        yield f"{who}: gap {gap_s}, told {text}"


@cache
def played(shared: Path, name: str) -> Played:
    return Played(shared / "data" / "wire" / name)


@pytest.mark.parametrize("name", ALL)
def test_places_bests_gaps_and_knock_outs_are_what_the_feed_says(shared: Path, name: str) -> None:
    session = played(shared, name)

    assert session.compared > 100
    # A gap may be told a message or two after the time that it follows from.
    hard = [each for each in session.differences if "gap" not in each]
    assert hard == []
    assert len(session.differences) - len(hard) <= 0.002 * 20 * session.compared


@pytest.mark.parametrize("name", ALL)
def test_there_is_neither_a_battle_nor_a_fault_nor_a_ghost(shared: Path, name: str) -> None:
    session = played(shared, name)

    assert session.battles == 0
    assert session.faults == {}
    assert len(session.classification.standings) == 20
    assert {int(s.car.number) for s in session.classification.standings} == set(
        session.told.lines()
    )


@pytest.mark.parametrize("name", ALL)
def test_the_number_of_a_best_lap_is_the_feeds_own(shared: Path, name: str) -> None:
    """The feed repeats the number of an earlier best with the first best of a part."""
    race, compared = played(shared, name).race, 0
    bests: dict[tuple[int, float], int] = {}
    for message in RecordingFeed(shared / "data" / "wire" / name).messages():
        if message.topic != "TimingData":
            continue
        for number, line in json.loads(message.body).get("Lines", {}).items():
            best = line.get("BestLapTime")
            if isinstance(best, dict) and best.get("Value") and best.get("Lap"):
                bests.setdefault((int(number), seconds(best) or 0.0), best["Lap"])
    for (number, time_s), lap_number in bests.items():
        for lap in race.cars[DriverNumber(number)].laps:
            if lap.lap_time_s == time_s and lap.lap_number == lap_number:
                compared += 1
                assert lap.lap_type in {LapType.FLYING, LapType.SLOW}

    assert compared >= 0.75 * len(bests)


def test_laps_of_bearman_in_mexico(shared: Path) -> None:
    """Out, flying, in: nine laps in the first part, of which the feed counts nine on the eighth."""
    laps = played(shared, MEXICO).race.cars[DriverNumber(87)].laps

    first = [(lap.lap_number, lap.lap_type, lap.lap_time_s) for lap in laps if lap.part == 1]
    assert [number for number, *_ in first] == list(range(1, 10))
    assert [kind for _, kind, _ in first] == [LapType.OUT, LapType.FLYING, LapType.IN] * 3
    assert first[7] == (8, LapType.FLYING, 77.04)
    assert played(shared, MEXICO).runs[87][:5] == [
        CarRun.IN_PIT,
        CarRun.OUT_LAP,
        CarRun.PUSH_LAP,
        CarRun.IN_LAP,
        CarRun.IN_PIT,
    ]


@pytest.mark.parametrize(("name", "grid"), [(MEXICO, MEXICO_GRID), (IMOLA_2024, IMOLA_2024_GRID)])
def test_the_result_of_qualifying(shared: Path, name: str, grid: list[int]) -> None:
    found = played(shared, name).classification

    assert [standing.car.number for standing in found.standings] == grid
    assert [standing.out_in for standing in found.standings] == [None] * 10 + [2] * 5 + [1] * 5
    assert (found.part, found.part_name, found.parts, found.goes_on) == (3, "Q3", 3, None)


@pytest.mark.parametrize("name", [MEXICO, IMOLA])
def test_each_part_starts_and_finishes(shared: Path, name: str) -> None:
    phases = played(shared, name).phases

    assert [part for phase, part in phases if phase is Phase.FINISHED] == [1, 2, 2, 3, 3]
    assert phases[-1] == (Phase.ENDS, 3)


def test_deleted_laps_are_those_of_race_control(shared: Path) -> None:
    def deleted(name: str) -> dict[str, list[float | None]]:
        cars = played(shared, name).race.cars.values()
        laps = {car.driver.code: [lap for lap in car.laps if lap.deleted] for car in cars}
        return {code: [lap.lap_time_s for lap in mine] for code, mine in laps.items() if mine}

    assert deleted(MEXICO) == {"BOR": [78.964]}
    assert deleted(IMOLA) == {"HUL": [76.819]}
    assert deleted(IMOLA_2024) == {"SAR": [77.188, 76.731], "ALB": [77.414], "GAS": [76.283]}
    assert deleted(MONZA) == {}  # race control deleted laps of Formula 3 there


def test_formula_3_does_not_take_over_a_practice_session(shared: Path) -> None:
    race = played(shared, MONZA).race

    assert race.cars[DriverNumber(1)].driver.name == "Max Verstappen"
    assert race.clock is not None
    assert race.clock.remaining_s == 0.0
    assert not any("(BAD)" in said.message for said in race.control)
