"""Detect the format of a recording and play its messages in order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from pitwall.domain.sessions import Source
from pitwall.errors import FeedUnavailableError, shown
from pitwall.feeds.recording.formats import SUFFIX, is_merged, read_archive, read_merged
from pitwall.feeds.recording.tape import SUFFIX as TAPE
from pitwall.feeds.recording.tape import read_header, read_tape
from pitwall.feeds.signalr import (
    LIVE,
    is_message_line,
    load_snapshot,
    read_lines,
    read_session,
    read_snapshot,
)
from pitwall.feeds.timed_lines import BOM, LONGEST_LINE, Contents
from pitwall.wire.message import RawMessage

log = logging.getLogger(__name__)

Reader = Callable[[Path], Contents]

_EXPECTED = (
    f"Expected a folder of *{SUFFIX} files, a folder with {LIVE}, a *{TAPE} tape, or a file of "
    'SignalR messages, of `HH:MM:SS.mmm{"stream":..}` lines, or of one snapshot.'
)


class RecordingFeed:
    """A `RecordedFeed` that reads one recording from a file or a folder.

    Args:
        path: The file or folder.
        name: The name that people see; "" makes one of the file's own name.

    Attributes:
        skipped: Lines left out as malformed, by kind, in the latest pass.
        clock: What the times of the latest pass are based on; "" before the first pass.
    """

    def __init__(self, path: Path, name: str = "") -> None:
        """Detect the recording's format.

        Raises:
            FeedUnavailableError: There is no recording, or none of a known format, at this path.
        """
        self._path = path
        self._name = name or f"recording:{path.resolve().name}"
        self._read = _reader_for(path)
        self._reported: set[str] = set()
        self.skipped: Mapping[str, int] = MappingProxyType({})
        self.clock = ""

    @property
    def name(self) -> str:
        """`recording:` and the file's own name, as pages show it and paths are private."""
        return self._name

    @property
    def source(self) -> Source:
        """Recorded, always."""
        return Source.RECORDED

    def messages(self) -> Iterator[RawMessage]:
        """Yield every message in order of `sent_at`.

        A race folder is read as a whole, tens of MB.

        Raises:
            FeedUnavailableError: The recording is gone, or cannot be placed in time.
        """
        try:
            contents = self._read(self._path)
        except OSError as error:
            raise FeedUnavailableError(
                f"Cannot read {shown(self._path)}: {error.strerror}."
            ) from error
        self.skipped = MappingProxyType(dict(contents.skipped))
        self.clock = contents.clock
        self._log_skipped()
        yield from contents.messages

    def _log_skipped(self) -> None:
        for kind, count in self.skipped.items():
            if kind not in self._reported:
                self._reported.add(kind)
                fields = {"feed": self.name, "kind": kind, "lines": count}
                log.warning("malformed lines skipped", extra=fields)


def _reader_for(path: Path) -> Reader:
    try:
        if path.is_dir():
            return _folder_reader(path)
        if path.is_file():
            return _file_reader(path)
    except OSError as error:
        raise FeedUnavailableError(f"Cannot read {shown(path)}: {error.strerror}.") from error
    raise FeedUnavailableError(f"There is no recording at {shown(path)}. {_EXPECTED}")


def _folder_reader(folder: Path) -> Reader:
    if any(folder.glob(f"*{SUFFIX}")):
        return read_archive
    if (folder / LIVE).is_file():
        return read_session
    names = sorted(item.name for item in folder.iterdir())
    listed = ", ".join(shown(name) for name in names[:5]) or "nothing"
    more = ", ..." if len(names) > 5 else ""
    raise FeedUnavailableError(f"The folder {shown(folder)} holds {listed}{more}. {_EXPECTED}")


def _file_reader(file: Path) -> Reader:
    if file.suffix == SUFFIX:
        raise FeedUnavailableError(
            f"{shown(file)} is one topic of an archive; give the folder that contains it, "
            "as the other topics hold its time and its session."
        )
    if file.name.endswith(TAPE):
        read_header(file)
        return read_tape
    with file.open("rb") as text:
        first = text.readline(LONGEST_LINE).removeprefix(BOM).strip()
    if is_merged(first):
        return read_merged
    if is_message_line(first):
        return read_lines
    try:
        load_snapshot(file)
    except FeedUnavailableError as error:
        start = first[:40].decode("utf-8", "replace")
        message = (
            f"{shown(file)} begins with {shown(start)}, unlike any known recording. {_EXPECTED}"
        )
        raise FeedUnavailableError(message) from error
    return read_snapshot
