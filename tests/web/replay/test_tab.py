"""Test how one tab's replay carries out commands, and what it shows of the race."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pitwall.domain.frames import LiveFrame
from pitwall.domain.stored_races import RaceSummary
from pitwall.domain.timeline import Fight, Pass, Span, Stop, Timeline
from pitwall.ports.replays import ReplayPace
from pitwall.web.replay.tab import TabReplay, Tabs, moment_of
from pitwall.web.replay.timeline_rows import timeline_row
from tests.web.frames import make_frame

BEGINS = datetime(2026, 7, 5, 13, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGINS + timedelta(seconds=seconds)


LINE = Timeline(
    begins=BEGINS,
    ends=at(1_000),
    started=at(100),
    flags=(Span("safety_car", at(400), at(500)),),
    laps=tuple((at(100 + 90 * lap), lap + 1) for lap in range(10)),
    stops=(Stop(at(600), 4, 6),),
    fights=(
        Fight(4, 81, at(200), at(300), 0.7, 0.7, is_false_alarm=False),
        Fight(81, 1, at(550), at(640), 0.6, None, is_false_alarm=True),
    ),
    passes=(Pass(at(300), 4, 81, 2, 0.7), Pass(at(700), 1, 4, 1, None)),
    heat=(0.0, 0.5, 0.2, 0.1),
    codes={4: "NOR", 81: "PIA", 1: "VER"},
)


class Looking:
    """A viewing that notes what it is asked for."""

    race = RaceSummary(
        "a-race", 1, "A", "Race", 2026, None, None, None, BEGINS, at(1_000),
        "recorded", "test", "finished", 10, 10, 100, "model", 1,
    )  # fmt: skip

    def __init__(self) -> None:
        self.asked: list[tuple[datetime, ReplayPace]] = []

    async def frame(self, at: datetime, pace: ReplayPace) -> LiveFrame:
        self.asked.append((at, pace))
        return make_frame()


def replay(*, veiled: bool = False) -> TabReplay:
    return TabReplay(Looking(), LINE, veiled=veiled)


def test_it_begins_at_lights_out_and_stands() -> None:
    tab = replay()

    assert tab.at == at(100)
    assert tab.clock.paused


@pytest.mark.parametrize(
    ("wishes", "stands_at_s"),
    [
        (["seek 250.5"], 250.5),
        (["seek 99999"], 1_000),
        (["seek -5"], 0),
        (["seek soon"], 100),
        (["by 10", "by 10 #2"], 120),
        (["by -60"], 40),
        (["step lap 1"], 190),
        (["seek 300", "step lap -1"], 280),
        (["step battle 1"], 200),
        (["seek 600", "step battle -1"], 550),
        (["step pass 1"], 292),
        (["seek 900", "step pass 1"], 900),
        (["go lap 3"], 280),
        (["go 13:05"], 300),
        (["go 13:05:30"], 330),
        (["go lap 77"], 100),
        (["dance"], 100),
        ([""], 100),
    ],
)
def test_wishes_move_it(wishes: list[str], stands_at_s: float) -> None:
    tab = replay()

    for wish in wishes:
        tab.wish(wish)

    assert tab.at == at(stands_at_s)


def test_speeds_go_in_steps_and_stay_within_their_limits() -> None:
    tab = replay()

    tab.wish("speed up")
    assert tab.clock.speed == 2
    for _ in range(20):
        tab.wish("speed up")
    assert tab.clock.speed == 60
    tab.wish("speed 0.1")
    assert tab.clock.speed == 0.5
    tab.wish("speed nan")
    assert tab.clock.speed == 0.5


@pytest.mark.parametrize(
    ("words", "note"),
    [
        ("go banana", '"banana" is neither a lap nor a time: try lap 12 or 13:42.'),
        ("go lap 77", "This race has no lap 77."),
        ("go 23:59", '"23:59" is outside the race.'),
        ("go lap 3", ""),
    ],
)
async def test_a_place_that_is_none_is_told_until_the_next_command(words: str, note: str) -> None:
    tab = replay()
    tab.wish(words)

    _, own = await tab.rows()

    assert own["head"]["note"] == note
    tab.wish("toggle")
    _, own = await tab.rows()
    assert own["head"]["note"] == ""


def test_a_battle_is_chosen_by_numbers_or_letters() -> None:
    tab = replay()

    for words, chosen in (("4-81", (4, 81)), ("ver-NOR", (1, 4)), ("4-99", None), ("", None)):
        tab.wish(f"battle {words} #1")
        assert tab.battle == chosen


async def test_at_the_end_it_stands_and_playing_again_begins_anew() -> None:
    tab = replay()
    tab.wish("toggle")
    tab.wish("seek 1000")

    _, own = await tab.rows()

    assert tab.clock.paused
    assert tab.is_played
    assert not own["head"]["playing"]
    tab.wish("toggle")
    assert at(100) <= tab.at < at(110)
    assert not tab.clock.paused


async def test_nothing_later_is_told_behind_the_veil() -> None:
    tab = replay(veiled=True)
    tab.seek(at(310))

    _, own = await tab.rows()

    told = own["line"]
    assert [mark["words"] for mark in told["passes"]] == [
        "13:05:00: NOR passes PIA for P2, forecast at 70 %"
    ]
    assert told["flags"] == told["stops"] == []
    assert [mark["words"] for mark in told["laps"]] == ["1"]
    assert told["summary"].startswith("so far 1 pass,")
    tab.wish("veil off")
    _, own = await tab.rows()
    assert len(own["line"]["passes"]) == 2


async def test_going_back_keeps_what_was_seen() -> None:
    tab = replay(veiled=True)
    tab.seek(at(310))
    await tab.rows()
    tab.seek(at(200))

    _, own = await tab.rows()

    assert own["head"]["seen_s"] == 310
    assert "line" not in own


async def test_the_timeline_is_sent_once_where_nothing_is_hidden() -> None:
    tab = replay()

    lines = ["line" in (await tab.rows())[1] for _ in range(3)]

    assert lines == [True, False, False]


async def test_the_frame_is_asked_at_the_speed_of_the_clock() -> None:
    looking = Looking()
    tab = TabReplay(looking, LINE, veiled=False)
    tab.wish("speed 8")

    rows, own = await tab.rows()

    assert looking.asked == [(at(100), ReplayPace(8, paused=True))]
    assert own["head"]["at"] == "2026-07-05T13:01:40.000Z"
    assert own["head"]["spoken"] == "13:01:40 UTC, lap 1"
    assert rows["pulse"]["age_s"] == -1


def test_marks_lie_where_they_happened() -> None:
    row = timeline_row(LINE)

    assert (row.flags[0].left, row.flags[0].width) == ("40.000%", "10.000%")
    assert [mark.kind for mark in row.passes] == ["called", "missed"]
    assert row.stops[0].left == "60.000%"
    assert row.heat == "0,100 0,100 1,50 2,80 3,90 3,100"
    assert row.summary == "2 passes, 1 pit stop, 1 flag or safety car"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-07-05T13:02:00Z", at(120)),
        ("2026-07-05T15:02:00+02:00", at(120)),
        ("2026-07-05T15:02:00 02:00", at(120)),  # a plus that a browser took for a blank
        ("2026-07-05T13:02:00", at(120)),
        ("1e400", None),
        ("99999999999999", None),
        ("25:00:00:00", None),
        ("nan", None),
    ],
)
def test_a_link_names_a_moment_or_none(text: str, moment: datetime | None) -> None:
    assert moment_of(text, BEGINS) == moment


def test_a_race_over_midnight_has_moments_of_the_next_day() -> None:
    late = datetime(2023, 11, 18, 22, 30, tzinfo=UTC)

    assert moment_of("00:15", late) == datetime(2023, 11, 19, 0, 15, tzinfo=UTC)


def test_only_so_many_tabs_are_held_and_an_old_watcher_ends_nothing_new() -> None:
    held = Tabs(most=2)
    first, second, third = replay(), replay(), replay()
    held.put("a", 1, first)
    held.put("b", 1, second)
    held.put("c", 1, third)
    assert held.get("a") is None

    held.put("b", 2, first)
    held.end("b", 1)
    assert held.get("b") is first
    held.end("b", 2)
    assert held.get("b") is None
