"""Fetch the archive's indexes and sessions to disk once, check them, and serve them offline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.f1_archive.client import Downloaded, Downloader, FileNotOnServerError, check_of
from pitwall.feeds.f1_archive.index import ArchivedSession, load_json, read_files, read_sessions
from pitwall.feeds.recording.formats import SUFFIX

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
STATUS = "ArchiveStatus.json"
COMPLETE, GROWING = "Complete", "Generating"
# A session whose archive never says so is taken for complete this long after its announced end.
SETTLES_WITHIN = timedelta(days=1)
KEY_FRAME = ".json"
# The topics for the decoder and for the session's clock; car telemetry last, as it is large.
TOPICS = (
    "SessionInfo",
    "DriverList",
    "SessionStatus",
    "TrackStatus",
    "LapCount",
    "TimingData",
    "TimingAppData",
    "RaceControlMessages",
    "WeatherData",
    "ExtrapolatedClock",
    "SessionData",
    "Heartbeat",
    "TimingStats",
    "TyreStintSeries",
    "PitStopSeries",
    "OvertakeSeries",
    "TopThree",
    "ChampionshipPrediction",
    "TeamRadio",
    "CarData.z",
    "Position.z",
)


class ArchiveGrowingError(FeedUnavailableError):
    """A session that is still being written to the archive."""

    def __init__(self, race_id: str) -> None:
        super().__init__(
            f"{race_id} is still being written to the archive. What is there so far has been "
            "fetched; ask again later for the rest."
        )


@dataclass(frozen=True, slots=True)
class YearIndex:
    """The sessions of a year, oldest first.

    Attributes:
        old_because: Why the copy on disk is used; "" for an index just fetched.
    """

    sessions: tuple[ArchivedSession, ...]
    old_because: str = ""


class F1Archive:
    """Fetches indexes and sessions into a folder.

    Args:
        folder: The folder of copies, laid out as on the server.
        downloader: Fetches files below `static/`.
        now: The wall clock.
    """

    def __init__(
        self,
        folder: Path,
        downloader: Downloader,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._downloader = downloader
        self._now = now

    async def sessions(self, year: int) -> YearIndex:
        """Return the sessions of a year, from the server, else from the last copy on disk.

        Raises:
            FeedUnavailableError: There is neither.
        """
        path = f"{year}/Index.json"
        copy = self._folder / path
        try:
            body = await self._downloader.fetch_text(path)
            sessions = tuple(read_sessions(load_json(body, path), year))
        except FeedUnavailableError as error:
            if not copy.is_file():
                raise
            old = await asyncio.to_thread(copy.read_bytes)
            return YearIndex(tuple(read_sessions(load_json(old, path), year)), str(error))
        await asyncio.to_thread(_write_copy, copy, body)
        return YearIndex(sessions)

    def folder_of(self, session: ArchivedSession) -> Path:
        """Return the folder of a session's files, whether they are fetched or not."""
        return self._folder / session.path

    async def fetch(
        self, session: ArchivedSession, on_progress: Callable[[str], None] = lambda _text: None
    ) -> Path:
        """Fetch the missing, damaged or grown files of a session, and return its folder.

        Streams grow while a session runs, and for half an hour after it. What is there is fetched
        at once, and the rest the next time.

        Args:
            session: Which session.
            on_progress: Called with a line of progress for each file.

        Raises:
            ArchiveGrowingError: It is still being written; what is there so far is on disk.
            FeedUnavailableError: It is not archived, or cannot be fetched completely.
        """
        if not session.path:
            raise FeedUnavailableError(f"{session.race_id} is not in the archive yet.")
        folder = self.folder_of(session)
        # Asked first: files that are fetched after it said so are whole.
        is_complete = await self._is_complete(session)
        files = await self._files_of(session)
        manifest = await asyncio.to_thread(_read_manifest, folder)
        may_have_grown = not await asyncio.to_thread(_was_complete, folder, session)
        if may_have_grown:
            await asyncio.to_thread(_note_status, folder, GROWING)
        for topic in TOPICS:
            for name in filter(None, files.get(topic, ())):
                await self._fetch_one(
                    session.path, name, manifest, on_progress, anew=may_have_grown
                )
        if not any(name.endswith(SUFFIX) for name in manifest):
            raise FeedUnavailableError(f"The archive holds no streams of {session.race_id}.")
        if not is_complete:
            raise ArchiveGrowingError(session.race_id)
        await asyncio.to_thread(_note_status, folder, COMPLETE)
        return folder

    async def is_whole(self, session: ArchivedSession) -> bool:
        """Return whether all of a session is on disk, with every file as it was fetched."""
        folder = self.folder_of(session)
        manifest = await asyncio.to_thread(_read_manifest, folder)
        if not session.path or "TimingData" + SUFFIX not in manifest:
            return False
        if not await asyncio.to_thread(_was_complete, folder, session):
            return False
        checks = [asyncio.to_thread(_is_intact, folder / n, entry) for n, entry in manifest.items()]
        return all(await asyncio.gather(*checks))

    async def _is_complete(self, session: ArchivedSession) -> bool:
        """Return whether the server has all of a session by now."""
        if self._now() >= session.ends_at + SETTLES_WITHIN:
            return True
        path = session.path + STATUS
        try:
            body = await self._downloader.fetch_text(path)
        except FileNotOnServerError:
            path = f"{session.path}SessionInfo{KEY_FRAME}"
            try:
                body = await self._downloader.fetch_text(path)
            except FileNotOnServerError:
                return False
        said: object = load_json(body, path)
        if isinstance(said, dict) and isinstance(said.get("ArchiveStatus"), dict):
            said = said["ArchiveStatus"]
        return isinstance(said, dict) and said.get("Status") == COMPLETE

    async def _files_of(self, session: ArchivedSession) -> dict[str, tuple[str, str]]:
        path = f"{session.path}Index.json"
        try:
            body = await self._downloader.fetch_text(path)
        except FileNotOnServerError:  # its files have the usual names all the same
            return {topic: (topic + KEY_FRAME, topic + SUFFIX) for topic in TOPICS}
        await asyncio.to_thread(_write_copy, self._folder / path, body)
        return read_files(load_json(body, path))

    async def _fetch_one(
        self,
        path: str,
        name: str,
        manifest: dict[str, Downloaded],
        on_progress: Callable[[str], None],
        *,
        anew: bool,
    ) -> None:
        """Fetch one file unless an intact copy is on disk; any file may be missing.

        With `anew` a copy may be older than the file: a stream goes on where it ended, and a key
        frame is written again.
        """
        file = self._folder / path / name
        is_intact = name in manifest and await asyncio.to_thread(_is_intact, file, manifest[name])
        if is_intact and not anew:
            return
        if not is_intact or name.endswith(KEY_FRAME):
            await asyncio.to_thread(file.unlink, missing_ok=True)
        if anew and name.endswith(KEY_FRAME):
            await asyncio.to_thread(file.with_name(name + ".part").unlink, missing_ok=True)
        try:
            manifest[name] = await self._downloader.fetch_file(path + name, file)
        except FileNotOnServerError:
            on_progress(f"{name}: listed, but not on the server")
            return
        await asyncio.to_thread(_write_manifest, file.parent, manifest)
        on_progress(f"{name}: {manifest[name].size:,} bytes")


