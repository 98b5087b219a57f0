"""Run the chosen feed: one race after another, a live feed, or whatever `auto` selects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import repeat
from pathlib import Path

from pitwall.app.settings import FeedKind, FeedSpec, Settings
from pitwall.domain.race import Phase
from pitwall.engine.clock import wall_now
from pitwall.engine.race_engine import RaceEngine
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.auto import AutoProgramme
from pitwall.feeds.f1_archive import F1Archive
from pitwall.feeds.f1_archive.client import Downloader
from pitwall.feeds.f1_archive.index import ArchivedSession
from pitwall.feeds.f1_archive.schedule import Schedule, fastf1_calendar
from pitwall.feeds.f1_live import F1_URL, F1LiveFeed
from pitwall.feeds.f1_live.account import expires_at, expiry_words, token_in
from pitwall.feeds.f1_live.probe import Sighting, look
from pitwall.feeds.http import tls
from pitwall.feeds.openf1 import (
    OpenF1Access,
    OpenF1Account,
    OpenF1History,
    OpenF1LiveFeed,
    OpenF1Rest,
)
from pitwall.feeds.openf1.backfill import find_session, is_over
from pitwall.feeds.openf1.client import BRIEF
from pitwall.feeds.openf1.rows import Row
from pitwall.feeds.recording import RecordingFeed
from pitwall.feeds.recording.tape_recorder import TapeRecorder, tape_path
from pitwall.live.director import Director
from pitwall.live.ingest import Ingest
from pitwall.live.intake import Intake
from pitwall.live.publishing import Publisher
from pitwall.live.race_player import PlayRequest, RacePlayer, Takeover
from pitwall.ports.feeds import LiveFeed
from pitwall.ports.forecasts import Predictor
from pitwall.recording.race_recorder import Recorder

# FastF1's copy of the archive, used when F1's own server does not answer.
MIRROR = "https://livetiming-mirror.fastf1.dev"

PlayRequestsOf = Callable[[FeedSpec], Iterable[PlayRequest]]


class FeedRunner:
    """Runs the feed that the settings ask for.

    Args:
        settings: Which feed, and where things are.
        publisher: Publishes frames.
        predictor: Forecasts battles.
        play_requests: Returns the recorded or simulated races of a specification.
        recorder: Writes what is shown to the database; None to write nothing.
    """

    def __init__(
        self,
        settings: Settings,
        publisher: Publisher,
        predictor: Predictor,
        play_requests: PlayRequestsOf,
        recorder: Recorder | None = None,
    ) -> None:
        self._recorder = recorder
        self._settings = settings
        self._publisher = publisher
        self._predictor = predictor
        self._play_requests = play_requests
        self._intake: Intake | None = None
        self._takeover: Takeover | None = None

    async def run(self, takeover: Takeover | None = None) -> None:
        """Play the feed until cancelled.

        Args:
            takeover: The race of `play_requests` that another worker was playing, to continue.

        Raises:
            SettingsError: `PITWALL_FEED` has none of the known forms.
        """
        spec = self._settings.feed_spec()
        self._takeover = takeover
        if spec.kind is FeedKind.AUTO:
            await self._auto()
        elif spec.kind is FeedKind.F1_LIVE:
            await self.live()
        elif spec.kind is FeedKind.OPENF1:
            await self._openf1(spec.race)
        else:
            await self._loop(self._play_requests(spec), self._taken_over())

    async def live(self) -> None:
        """Ingest F1 live timing, and record what it sends."""
        await self._ingest(self._live_feed())

    async def _ingest(self, feed: LiveFeed) -> None:
        tape = None
        if self._settings.record:
            tape = TapeRecorder(
                tape_path(recordings_folder(self._settings), feed.name, wall_now()), feed.name
            )
        recording = self._recorder.watch(feed) if self._recorder else None
        observer = recording.collector if recording else None
        self._intake = Intake(RaceEngine(self._predictor, observer=observer))
        try:
            await Ingest(feed, self._intake, self._publisher, tape).run()
        finally:
            if recording is not None:
                recording.end("finished" if self.live_is_over() else "abandoned")
            if tape is not None:
                await tape.close()

    def live_is_over(self) -> bool:
        """Return whether the race that is ingested has ended."""
        return self._intake is not None and self._intake.state.race.phase in {
            Phase.FINALISED,
            Phase.ENDS,
        }

    async def recorded(self, race_id: str, folder: Path) -> None:
        """Play a race on disk from lights out, again and again."""
        lap = self._settings.start_lap
        request = PlayRequest(
            RecordingFeed(folder, f"archive:{race_id}"),
            from_lap=1 if lap is None else lap,
            speed=self._settings.speed,
        )
        await self._loop(repeat(request))

    async def simulated(self) -> None:
        """Play simulated races."""
        await self._loop(self._play_requests(FeedSpec(FeedKind.SIMULATED)), self._taken_over())

    async def _auto(self) -> None:
        archive = open_archive(self._settings)
        programme = AutoProgramme(
            self._look, archive, open_schedule(self._settings, archive), self, wall_now
        )
        try:
            await Director(programme, self._publisher).run()
        finally:
            await programme.close()

    async def _openf1(self, session: str) -> None:
        """Play a session of OpenF1: live until it ends, from OpenF1's history afterwards."""
        found = await find_openf1_session(self._settings, session)
        if found is not None and is_over(found, wall_now()):
            lap = self._settings.start_lap
            history = open_openf1_history(self._settings, session, found)
            from_lap, speed = 1 if lap is None else lap, self._settings.speed
            request = PlayRequest(history, from_lap=from_lap, speed=speed)
            await self._loop([request], self._taken_over())
        else:
            await self._ingest(open_openf1(self._settings, session, found))

    async def _loop(
        self, play_requests: Iterable[PlayRequest], takeover: Takeover | None = None
    ) -> None:
        player = RacePlayer(self._publisher, self._predictor, recorder=self._recorder)
        await player.run(play_requests, takeover)

    def _taken_over(self) -> Takeover | None:
        """Return the race to continue, the first time only."""
        takeover, self._takeover = self._takeover, None
        return takeover

    async def _look(self) -> Sighting:
        return await look(self._live_feed(), wall_now())

    def _live_feed(self) -> F1LiveFeed:
        token = self._settings.f1tv_token.get_secret_value()
        return F1LiveFeed(token, self._settings.f1_url)


