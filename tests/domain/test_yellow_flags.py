"""Test that race control's messages give the sectors under yellow."""

from __future__ import annotations

import pytest

from pitwall.domain.race import ControlMessage
from pitwall.domain.yellow_flags import yellow_sectors
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
