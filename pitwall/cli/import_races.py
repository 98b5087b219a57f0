"""`pitwall import`: load finished races into the database."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import click

from pitwall.app import container
from pitwall.app import database as app_database
from pitwall.app.settings import load
from pitwall.cli.coroutines import waiting
from pitwall.cli.import_workers import Workers, collect_rarely
from pitwall.cli.progress import ProgressBar
from pitwall.cli.races import fetch_race
from pitwall.errors import FeedUnavailableError, PitwallError, RaceNotFoundError, shown
from pitwall.feeds.recording import recordings_at
from pitwall.feeds.timing import WITH_TELEMETRY, TimingFeed, folder_beside, list_races
from pitwall.logs import one_line
from pitwall.ports.feeds import RecordedFeed
from pitwall.ports.forecasts import Predictor
from pitwall.recording.import_race import Imported, Importing, import_race
from pitwall.recording.recording_report import RecordingReport
from pitwall.store import migrations
from pitwall.store.database import Database
from pitwall.store.race_reader import SqlRaceReader
from pitwall.store.race_writer import SqlRaceWriter

_SENTENCES = {
    "imported": "{race_id}: {messages:,} messages, {predictions:,} forecasts",
    "known": "{race_id}: already stored",
    "other_source": "{race_id}: already stored from {stored_from}; --replace imports it again",
    "no_telemetry": "{race_id}: already stored, without car telemetry; --replace adds it",
    "no_race": "{feed}: names no race; nothing was stored",
}
_MOST_JOBS, _JOBS_AT_MOST = 4, 64
_YEAR_DIGITS = 4


def _jobs(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= _JOBS_AT_MOST:
        message = f"{text[:20]!a} is no number from 1 to {_JOBS_AT_MOST}"
        raise click.BadParameter(message)
    return int(text)


@click.command(
    epilog="""
    \b
    Examples:
      pitwall import 2025 zandvoort             from F1's archive
      pitwall import 2025 spa sprint
      pitwall import RACE RACE.jsonl.zst        recordings: folders or files
      pitwall import timing:DIR                 a whole timing archive
      pitwall import timing:DIR#2025-dutch-grand-prix-race --replace

    Stop it at any time: the same command goes on where it stopped.
    """
)
@click.argument("what", nargs=-1, required=True)
@click.option("--replace", is_flag=True, help="Delete the stored copies of these races first.")
@click.option(
    "--jobs",
    type=_jobs,
    default=str(min(os.cpu_count() or 1, _MOST_JOBS)),
    show_default=True,
    metavar="N",
    help=f"How many races to play at once, each on a core and with some 700 MB of memory. By "
    f"default one for each core, {_MOST_JOBS} at most.",
)
@waiting
async def command(what: tuple[str, ...], replace: bool, jobs: int) -> int:
    """Store finished races, with a forecast and its outcome for every second of each battle.

    WHAT is a recording, timing:DIR#RACE, or timing:DIR for a whole archive; or a year and a race's
    circuit, place or name, which is fetched from F1's archive. A race that fails is named and does
    not stop the others.
    """
    feeds = await _feeds_of(what)
    settings = load()
    jobs = min(jobs, len(feeds))
    predictor = container.load_predictor(settings) if jobs == 1 else None
    if predictor is not None:
        collect_rarely()
    database = app_database.open_database(settings)
    try:
        await migrations.upgrade(database)
        if predictor is None:
            return await _import_at_once(feeds, database, jobs, replace=replace)
        failed = 0
        for number, feed in enumerate(feeds.values(), 1):
            title = f"{number}/{len(feeds)} {feed.name}"
            how = Importing(replace=replace)
            failed += not await _import_one(feed, title, SqlRaceWriter(database), predictor, how)
        return 1 if failed else 0
    finally:
        await database.close()


async def _import_at_once(
    feeds: Mapping[str, RecordedFeed],
    database: Database,
    jobs: int,
    *,
    replace: bool,
) -> int:
    """Import races that workers play; return the exit code."""
    reader, failed = SqlRaceReader(database), 0

    async def stored_of(race_id: str) -> tuple[int, bool]:
        if replace:
            return 0, False
        try:
            race = await reader.race(race_id)
        except RaceNotFoundError:
            return 0, False
        return race.messages, race.state == "finished"

    writer = SqlRaceWriter(database)
    async with Workers(list(feeds), open_one, stored_of, jobs) as workers:
        for number, (feed, play) in enumerate(zip(feeds.values(), workers.plays, strict=True), 1):
            how = Importing(replace=replace, play=play)
            title = f"{number}/{len(feeds)} {feed.name}"
            failed += not await _import_one(feed, title, writer, None, how)
            workers.written()
    return 1 if failed else 0


async def _import_one(
    feed: RecordedFeed,
    title: str,
    writer: SqlRaceWriter,
    predictor: Predictor | None,
    how: Importing,
) -> bool:
    """Import a race, and print the result; return whether that worked."""
    try:
        with ProgressBar(title) as progress:
            how = dataclasses.replace(how, on_progress=progress.show)
            imported = await import_race(feed, writer, predictor, how)
        _print_result(feed, imported)
    except PitwallError as error:
        sys.stderr.write(one_line(f"{feed.name}: {error}") + "\n")
        return False
    return True


async def _feeds_of(words: Sequence[str]) -> dict[str, RecordedFeed]:
    """Return the feeds that the arguments name, by what `open_one` takes.

    A year and words fetch a race.
    """
    year, *race = words
    if race and year.isdecimal() and len(year) == _YEAR_DIGITS:
        folder = await fetch_race(int(year), " ".join(race))
        print(f"complete in {one_line(str(folder))}")
        words = [f"recording:{folder}"]
    return {
        f"{path}#{feed.race.race_id}"
        if isinstance(feed, TimingFeed) and "#" not in path
        else path: feed
        for path in words
        for feed in feeds_at(path)
    }


def open_one(path: str) -> RecordedFeed:
    """Return the only feed that a path names."""
    return next(feeds_at(path))


def feeds_at(path: str) -> Iterator[RecordedFeed]:
    """Yield the feeds that a path names.

    Raises:
        FeedUnavailableError: The path names no recording.
        RaceNotFoundError: The archive has no such race.
    """
    kind, _, rest = path.partition(":")
    if not path.strip() or (kind in {"recording", "timing"} and not rest.strip()):
        raise FeedUnavailableError(f"{shown(path)} names no path")
    if kind != "timing":
        yield from recordings_at(Path(rest if kind == "recording" else path).expanduser())
        return
    archive, _, race = rest.partition("#")
    folder = Path(archive).expanduser()
    for race_id in [race] if race else [entry.race_id for entry in list_races(folder)]:
        yield TimingFeed(folder, race_id, folder_beside(folder))


def _print_result(feed: RecordedFeed, imported: Imported) -> None:
    print(result_sentence(feed.name, imported))
    if imported.findings is not None:
        for line in what_was_found(getattr(feed, "recorder", ""), imported.findings):
            print(f"  {line}")
    if imported.faults:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(imported.faults.items()))
        print(f"  faulty messages, left out or moved in time: {kinds}")


def result_sentence(feed: str, imported: Imported) -> str:
    """Return the result of importing a feed, as a sentence."""
    adds_telemetry = (
        imported.outcome == "other_source" and feed == imported.stored_from + WITH_TELEMETRY
    )
    sentence = _SENTENCES["no_telemetry" if adds_telemetry else imported.outcome]
    fields = {
        name: getattr(imported, name)
        for name in ("race_id", "messages", "predictions", "stored_from")
    }
    return sentence.format(feed=feed, **fields)


def what_was_found(recorder: str, found: RecordingReport) -> Iterator[str]:
    """Yield what a feed holds, a line each: recorder, session, span, topics, what is missing."""
    if recorder:
        yield f"recorded by: {recorder}"
    session = " ".join(filter(None, [str(found.info.year or ""), found.info.name, found.info.kind]))
    yield f"session: {session or 'not named'}"
    if found.first_at is not None and found.last_at is not None:
        lasted = timedelta(seconds=round((found.last_at - found.first_at).total_seconds()))
        yield f"time: {found.first_at:%Y-%m-%d %H:%M:%S} to {found.last_at:%H:%M:%S} UTC, {lasted}"
    yield "messages: " + ", ".join(f"{count:,} {topic}" for topic, count in found.topics.items())
    if found.missing:
        yield f"missing: {', '.join(found.missing)}"
    if found.inferred:
        yield f"inferred: {', '.join(found.inferred)}"
    if found.laps_taken_back:
        yield (
            f"laps taken back by a red flag: {found.laps_taken_back}; those driven again count, "
            "and the others are marked as deleted"
        )
