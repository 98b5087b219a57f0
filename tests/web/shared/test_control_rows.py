"""Test what the page shows of race control: the pinned flag, the log, and each car's rulings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pitwall.domain.frames import LiveFrame
from pitwall.domain.race import ControlMessage, DriverNumber, Phase, TrackStatus
from pitwall.domain.rulings import rulings_of
from pitwall.domain.yellow_flags import yellow_sectors
from pitwall.web.shared.control_rows import PAGE, control_row, hang_rows, log_rows
from tests.web.frames import LIGHTS_OUT, make_frame

BLUE = "WAVED BLUE FLAG FOR CAR 20 (MAG) TIMED AT 15:17:15"


def said(
    text: str,
    seconds: float = 0,
    flag: str | None = None,
    sector: int | None = None,
    lap: int | None = None,
) -> ControlMessage:
    at = LIGHTS_OUT + timedelta(minutes=30, seconds=seconds)
    scope = None if sector is None else "Sector"
    return ControlMessage(at, "Flag" if flag else "Other", text, flag, scope, sector, lap)


def hearing(*messages: ControlMessage, status: TrackStatus = TrackStatus.CLEAR) -> LiveFrame:
    frame = make_frame()
    rulings = rulings_of(messages)
    tower = tuple(
        replace(car, rulings=rulings[car.number]) if car.number in rulings else car
        for car in frame.tower
    )
    yellow = yellow_sectors(messages)
    header = replace(
        frame.header,
        track_status=status,
        latest_control="",
        yellow_sectors=tuple(yellow),
        double_yellow_sectors=tuple(each for each in yellow if yellow[each]),
    )
    return replace(frame, control=messages, tower=tower, header=header)


def test_a_blue_flag_never_hides_another_message() -> None:
    frame = hearing(said("CAR 4 (NOR) SPUN", 0), said(BLUE, 5, "BLUE"))

    row = control_row(frame)

    assert (row.latest, row.latest_at) == ("CAR 4 (NOR) SPUN", "13:30:00")


def test_a_local_yellow_names_its_sectors_and_its_cause() -> None:
    stopped = said("CAR 18 (STR) STOPPED AT TURN 4")
    frame = hearing(
        said("DOUBLE YELLOW IN TRACK SECTOR 7", 1, "DOUBLE YELLOW", 7),
        said("YELLOW IN TRACK SECTOR 6", 2, "YELLOW", 6),
        stopped,
        status=TrackStatus.YELLOW,
    )

    row = control_row(replace(frame, flag_cause=stopped))

    assert (row.flag, row.title, row.cause) == (
        "yellow",
        "Double yellow flag in sectors 6 and 7",
        "CAR 18 (STR) STOPPED AT TURN 4",
    )


@pytest.mark.parametrize(
    ("status", "phase", "flag", "title"),
    [
        (TrackStatus.CLEAR, Phase.STARTED, "", ""),
        (TrackStatus.YELLOW, Phase.STARTED, "yellow", "Yellow flag"),
        (TrackStatus.SAFETY_CAR, Phase.STARTED, "safety", "Safety car"),
        (TrackStatus.VSC_ENDING, Phase.STARTED, "safety", "Virtual safety car ending"),
        (TrackStatus.CLEAR, Phase.ABORTED, "red", "Red flag"),
        (TrackStatus.SAFETY_CAR, Phase.FINALISED, "", ""),
    ],
)
def test_the_flag_is_pinned_while_it_is_out(
    status: TrackStatus, phase: Phase, flag: str, title: str
) -> None:
    frame = hearing(status=status)
    frame = replace(frame, header=replace(frame.header, phase=phase))

    row = control_row(frame)

    assert (row.flag, row.title) == (flag, title)


def test_the_log_is_whole_newest_first_and_only_its_newest_page_changes() -> None:
    messages = tuple(said(f"MESSAGE {n}", n, lap=n) for n in range(2 * PAGE + 3))
    new, old = log_rows(hearing(*messages))
    _, old_before = log_rows(hearing(*messages[:-1]))

    assert [len(new), len(old)] == [3, 2 * PAGE]
    assert old == old_before
    assert [row["text"] for row in (*new, *old)] == [each.message for each in reversed(messages)]
    assert (new[0]["at"], new[0]["lap"], new[0]["kind"]) == ("13:31:06", str(2 * PAGE + 2), "other")
    assert len({row["key"] for row in (*new, *old)}) == len(messages)


def test_the_log_is_made_again_only_for_a_new_message() -> None:
    frame = hearing(said("DRS ENABLED"), said("DRS DISABLED", 9))
    later = replace(frame, sequence=9)
    newer = replace(frame, control=(*frame.control, said("DRS ENABLED", 20)))

    assert log_rows(later)[0] is log_rows(frame)[0]
    assert len(log_rows(newer)[0]) == 3


def test_a_long_message_is_not_cut_to_a_line() -> None:
    text = "LAPPED CARS MAY NOW OVERTAKE THE SAFETY CAR: " + ", ".join(map(str, range(40)))

    assert log_rows(hearing(said(text)))[0][0]["text"] == text


def test_a_car_shows_what_hangs_over_it_in_letters_and_in_words() -> None:
    frame = hearing(
        said("TURN 1 INCIDENT INVOLVING CARS 4 (NOR) AND 81 (PIA) NOTED - CAUSING A COLLISION", 0),
        said("FIA STEWARDS: 5 SECOND TIME PENALTY FOR CAR 1 (VER) - TRACK LIMITS", 10),
        said("CAR 63 (RUS) TIME 1:13.3 DELETED - TRACK LIMITS AT TURN 9 LAP 1 15:27:53", 20),
    )
    rows = hang_rows(frame)

    assert rows["4"].short == "Noted"
    assert rows["4"].words == "Incident noted: causing a collision, with PIA, Turn 1."
    assert (rows["1"].short, rows["1"].tone) == ("+5 s", "penalty")
    assert rows["1"].words == "5 s penalty for track limits, not served yet."
    assert (rows["63"].short, rows["63"].words) == ("", "1 lap deleted.")
    assert set(rows) == {"4", "81", "1", "63"}


def test_a_served_penalty_is_told_but_hangs_no_more() -> None:
    frame = hearing(
        said("FIA STEWARDS: 10 SECOND TIME PENALTY FOR CAR 4 (NOR) - CAUSING A COLLISION", 0),
        said("FIA STEWARDS: PENALTY SERVED - 10 SECOND TIME PENALTY FOR CAR 4 (NOR)", 9),
    )

    row = hang_rows(frame)["4"]

    assert (row.short, row.tone) == ("", "noted")
    assert row.words == "10 s penalty for causing a collision, served."
    assert DriverNumber(4) in {car.number for car in frame.tower}
