"""Test whose results are hidden from a viewer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from pitwall.domain.race import Phase
from pitwall.domain.sessions import Source
from pitwall.domain.stored_races import RaceFilter, RaceSummary
from pitwall.recording.race_recorder import stored_race_id
from pitwall.web.races.rows import race_row
from pitwall.web.shared.spoilers import Veil, veil_of
from tests.web.frames import make_frame

AT = datetime(2026, 7, 5, 13, tzinfo=UTC)


def a_race(race_id: str, source: str = "recorded", state: str = "finished") -> RaceSummary:
    return RaceSummary(
        race_id, 1, "A", "Race", 2026, None, None, None, AT, AT,
        source, "test", state, 44, 72, 100, "model", 1,
    )  # fmt: skip


class Stored:
    """A reader of these races, the newest first."""

    def __init__(self, *races: RaceSummary) -> None:
        self._races = races

    async def races(self, wanted: RaceFilter, most: int) -> tuple[list[RaceSummary], None]:
        found = [race for race in self._races if wanted.source in {None, race.source}]
        return found[:most], None


async def veil(
    *races: RaceSummary, wish: str = "auto", played: str = "", guest: bool = False
) -> Veil:
    return await veil_of(cast("Any", Stored(*races)), wish, played, is_guest=guest)


async def test_the_newest_race_is_hidden_until_it_was_played() -> None:
    races = (a_race("b"), a_race("a"))

    assert [(await veil(*races)).hides(each) for each in "ba"] == [True, False]
    assert not (await veil(*races, played="x b")).hides("b")
    assert (await veil(*races, wish="hide")).hides("a")
    assert not (await veil(*races, wish="hide", played="a")).hides("a")
    assert not (await veil(*races, wish="show")).hides("b")


async def test_a_race_that_runs_is_news_as_well() -> None:
    hidden = await veil(a_race("c", state="running"), a_race("b"), a_race("a"))

    assert [hidden.hides(each) for each in "cba"] == [True, True, False]


async def test_from_guests_the_newest_race_that_they_may_play_is_hidden_too() -> None:
    races = (a_race("s", Source.SIMULATED.value), a_race("b"), a_race("a"))

    assert [(await veil(*races, guest=True)).hides(each) for each in "sba"] == [True, True, False]
    assert [(await veil(*races)).hides(each) for each in "sba"] == [False, True, False]


def test_the_distance_that_was_driven_tells_of_a_race_cut_short() -> None:
    assert race_row(a_race("a"), veiled=True).laps == "72 laps"
    assert race_row(replace(a_race("a"), total_laps=None), veiled=True).laps == ""
    assert race_row(replace(a_race("a"), total_laps=None), veiled=False).laps == "44 laps"


@pytest.mark.parametrize(
    ("wish", "phase", "source", "hidden"),
    [
        ("auto", Phase.STARTED, Source.LIVE, False),
        ("auto", Phase.FINISHED, Source.LIVE, True),
        ("auto", Phase.FINISHED, Source.SIMULATED, False),
        ("hide", Phase.STARTED, Source.SIMULATED, True),
        ("show", Phase.FINISHED, Source.LIVE, False),
    ],
)
def test_the_live_page_hides_a_race_that_is_over(
    wish: str, phase: Phase, source: Source, hidden: bool
) -> None:
    header = replace(make_frame().header, phase=phase, source=source)

    assert Veil(wish).hides_live(header) is hidden
    assert not Veil(wish, frozenset({stored_race_id(header)})).hides_live(header)
