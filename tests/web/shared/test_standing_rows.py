"""Test the rows of qualifying and practice: what the page shows in place of battles."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pitwall.domain.frames import LiveFrame
from pitwall.domain.sessions import SessionType
from pitwall.web.shared.event_rows import empty_row
from pitwall.web.shared.header_rows import header_row
from pitwall.web.shared.page_rows import page_rows, waiting_rows
from pitwall.web.shared.standing_rows import SessionRow, session_row, standing_rows
from tests.web.frames import make_frame

FRAME = make_frame(8, "qualifying")


def timed(**changes: object) -> LiveFrame:
    assert FRAME.timed is not None
    return replace(FRAME, timed=replace(FRAME.timed, **changes))  # type: ignore[arg-type]


def test_a_race_has_neither_standings_nor_a_session_row() -> None:
    rows = page_rows(make_frame(8))

    assert rows["session"] == {
        "is_timed": False,
        "title": "",
        "detail": "",
        "part": "",
        "clock": "--:--",
    }
    assert rows["standings"] == []
    assert waiting_rows(1, 30)["standings"] == []


def test_the_title_says_which_session_it_is_and_nothing_calls_it_a_race() -> None:
    header = header_row(FRAME)

    assert header.race == "Dutch Grand Prix · Sprint Qualifying"
    assert header.source_word == "Recorded session"
    assert header_row(make_frame(8)).race == "Dutch Grand Prix"


def test_no_word_says_that_cars_are_not_within_two_seconds() -> None:
    assert empty_row(FRAME).title == ""


def test_part_cut_off_and_clock() -> None:
    assert session_row(FRAME) == SessionRow(
        is_timed=True,
        title="Standings, SQ2",
        detail="10 cars go on to the next part; the last of them has 1:14.100.",
        part="SQ2",
        clock="05:23",
    )


@pytest.mark.parametrize(
    ("remaining_s", "clock"),
    [(None, "--:--"), (0.0, "00:00"), (59.9, "00:59"), (3600.0, "1:00:00")],
)
def test_the_clock(remaining_s: float | None, clock: str) -> None:
    assert session_row(timed(remaining_s=remaining_s)).clock == clock


def test_the_107_percent_limit_is_said_in_the_first_part() -> None:
    first = timed(part=1, part_name="SQ1", limit_s=79.0, goes_on=16, clock_runs=False)

    assert session_row(first).detail == (
        "16 cars go on to the next part; the last of them has 1:14.100. "
        "107 % of the best is 1:19.000. The clock stands."
    )


def test_practice_has_one_part() -> None:
    header = replace(FRAME.header, kind="Practice 2", session_type=SessionType.PRACTICE)
    frame = replace(
        timed(part=None, part_name="", parts=1, goes_on=None, cut_off_s=None), header=header
    )

    row = session_row(frame)
    assert (row.title, row.part) == ("Standings", "P2")
    assert row.detail == "Ordered by best lap. Nobody races for position here."


def test_each_car_shows_time_gap_margin_and_what_it_does() -> None:
    rows = standing_rows(FRAME)

    first, dropping, without_time, out = rows[0], rows[10], rows[15], rows[16]
    assert (first.best, first.gap, first.parts, first.margin, first.status) == (
        "1:13.200",
        "",
        "1:14.500",
        "+1.000",
        "Push lap",
    )
    assert (dropping.gap, dropping.margin, dropping.zone) == ("+1.000", "+0.000", "drop")
    assert (without_time.best, without_time.gap, without_time.margin) == ("", "", "")
    assert (out.status, out.tone, out.zone) == ("Out in SQ1", "out", "")
    assert len(rows) == 22
