"""Test that the next race is known, and that rescheduled races are noticed, even on restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.f1_archive.index import ArchivedSession
from pitwall.feeds.f1_archive.schedule import Calendar, Schedule, read_rows

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def a_race(name: str, starts_at: datetime) -> ArchivedSession:
    return ArchivedSession(
        race_id=f"2026-{name.lower()}-grand-prix-race",
        year=2026,
        meeting=f"{name} Grand Prix",
        kind="Race",
        circuit="",
        location="",
        country="",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        path="",
    )


BRITISH = a_race("British", NOW + timedelta(days=4, hours=2))
BELGIAN = a_race("Belgian", NOW + timedelta(days=18))
AUSTRIAN = a_race("Austrian", NOW - timedelta(days=3))


def telling(*races: ArchivedSession) -> Calendar:
    async def calendar(year: int) -> tuple[ArchivedSession, ...]:
        return tuple(race for race in races if race.year == year)

    return calendar


async def refusing(_year: int) -> tuple[ArchivedSession, ...]:
    raise FeedUnavailableError("No calendar.")


async def test_the_next_race_is_the_first_that_has_not_begun(tmp_path: Path) -> None:
    schedule = Schedule([telling(AUSTRIAN, BELGIAN, BRITISH)], tmp_path / "kept.json")

    await schedule.refresh(NOW)

    assert schedule.next_race(NOW) == BRITISH
    assert schedule.next_race(BRITISH.starts_at) == BELGIAN
    assert schedule.next_race(NOW + timedelta(days=100)) is None
    assert schedule.moved == ()


async def test_a_race_that_moved_is_noticed_even_after_a_restart(tmp_path: Path) -> None:
    await Schedule([telling(BRITISH, BELGIAN)], tmp_path / "kept.json").refresh(NOW)
    later = replace(BRITISH, starts_at=BRITISH.starts_at + timedelta(hours=3))
    schedule = Schedule([telling(later, BELGIAN)], tmp_path / "kept.json")

    await schedule.refresh(NOW)
    await schedule.refresh(NOW)

    (moved,) = schedule.moved
    assert moved.words == "British Grand Prix (Race) moved from 14:00 to 17:00 UTC."
    assert schedule.next_race(NOW) == later


async def test_a_calendar_that_fails_leaves_the_others(tmp_path: Path) -> None:
    schedule = Schedule([refusing, telling(BRITISH)], tmp_path / "kept.json")
    alone = Schedule([refusing], tmp_path / "other.json")

    await schedule.refresh(NOW)
    await alone.refresh(NOW)

    assert schedule.next_race(NOW) == BRITISH
    assert schedule.unknown_because == ""
    assert alone.next_race(NOW) is None
    assert alone.unknown_because == "No calendar."


def test_fastf1s_events_become_races() -> None:
    events = pd.DataFrame(
        {
            "EventName": ["British Grand Prix", "Belgian Grand Prix"],
            "Location": ["Silverstone", "Spa-Francorchamps"],
            "Country": ["United Kingdom", "Belgium"],
            "Session2": ["Sprint Qualifying", "Practice 2"],
            "Session2DateUtc": [pd.Timestamp("2026-07-03 15:30"), pd.NaT],
            "Session3": ["Sprint", "Practice 3"],
            "Session3DateUtc": [pd.Timestamp("2026-07-04 11:00"), pd.NaT],
            "Session5": ["Race", "Race"],
            "Session5DateUtc": [pd.Timestamp("2026-07-05 14:00"), pd.NaT],
        }
    )

    races = list(read_rows(events.to_dict("records"), 2026))

    assert [(race.race_id, race.starts_at) for race in races] == [
        ("2026-british-grand-prix-sprint", datetime(2026, 7, 4, 11, tzinfo=UTC)),
        ("2026-british-grand-prix-race", datetime(2026, 7, 5, 14, tzinfo=UTC)),
    ]
