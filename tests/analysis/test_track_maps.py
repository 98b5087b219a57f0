"""Test that track maps are made in the background: once, and again while there is none."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from pitwall.analysis.track_maps import ASK_AGAIN_S, ASK_LATER_S, MAPS_HELD, TIMES_SOON, TrackMaps
from pitwall.domain.circuits import CircuitGuide, Corner, Outline
from pitwall.domain.stored_races import RaceSummary
from pitwall.errors import RaceNotFoundError, StoreError
from pitwall.ports.races import RaceReader

OUTLINE = Outline(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)))
GUIDE = CircuitGuide((Corner("1", (1.0, 0.0)),), source="somebody")


class Reader:
    """Knows every race, or raises an error."""

    wrong: Exception | None = None

    async def race(self, race_id: str) -> RaceSummary:
        if self.wrong is not None:
            raise self.wrong
        return cast("RaceSummary", race_id)


class Surveyor:
    """Returns a given outline, and counts the calls."""

    def __init__(self, drawn: Outline | None = OUTLINE) -> None:
        self.asked: list[Any] = []
        self.drawn = drawn
        self.may_go = asyncio.Event()
        self.may_go.set()

    async def __call__(self, _reader: RaceReader, race: RaceSummary) -> Outline | None:
        self.asked.append(race)
        await self.may_go.wait()
        return self.drawn


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Guides:
    """Returns a given description of every circuit, and counts the calls."""

    def __init__(self, guide: CircuitGuide | None = None) -> None:
        self.asked = 0
        self.known = guide

    async def __call__(self, _race: RaceSummary) -> CircuitGuide | None:
        self.asked += 1
        return self.known


def maps_of(
    reader: Reader,
    surveyor: Surveyor,
    clock: Clock | None = None,
    guides: Guides | None = None,
) -> TrackMaps:
    guides = guides or Guides(GUIDE)
    return TrackMaps(cast("RaceReader", reader), guides, surveyor, monotonic=clock or Clock())


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_first_does_not_wait_and_later_ones_have_it() -> None:
    surveyor = Surveyor()
    maps = maps_of(Reader(), surveyor)

    assert maps.map_of("a").outline is None
    await settle()

    assert maps.map_of("a").outline == OUTLINE
    await settle()
    assert surveyor.asked == ["a"]


async def test_only_one_asks_at_a_time() -> None:
    surveyor = Surveyor()
    surveyor.may_go.clear()
    clock = Clock()
    maps = maps_of(Reader(), surveyor, clock)

    for _ in range(3):
        maps.map_of("a")
        clock.now_s += ASK_AGAIN_S
        await settle()

    assert surveyor.asked == ["a"]
    surveyor.may_go.set()


async def test_a_circuit_that_cannot_be_drawn_yet_is_asked_about_again_but_not_at_once() -> None:
    surveyor, clock = Surveyor(None), Clock()
    maps = maps_of(Reader(), surveyor, clock)
    maps.map_of("a")
    await settle()

    maps.map_of("a")
    await settle()
    assert len(surveyor.asked) == 1
    clock.now_s += ASK_AGAIN_S
    surveyor.drawn = OUTLINE
    maps.map_of("a")
    await settle()

    assert maps.map_of("a").outline == OUTLINE


async def test_a_circuit_that_is_never_drawn_is_asked_about_more_seldom() -> None:
    surveyor, clock = Surveyor(None), Clock()
    maps = maps_of(Reader(), surveyor, clock)
    for _ in range(TIMES_SOON):
        maps.map_of("a")
        await settle()
        clock.now_s += ASK_AGAIN_S
    assert len(surveyor.asked) == TIMES_SOON

    maps.map_of("a")
    await settle()
    assert len(surveyor.asked) == TIMES_SOON
    clock.now_s += ASK_LATER_S
    maps.map_of("a")
    await settle()

    assert len(surveyor.asked) == TIMES_SOON + 1


@pytest.mark.parametrize(
    "wrong", [RaceNotFoundError("not kept"), StoreError("away"), ZeroDivisionError()]
)
async def test_what_goes_wrong_costs_the_map_alone(wrong: Exception) -> None:
    reader, clock = Reader(), Clock()
    reader.wrong = wrong
    maps = maps_of(reader, Surveyor(), clock)
    maps.map_of("a")
    await settle()

    reader.wrong = None
    clock.now_s += ASK_AGAIN_S
    maps.map_of("a")
    await settle()

    assert maps.map_of("a").outline == OUTLINE


async def test_a_page_without_a_race_asks_for_nothing() -> None:
    surveyor = Surveyor()
    maps_of(Reader(), surveyor).map_of("")
    await settle()

    assert surveyor.asked == []


async def test_maps_have_a_bound() -> None:
    surveyor = Surveyor()
    maps = maps_of(Reader(), surveyor)
    for number in range(MAPS_HELD + 1):
        maps.map_of(f"race-{number}")
        await settle()

    maps.map_of("race-0")
    await settle()

    assert surveyor.asked.count("race-0") == 2


async def test_corners_come_later_and_the_outline_is_not_drawn_again() -> None:
    surveyor, clock, guides = Surveyor(), Clock(), Guides(None)
    maps = maps_of(Reader(), surveyor, clock, guides)
    maps.map_of("a")
    await settle()
    known = maps.map_of("a")
    assert (known.outline, known.guide) == (OUTLINE, None)

    guides.known = GUIDE
    clock.now_s += ASK_LATER_S
    maps.map_of("a")
    await settle()

    assert maps.map_of("a").guide == GUIDE
    assert maps.outline_of("a") == OUTLINE.points
    assert (len(surveyor.asked), guides.asked) == (1, 2)


async def test_a_circuit_known_beforehand_is_there_at_once_and_not_surveyed() -> None:
    surveyor = Surveyor()
    maps = TrackMaps(
        cast("RaceReader", Reader()),
        Guides(GUIDE),
        surveyor,
        known=lambda _: OUTLINE,
        monotonic=Clock(),
    )

    assert maps.map_of("a-race").outline is OUTLINE
    await settle()

    assert maps.map_of("a-race").guide is GUIDE
    assert surveyor.asked == []


async def test_a_provisional_outline_is_shown_and_replaced_by_a_better_one() -> None:
    rough = replace(OUTLINE, is_provisional=True)
    surveyor, clock = Surveyor(rough), Clock()
    maps = maps_of(Reader(), surveyor, clock)
    maps.map_of("a-race")
    await settle()
    assert maps.map_of("a-race").outline is rough

    surveyor.drawn = OUTLINE
    clock.now_s += ASK_AGAIN_S
    maps.map_of("a-race")
    await settle()

    assert maps.map_of("a-race").outline is OUTLINE


async def test_a_published_outline_is_shown_until_a_whole_lap_was_surveyed() -> None:
    published = replace(GUIDE, outline=((0.0, 0.0), (5.0, 0.0), (5.0, 5.0)))
    surveyor, clock = Surveyor(None), Clock()
    maps = maps_of(Reader(), surveyor, clock, Guides(published))
    maps.map_of("a-race")
    await settle()
    outline = maps.map_of("a-race").outline
    assert outline is not None
    assert (outline.points, outline.drawn_from) == (published.outline, "somebody")

    surveyor.drawn = OUTLINE
    clock.now_s += ASK_AGAIN_S
    maps.map_of("a-race")
    await settle()

    assert maps.map_of("a-race").outline is OUTLINE


async def test_when_the_race_starts_its_circuit_is_asked_about_soon_again() -> None:
    surveyor, clock = Surveyor(None), Clock()
    maps = maps_of(Reader(), surveyor, clock)
    for _ in range(TIMES_SOON + 1):  # an hour on the grid
        maps.map_of("a-race")
        await settle()
        clock.now_s += ASK_LATER_S
    asked = len(surveyor.asked)

    for _ in range(3):
        clock.now_s += ASK_AGAIN_S
        maps.map_of("a-race", is_racing=True)
        await settle()

    assert len(surveyor.asked) == asked + 3
