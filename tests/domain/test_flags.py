"""Test that race control's messages give the status of the track."""

from __future__ import annotations

import pytest

from pitwall.domain.flags import NO_FLAGS, ShownFlags, TrackStatus

RED = ShownFlags(TrackStatus.RED)
SC = ShownFlags(TrackStatus.SAFETY_CAR)


@pytest.mark.parametrize("flag", [None, "RED", ""])
@pytest.mark.parametrize("text", ["RED FLAG", "red flag", "RED FLAG DISPLAYED", "RACE SUSPENDED"])
def test_a_red_flag_counts_with_or_without_its_flag(text: str, flag: str | None) -> None:
    after = NO_FLAGS.after("Flag", text, flag, None, None)

    assert after.status is TrackStatus.RED


@pytest.mark.parametrize(
    "text",
    [
        "CAR 4 (NOR) NOTED - FAILING TO FOLLOW RED FLAG PROCEDURE",
        "RED FLAG PROCEDURE UNDER INVESTIGATION",
    ],
)
def test_a_message_about_a_red_flag_is_none(text: str) -> None:
    assert NO_FLAGS.after("Other", text, None, None, None) is NO_FLAGS


@pytest.mark.parametrize("before", [RED, SC, ShownFlags(TrackStatus.YELLOW, frozenset({3}))])
@pytest.mark.parametrize(
    "text", ["GREEN LIGHT - PIT EXIT OPEN", "PIT EXIT OPEN", "PIT LANE ENTRY OPEN"]
)
def test_the_light_at_the_pit_exit_clears_no_track(before: ShownFlags, text: str) -> None:
    assert before.after("Flag", text, "GREEN", "Track", None) is before


def test_flags_of_sectors_make_the_track_yellow_until_the_last_is_clear() -> None:
    flags = NO_FLAGS.after("Flag", "YELLOW IN TRACK SECTOR 3", "YELLOW", "Sector", 3)
    flags = flags.after("Flag", "DOUBLE YELLOW IN SECTOR 4", "DOUBLE YELLOW", "Sector", 4)
    assert flags.status is TrackStatus.YELLOW
    flags = flags.after("Flag", "CLEAR IN TRACK SECTOR 3", "CLEAR", "Sector", 3)
    assert flags.status is TrackStatus.YELLOW
    flags = flags.after("Flag", "CLEAR IN TRACK SECTOR 4", "CLEAR", "Sector", 4)
    assert flags == NO_FLAGS


def test_a_safety_car_stands_until_the_track_is_clear() -> None:
    flags = NO_FLAGS.after("SafetyCar", "SAFETY CAR DEPLOYED", None, None, None)
    flags = flags.after("SafetyCar", "SAFETY CAR IN THIS LAP", None, None, None)
    assert flags == SC
    assert flags.after("Flag", "TRACK CLEAR", "CLEAR", "Track", None) == NO_FLAGS
    assert flags.after("Other", "TRACK CLEAR", None, None, None) == NO_FLAGS
    virtual = NO_FLAGS.after("SafetyCar", "VSC DEPLOYED", None, None, None)
    assert virtual.status is TrackStatus.VIRTUAL_SAFETY_CAR
    ending = virtual.after("SafetyCar", "VSC ENDING", None, None, None)
    assert ending.status is TrackStatus.VSC_ENDING


def test_a_yellow_for_one_car_is_none_of_the_track() -> None:
    assert NO_FLAGS.after("Flag", "YELLOW FLAG FOR CAR 4", "YELLOW", "Driver", 3) is NO_FLAGS
