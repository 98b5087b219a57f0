"""Test the race strip's rows: gaps at the line, and nothing from after the moment on show."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pitwall.domain.race_strip import RaceStrip, StripCar, StripReading
from pitwall.domain.sessions import SessionType
from pitwall.web.shared.points_rows import PointsRow, points_row
from pitwall.web.shared.strip_rows import AGAIN, strip_row
from tests.web.frames import make_frame

START = datetime(2025, 8, 31, 13, 3, tzinfo=UTC)
LAP_S = 80.0
LAPS = 12


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def car(number: int, gap_s: float, laps: int = LAPS, *stints: tuple[int, str]) -> StripCar:
    """A car that loses as much each lap as any other."""
    crossed = {lap: at(LAP_S * lap + gap_s * lap) for lap in range(1, laps + 1)}
    return StripCar(number, f"C{number:02}", "ff8000", crossed, stints or ((1, "MEDIUM"),))


STRIP = RaceStrip(
    race_id="a-race",
    started=START,
    total_laps=20,
    cars=(
        car(4, 0.0, LAPS, (1, "SOFT"), (7, "HARD")),
        car(81, 0.5),
        car(1, 20.0, 9),  # it is lapped
    ),
    statuses=(
        (at(-600), "yellow"),
        (at(-500), "clear"),
        (at(200), "safety_car"),
        (at(360), "clear"),
        (at(900), "red"),
    ),
    weather=(
        StripReading(at(-60), False, 30.0),
        StripReading(at(400), True, 28.5),
        StripReading(at(480), True, 27.0),
        StripReading(at(560), False, 26.0),
    ),
    line=tuple(at(LAP_S * lap) for lap in range(1, LAPS + 1)),
)


def told(until_s: float, have: int = 0) -> dict[str, Any]:
    return strip_row(STRIP, at(until_s), have)


def gaps(row: dict[str, Any], key: str) -> list[float | None]:
    (found,) = [each["gaps"] for each in row["cars"] if each["key"] == key]
    return list(found)


def test_a_gap_is_the_time_after_the_first_car_at_the_line_also_of_a_lapped_car() -> None:
    row = told(5 * LAP_S + 50)

    assert (row["laps"], row["total"], row["base"]) == (5, 20, 1)
    assert gaps(row, "4") == [0.0] * 5
    assert gaps(row, "81") == [0.5, 1.0, 1.5, 2.0, 2.5]
    assert gaps(row, "1")[:4] == [20.0, 40.0, 60.0, 80.0]


def test_nothing_later_than_the_moment_on_show_is_told() -> None:
    row = told(4 * LAP_S + 60)  # the lapped car has completed its third lap only

    assert gaps(row, "1") == [20.0, 40.0, 60.0, None]
    assert [stint for each in row["cars"] for stint in each["stints"] if "hard" in stint] == []
    assert row["flags"] == [(2.5, pytest.approx(4.5), "safety", "safety car")]
    assert row["rain"] == []
    assert "Rain" not in row["words"]


def test_flags_rain_and_tyres_stand_where_they_were() -> None:
    row = told(11 * LAP_S)

    assert row["flags"] == [(2.5, 4.5, "safety", "safety car")]  # not the yellow before the start
    assert row["rain"] == [(5.0, 7.0)]
    assert row["cars"][0]["stints"] == [(1, 6, "soft"), (7, 11, "hard")]
    assert [track_c for _, track_c in row["track_c"]] == [28.5, 27.0, 26.0]
    assert told(11.5 * LAP_S)["flags"][-1][2] == "red"


def test_a_page_that_has_laps_is_sent_the_new_ones_and_those_that_may_have_changed() -> None:
    row = told(LAPS * LAP_S, have=11)

    assert row["base"] == 11 - AGAIN + 1
    assert len(gaps(row, "4")) == LAPS - row["base"] + 1
    assert told(3 * LAP_S, have=11)["base"] == 1  # it went back


def test_before_the_start_there_is_nothing_but_the_cars() -> None:
    row = strip_row(replace(STRIP, started=None, line=()), at(-10))

    assert (row["laps"], row["flags"], row["rain"]) == (0, [], [])
    assert [each["gaps"] for each in row["cars"]] == [[], [], []]
    assert "begins" in row["words"]


def test_points_are_of_the_cars_that_run_and_add_up_to_their_teams() -> None:
    frame = make_frame()
    out = frame.tower[0].number
    tower = tuple(replace(line, retired=line.number == out) for line in frame.tower)

    row = points_row(replace(frame, tower=tower))

    assert row.title == "Points if it ended now"
    assert row.cars[0] == (str(frame.tower[1].number), 25)
    assert str(out) not in dict(row.cars)
    assert sum(points for _, _, points in row.teams) == sum(points for _, points in row.cars)
    assert [points for *_, points in row.teams] == sorted(
        (points for *_, points in row.teams), reverse=True
    )


@pytest.mark.parametrize("changed", [{"lap": None}, {"session_type": SessionType.QUALIFYING}])
def test_without_a_race_there_are_no_points(changed: dict[str, Any]) -> None:
    frame = make_frame()

    assert points_row(replace(frame, header=replace(frame.header, **changed))) == PointsRow()