def _was_complete(folder: Path, session: ArchivedSession) -> bool:
    """Return whether the copy on disk was fetched when the archive was complete."""
    try:
        return bool(orjson.loads((folder / STATUS).read_bytes())["Status"] == COMPLETE)
    except (OSError, ValueError, TypeError, KeyError):
        pass  # an earlier release fetched it, which asked for no status
    try:
        fetched_at = datetime.fromtimestamp((folder / MANIFEST).stat().st_mtime, UTC)
    except OSError:
        return False
    return fetched_at >= session.ends_at + SETTLES_WITHIN


def _note_status(folder: Path, status: str) -> None:
    _write_copy(folder / STATUS, orjson.dumps({"Status": status}))


def _write_copy(file: Path, body: bytes) -> None:
    """Write a copy in one step; a disk that is full costs only the copy."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(file.name + ".part")
        part.write_bytes(body)
        part.replace(file)


def _read_manifest(folder: Path) -> dict[str, Downloaded]:
    try:
        entries = orjson.loads((folder / MANIFEST).read_bytes())
        return {name: Downloaded(int(e["size"]), str(e["sha256"])) for name, e in entries.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _write_manifest(folder: Path, manifest: dict[str, Downloaded]) -> None:
    entries = {name: {"size": d.size, "sha256": d.sha256} for name, d in manifest.items()}
    _write_copy(folder / MANIFEST, orjson.dumps(entries, option=orjson.OPT_INDENT_2))


def _is_intact(file: Path, expected: Downloaded) -> bool:
    try:
        return file.stat().st_size == expected.size and check_of(file) == expected
    except OSError:
        return False
