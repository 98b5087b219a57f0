"""Fetch the archive's indexes and sessions to disk once, check them, and serve them offline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.f1_archive.client import Downloaded, Downloader, FileNotOnServerError, check_of
from pitwall.feeds.f1_archive.index import ArchivedSession, load_json, read_files, read_sessions
from pitwall.feeds.recording.formats import SUFFIX

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
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
    "CarData.z",
    "Position.z",
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
    """

    def __init__(self, folder: Path, downloader: Downloader) -> None:
        self._folder = folder
        self._downloader = downloader

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
        """Fetch the missing or damaged files of a session, and return its folder.

        Args:
            session: Which session.
            on_progress: Called with a line of progress for each file.

        Raises:
            FeedUnavailableError: It is not archived, or cannot be fetched completely.
        """
        if not session.path:
            raise FeedUnavailableError(f"{session.race_id} is not in the archive yet.")
        folder = self.folder_of(session)
        files = await self._files_of(session)
        manifest = await asyncio.to_thread(_read_manifest, folder)
        for topic in TOPICS:
            if topic in files:
                for name in files[topic]:
                    if name:
                        await self._fetch_one(session.path, name, manifest, on_progress)
        if not any(name.endswith(SUFFIX) for name in manifest):
            raise FeedUnavailableError(f"The archive holds no streams of {session.race_id}.")
        return folder

    async def is_whole(self, session: ArchivedSession) -> bool:
        """Return whether a session is on disk, with every file as it was fetched."""
        folder = self.folder_of(session)
        manifest = await asyncio.to_thread(_read_manifest, folder)
        if not session.path or "TimingData" + SUFFIX not in manifest:
            return False
        checks = [asyncio.to_thread(_is_intact, folder / n, entry) for n, entry in manifest.items()]
        return all(await asyncio.gather(*checks))

    async def _files_of(self, session: ArchivedSession) -> dict[str, tuple[str, str]]:
        path = f"{session.path}Index.json"
        body = await self._downloader.fetch_text(path)
        await asyncio.to_thread(_write_copy, self._folder / path, body)
        return read_files(load_json(body, path))

    async def _fetch_one(
        self,
        path: str,
        name: str,
        manifest: dict[str, Downloaded],
        on_progress: Callable[[str], None],
    ) -> None:
        """Fetch one file unless an intact copy is on disk; key frames may be missing."""
        file = self._folder / path / name
        if name in manifest and await asyncio.to_thread(_is_intact, file, manifest[name]):
            return
        try:
            manifest[name] = await self._downloader.fetch_file(path + name, file)
        except FileNotOnServerError:
            on_progress(f"{name}: listed, but not on the server")
            return
        await asyncio.to_thread(_write_manifest, file.parent, manifest)
        on_progress(f"{name}: {manifest[name].size:,} bytes")


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
