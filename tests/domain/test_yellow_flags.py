"""Test that race control's messages give the sectors under yellow."""

from __future__ import annotations

import pytest

from pitwall.domain.events import ControlSaid, TimingEvent, TrackStatusChanged
from pitwall.domain.race import ControlMessage, RaceState, TrackStatus
from pitwall.domain.reducer import apply
from pitwall.domain.yellow_flags import sectors_under_yellow, yellow_sectors
from tests.makers import at


def flag(flag: str | None, sector: int | None = None, scope: str = "Sector") -> ControlMessage:
    return ControlMessage(at(0), "Flag", "", flag=flag, scope=scope, sector=sector)


def track(shown: str) -> ControlMessage:
    return flag(shown, scope="Track")


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], {}),
        ([flag("YELLOW", 11)], {11: False}),
        ([flag("DOUBLE YELLOW", 11)], {11: True}),
        ([flag("YELLOW", 11), flag("DOUBLE YELLOW", 11)], {11: True}),
        ([flag("DOUBLE YELLOW", 11), flag("YELLOW", 11)], {11: False}),
        ([flag("YELLOW", 3), flag("YELLOW", 4), flag("CLEAR", 3)], {4: False}),
        ([flag("CLEAR", 3)], {}),
        ([flag("YELLOW", 3), flag("BLUE", 3), flag(None, 3)], {3: False}),
        ([flag("YELLOW", None)], {}),  # a sector that is not named
        ([flag("YELLOW", 3, scope="Driver")], {}),
        ([flag("YELLOW", 3), track("YELLOW")], {3: False}),
        *(
            ([flag("YELLOW", 3), flag("YELLOW", 4), track(all_over)], {})
            for all_over in ("CLEAR", "GREEN", "RED", "CHEQUERED")
        ),
        ([flag("YELLOW", 3), track("CLEAR"), flag("YELLOW", 5)], {5: False}),
    ],
)
def test_a_sector_is_yellow_until_it_or_the_track_is_cleared(
    messages: list[ControlMessage], expected: dict[int, bool]
) -> None:
    assert yellow_sectors(messages) == expected


def status(seconds: float, shown: TrackStatus) -> TimingEvent:
    return TrackStatusChanged(at(seconds), shown)


def said(seconds: float, shown: str, sector: int, told: float | None = None) -> TimingEvent:
    """Return a flag of race control, which may be told later than it was shown."""
    message = ControlMessage(at(seconds), "Flag", f"{shown} {sector}", shown, "Sector", sector)
    return ControlSaid(at(seconds if told is None else told), message)


def after(*events: TimingEvent) -> RaceState:
    race = RaceState()
    for event in events:
        race = apply(race, event)
    return race


@pytest.mark.parametrize("ending", [TrackStatus.CLEAR, TrackStatus.RED])
def test_a_yellow_that_nobody_took_back_ends_with_the_status(ending: TrackStatus) -> None:
    before = (said(0, "YELLOW", 3), status(1, TrackStatus.YELLOW), status(60, ending))
    race = after(*before)
    again = after(*before, said(90, "DOUBLE YELLOW", 7), status(91, TrackStatus.YELLOW))

    assert sectors_under_yellow(race) == {}
    assert sectors_under_yellow(again) == {7: True}
    assert yellow_sectors(again.control) == {3: False, 7: True}  # as the model learnt it


def test_a_sector_is_under_yellow_once_the_status_says_so() -> None:
    first = (status(0, TrackStatus.CLEAR), said(10, "YELLOW", 3))

    assert sectors_under_yellow(after(*first)) == {}
    assert sectors_under_yellow(after(*first, status(11, TrackStatus.YELLOW))) == {3: False}


def test_old_yellows_of_a_snapshot_on_a_clear_track_are_none() -> None:
    snapshot = (status(600, TrackStatus.CLEAR), said(30, "YELLOW", 3, told=600))

    race = after(*snapshot, said(700, "YELLOW", 7), status(701, TrackStatus.YELLOW))

    assert sectors_under_yellow(race) == {7: False}


def test_yellows_of_a_snapshot_on_a_yellow_track_count() -> None:
    race = after(status(600, TrackStatus.YELLOW), said(590, "YELLOW", 3, told=600))

    assert sectors_under_yellow(race) == {3: False}
