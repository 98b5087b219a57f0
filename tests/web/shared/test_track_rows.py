"""Test the track map's rows: the circuit once, cars by position or share of the lap."""

from __future__ import annotations

from dataclasses import replace

from pitwall.domain.circuits import CircuitGuide, Corner, Outline, TrackMap
from pitwall.domain.frames import LiveFrame
from pitwall.domain.race import DriverNumber
from pitwall.domain.track_positions import CarPlace
from pitwall.web.shared.page_rows import page_rows
from pitwall.web.shared.track_rows import HUNTED, HUNTS, IN_PIT, mark_rows, places_row, track_row
from tests.web.frames import make_frame

OUTLINE = Outline(
    ((0.0, 0.0), (100.5, 0.0), (50.0, 80.0)), (0.3, 0.7), "the positions of one clean lap of a race"
)
GUIDE = CircuitGuide((Corner("1", (100.4, 0.6)), Corner("2A", (50.0, 80.0))), 30.0, "somebody")


def a_frame(*places: CarPlace) -> LiveFrame:
    return replace(make_frame(), places=places)


def place(number: int, share: float | None = 0.25, *, located: bool = False) -> CarPlace:
    x, y = (12.6, -7.4) if located else (None, None)
    return CarPlace(DriverNumber(number), x, y, share)


def test_an_outline_is_a_flat_list_of_metres() -> None:
    row = track_row(TrackMap("a-race", OUTLINE))

    assert row.points == [0.0, 0.0, 100.5, 0.0, 50.0, 80.0]
    assert row.sectors == [0.3, 0.7]
    assert row.words == "Outline from the positions of one clean lap of a race."


def test_corners_are_drawn_and_their_source_is_named() -> None:
    row = track_row(TrackMap("a-race", OUTLINE, GUIDE))

    assert [(each.name, each.x, each.y) for each in row.corners] == [("1", 100, 1), ("2A", 50, 80)]
    assert row.turn_deg == 30.0
    assert "Corner numbers: somebody." in row.words


def test_without_an_outline_the_page_says_that_it_draws_a_ring() -> None:
    row = track_row(TrackMap("a-race", None, GUIDE))

    assert (row.points, row.corners) == ([], [])
    assert "drawn as a ring" in row.words


def test_a_located_car_is_drawn_where_it_is_and_others_by_their_share() -> None:
    frame = a_frame(place(81, located=True), place(4, 0.5))

    marks = mark_rows(frame, has_outline=True)

    assert marks["81"][:-1] == [13, -7]
    assert marks["4"][:-1] == [5000]


def test_on_a_ring_every_car_is_drawn_by_its_share() -> None:
    marks = mark_rows(a_frame(place(81, 0.9999, located=True)), has_outline=False)

    assert marks["81"][:-1] == [9999]


def test_a_car_says_whether_it_attacks_and_is_attacked() -> None:
    frame = make_frame()
    hunters = {battle.attacker for battle in frame.battles}
    hunted = {battle.defender for battle in frame.battles}
    frame = replace(frame, places=tuple(place(line.number) for line in frame.tower))

    marks = mark_rows(frame, has_outline=False)

    assert hunters
    told = {key: mark[-1] for key, mark in marks.items()}
    assert {int(key) for key, flags in told.items() if flags & HUNTS} == hunters & set(
        map(int, told)
    )
    assert {int(key) for key, flags in told.items() if flags & HUNTED} == hunted & set(
        map(int, told)
    )


def test_a_car_in_the_pits_is_drawn_only_where_the_feed_locates_it() -> None:
    frame = make_frame()
    tower = tuple(replace(line, in_pit=line.number in {81, 4}) for line in frame.tower)
    frame = replace(frame, tower=tower, places=(place(81, located=True), place(4)))

    marks = mark_rows(frame, has_outline=True)

    assert set(marks) == {"81"}
    assert marks["81"][-1] & IN_PIT
    assert places_row(frame, has_outline=True).in_pit == ["NOR"]
    assert places_row(frame, has_outline=False).in_pit == ["PIA", "NOR"]


def test_how_places_are_known_is_said() -> None:
    located, timed = a_frame(place(81, located=True)), a_frame(place(81))

    assert "from the feed" in places_row(located, has_outline=True).words
    assert "estimated" in places_row(located, has_outline=False).words
    assert "estimated" in places_row(timed, has_outline=True).words
    assert "not known" in places_row(a_frame(), has_outline=True).words


def test_a_page_carries_the_circuit_once_made() -> None:
    track = TrackMap("a-race", OUTLINE)
    frame = make_frame()

    assert page_rows(frame, track=track)["track"] is page_rows(frame, track=track)["track"]


def test_pit_lane_and_posts_are_drawn_and_a_part_of_a_lap_says_that_it_is_one() -> None:
    outline = replace(OUTLINE, pit_lane=((1.0, 2.0), (3.0, 4.0)), is_open=True)
    guide = replace(GUIDE, flag_sectors=(Corner("7", (50.2, 79.9)),))

    row = track_row(TrackMap("a-race", outline, guide))

    assert (row.pit, row.open) == ([1.0, 2.0, 3.0, 4.0], True)
    assert [(each.name, each.x, each.y) for each in row.posts] == [("7", 50, 80)]


def test_sectors_under_yellow_are_marked_and_named() -> None:
    frame = make_frame()
    frame = replace(frame, header=replace(frame.header, yellow_sectors=(12, 3, 4)))

    row = places_row(frame, has_outline=True)

    assert row.yellow == [3, 4, 12]
    assert row.flags == "Yellow flags in track sectors 3, 4 and 12."
    assert places_row(make_frame(), has_outline=True).flags == ""
