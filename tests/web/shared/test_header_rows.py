"""Test what the header says about the race and the feed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.domain.race import Phase, TrackStatus
from pitwall.web.shared.header_rows import header_row, notice_row, pulse_row
from tests.web.frames import make_frame


def with_header(frame: LiveFrame, **changes: object) -> LiveFrame:
    return replace(frame, header=replace(frame.header, **changes))  # type: ignore[arg-type]


def test_the_header_names_race_lap_flag_clock_and_source() -> None:
    row = header_row(make_frame(4))

    assert (row.race, row.venue) == ("Dutch Grand Prix", "Race · Zandvoort · 2026")
    assert (row.lap, row.total_laps, row.clock) == ("23", "72", "13:31:01")
    assert (row.flag, row.flag_word) == ("clear", "Track clear")
    assert (row.source_word, row.pace) == ("Simulated race", "\N{MULTIPLICATION SIGN}1")
    assert (row.overtake_label, row.overtake_word) == ("Overtake mode", "enabled")


@pytest.mark.parametrize(
    ("source", "speed", "word", "pace"),
    [
        ("live", 1.0, "Live", ""),
        ("recorded", 8.0, "Recorded race", "Replay \N{MULTIPLICATION SIGN}8"),
        (
            "reconstructed",
            0.5,
            "Reconstructed from timing archive",
            "Replay \N{MULTIPLICATION SIGN}0.5",
        ),
    ],
)
def test_the_source_is_always_named(source: str, speed: float, word: str, pace: str) -> None:
    row = header_row(with_header(make_frame(), source=source, speed=speed))

    assert (row.source_word, row.pace) == (word, pace)


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"track_status": TrackStatus.YELLOW}, "yellow"),
        ({"track_status": TrackStatus.SAFETY_CAR}, "safety"),
        ({"track_status": TrackStatus.VSC_ENDING}, "safety"),
        ({"phase": Phase.ABORTED}, "red"),
        ({"phase": Phase.INACTIVE, "track_status": TrackStatus.RED}, "red"),
        ({"phase": Phase.INACTIVE}, "waiting"),
        ({"phase": Phase.FINISHED, "track_status": TrackStatus.YELLOW}, "chequered"),
        ({"as_of": None}, "unknown"),
    ],
)
def test_the_flag_that_matters_most_is_shown(changes: dict[str, object], flag: str) -> None:
    assert header_row(with_header(make_frame(), **changes)).flag == flag


def test_before_2026_the_overtake_aid_is_drs() -> None:
    row = header_row(with_header(make_frame(), year=2025, overtake_enabled=None))

    assert (row.overtake_label, row.overtake, row.overtake_word) == ("DRS", "unknown", "unknown")


def test_unknown_laps_are_dashes_not_zero() -> None:
    row = header_row(with_header(make_frame(), lap=None, total_laps=None))

    assert (row.lap, row.total_laps) == ("--", "--")


def test_the_pulse_of_an_unknown_age_is_minus_one() -> None:
    row = pulse_row(replace(make_frame(7), data_age_s=None))

    assert (row.sequence, row.age_s, row.feed) == (7, -1.0, "flowing")


def test_a_failed_feed_says_why() -> None:
    header = replace(make_frame().header, feed_state=FeedState.FAILED, feed_detail="No such file.")

    row = notice_row(header)

    assert (row.tone, row.title, row.detail) == (
        "failed",
        "Feed simulated:7 failed",
        "No such file.",
    )


def test_a_flowing_feed_says_nothing() -> None:
    assert notice_row(make_frame().header).title == ""


def test_the_clocks_of_feed_and_page_are_compared_where_they_were_measured() -> None:
    assert header_row(make_frame(4)).skew == ""
    behind = header_row(with_header(make_frame(4), clock_skew_s=1.25))
    ahead = header_row(with_header(make_frame(4), clock_skew_s=-0.5))

    assert behind.skew == "clock and delivery 1.2 s behind this server's"
    assert ahead.skew == "clock 0.5 s ahead of this server's"


def test_gaps_are_counted_once_there_are_any() -> None:
    words = [header_row(with_header(make_frame(4), gaps=gaps)).gaps for gaps in (0, 1, 3)]

    assert words == ["", "1 connection gap bridged", "3 connection gaps bridged"]


def test_the_next_race_is_counted_down_to_and_a_moved_one_is_told() -> None:
    frame = make_frame(4)
    at = frame.published_at + timedelta(days=2, hours=3)
    row = header_row(with_header(frame, next_race="Dutch Grand Prix", next_race_at=at))
    moved = header_row(with_header(frame, race_moved="It moved."))

    assert row.next_race == "Next: Dutch Grand Prix in 2 d 3 h"
    assert moved.next_race == "It moved."


def test_a_shared_cache_that_is_away_is_told_where_the_feed_has_nothing_to_say() -> None:
    flowing = make_frame().header
    failed = replace(flowing, feed_state=FeedState.FAILED, feed_detail="No such file.")

    row = notice_row(flowing, "One worker goes on alone.")

    assert (row.tone, row.title) == ("told", "Shared cache unavailable")
    assert row.detail == "One worker goes on alone."
    assert notice_row(failed, "One worker goes on alone.").detail == "No such file."


def test_before_the_first_message_a_race_is_being_opened_and_no_signal_is_missing() -> None:
    unknown = {"as_of": None, "name": ""}
    opening = header_row(with_header(make_frame(), feed_state=FeedState.CONNECTING, **unknown))
    silent = header_row(with_header(make_frame(), feed_state=FeedState.STALE, **unknown))

    assert (opening.race, opening.flag_word) == ("Opening the race", "Starting")
    assert (silent.race, silent.flag_word) == ("Race name not known yet", "No signal")