async def find_openf1_session(settings: Settings, session: str) -> Row | None:
    """Return the row of OpenF1's session; None where OpenF1 does not answer."""
    try:
        async with OpenF1Rest(openf1_access(settings), BRIEF) as rest:
            return await find_session(rest, session)
    except FeedUnavailableError:
        return None  # the live feed reports why, and tries again


def open_openf1(settings: Settings, session: str, found: Row | None = None) -> OpenF1LiveFeed:
    """Return OpenF1's live feed; nothing is requested yet."""
    access = openf1_access(settings)
    return OpenF1LiveFeed(access, settings.openf1_mqtt, session, found=found)


def open_openf1_history(
    settings: Settings, session: str, found: Row | None = None
) -> OpenF1History:
    """Return the feed of a past OpenF1 session; nothing is requested yet."""
    return OpenF1History(session, openf1_access(settings), found=found)


def token_warning(settings: Settings) -> Callable[[], str]:
    """Return what warns, with any race on screen, of an F1 TV token that runs out.

    Only `auto` needs it: without it nobody would notice before the next race begins.
    """
    token = token_in(settings.f1tv_token.get_secret_value())
    if not token or settings.feed_spec().kind is not FeedKind.AUTO:
        return str
    expires = expires_at(token)
    return lambda: expiry_words(expires, wall_now())


def openf1_access(settings: Settings) -> OpenF1Access:
    """Return the access to OpenF1 that all of this process share, with its one budget."""
    password = settings.openf1_password.get_secret_value()
    account = (
        OpenF1Account(settings.openf1_user, password) if settings.openf1_user and password else None
    )
    return _shared_access(settings.openf1_url, account)


@cache
def _shared_access(url: str, account: OpenF1Account | None) -> OpenF1Access:
    return OpenF1Access.of(url, account)


def recordings_folder(settings: Settings) -> Path:
    """Return the folder for recordings of live feeds."""
    return settings.data / "recordings"


def open_archive(settings: Settings) -> F1Archive:
    """Return F1's archive, cached in the data folder; nothing is requested yet."""
    roots = (settings.f1_url,) if settings.f1_url != F1_URL else (F1_URL, MIRROR)
    addresses = tuple(f"{root.rstrip('/')}/static" for root in roots)
    return F1Archive(settings.data / "archive", Downloader(addresses, tls()))


def open_schedule(settings: Settings, archive: F1Archive) -> Schedule:
    """Return the schedule: the archive's index first, then FastF1's calendar for future races.

    FastF1 uses fixed addresses, so it is left out where the settings name another F1 server.
    """

    async def indexed(year: int) -> Iterator[ArchivedSession]:
        return iter((await archive.sessions(year)).sessions)

    async def expected(year: int) -> list[ArchivedSession]:
        return await fastf1_calendar(year, settings.data / "fastf1")

    calendars = (indexed, expected) if settings.f1_url == F1_URL else (indexed,)
    return Schedule(calendars, settings.data / "archive" / "schedule.json")
