"""`pitwall races`: list the races of a season; also fetch one for `import`."""

from __future__ import annotations

import re
from pathlib import Path

import click

from pitwall.app.feed_runner import open_archive, open_schedule
from pitwall.app.settings import load
from pitwall.cli.coroutines import waiting
from pitwall.domain.countdown import countdown
from pitwall.engine.clock import wall_now
from pitwall.feeds.f1_archive import ArchivedSession
from pitwall.feeds.f1_archive.index import find_race


def _season(text: str) -> int:
    if not re.fullmatch(r"(19|20)[0-9]{2}", text):
        message = "a season is a year, such as 2025"
        raise click.BadParameter(message)
    return int(text)


@click.command(
    epilog="""
    \b
    Examples:
      pitwall races           this season, and when the next race is
      pitwall races 2025
    """
)
@click.argument("year", type=_season, metavar="[YEAR]", required=False)
@waiting
async def command(year: int | None) -> int:
    """List the races of a season; which of them F1's archive has, and which are on disk.

    Without YEAR it is this year's.
    """
    settings, now = load(), wall_now()
    archive = open_archive(settings)
    index = await archive.sessions(year or now.year)
    if index.old_because:
        print(f"showing the last copy on disk: {index.old_because}")
    for session in index.sessions:
        if session.is_race:
            is_on_disk = await archive.is_whole(session)
            print(
                _line(
                    session, "on disk" if is_on_disk else "archived" if session.path else "to come"
                )
            )
    if year in {None, now.year}:
        schedule = open_schedule(settings, archive)
        await schedule.refresh(now)
        for moved in schedule.moved:
            print(moved.words)
        if (race := schedule.next_race(now)) is not None:
            print(f"next: {race.meeting} ({race.kind}) in {countdown(race.starts_at - now)}")
    return 0


def _line(session: ArchivedSession, where: str) -> str:
    starts = f"{session.starts_at:%Y-%m-%d %H:%M} UTC"
    place = session.circuit or session.location
    return f"{starts}  {where:<9} {session.kind:<7} {session.meeting}, {place}"


async def fetch_race(year: int, words: str) -> Path:
    """Return the folder of a race of F1's archive, after fetching the files it lacks.

    Raises:
        RaceNotFoundError: The words match no race, or several.
        FeedUnavailableError: The race cannot be fetched.
    """
    archive = open_archive(load())
    race = find_race((await archive.sessions(year)).sessions, words)
    print(f"{race.meeting}, {race.kind} of {race.starts_at:%d %B %Y}")
    return await archive.fetch(race, on_progress=lambda line: print(f"  {line}"))
