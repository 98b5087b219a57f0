"""Detect the format of a recording and play its messages in order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from pitwall.domain.sessions import Source
from pitwall.errors import FeedUnavailableError, shown
from pitwall.feeds.recording import lines
from pitwall.feeds.recording.files import ZIP, Files, files_of, without_packer
from pitwall.feeds.recording.formats import SUFFIX, is_merged, read_archive, read_merged
from pitwall.feeds.recording.naming import day_of, named
from pitwall.feeds.recording.tape import PITWALL, is_tape, read_header, read_tape
from pitwall.feeds.recording.tape import SUFFIX as TAPE
from pitwall.feeds.timed_lines import Contents
from pitwall.wire.message import RawMessage

log = logging.getLogger(__name__)

Reader = Callable[[], Contents]

_LEVELS = 3  # of folders that are looked through for recordings

_EXPECTED = (
    f"Expected a folder of *{SUFFIX} files, a folder with live.txt or live.jsonl, a *{TAPE} tape, "
    "or a file that FastF1, undercut-f1 or another client of the SignalR hub recorded, of "
    '`HH:MM:SS.mmm{"stream":..}` lines, or of one snapshot; packed by zip, tar, gzip, zstd, '
    "bzip2 or xz, or not."
)


class RecordingFeed:
    """A `RecordedFeed` that reads one recording from a file or a folder.

    Args:
        path: The file or folder.
        name: The name that people see; "" makes one of the file's own name.
        inside: The folder, or the file, inside the path, where it holds several recordings.

    Attributes:
        skipped: Lines left out as malformed, by kind, in the latest pass.
        clock: What the times of the latest pass are based on; "" before the first pass.
        recorder: What recorded it, in a few words; "" before the first pass.
    """

    def __init__(self, path: Path, name: str = "", inside: str = "") -> None:
        """Detect the recording's format.

        Raises:
            FeedUnavailableError: There is no recording, or none of a known format, at this path,
                or several.
        """
        self._path = path
        shown = without_packer(path.resolve().name)
        self._name = name or f"recording:{shown}" + (f"/{inside}" if inside else "")
        readers = _readers_at(path)
        if inside:
            readers = {inside: readers[inside]} if inside in readers else {}
        if len(readers) > 1:
            message = f"{path.name} holds {len(readers)} recordings: {', '.join(sorted(readers))}."
            raise FeedUnavailableError(message)
        (self._inside, self._read), *_ = (readers or {"": _refuse(path)}).items()
        self._reported: set[str] = set()
        self.skipped: Mapping[str, int] = MappingProxyType({})
        self.clock = ""
        self.recorder = ""

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
            contents = self._read()
        except OSError as error:
            raise FeedUnavailableError(
                f"Cannot read {shown(self._path)}: {error.strerror}."
            ) from error
        self.skipped = MappingProxyType(dict(contents.skipped))
        self.clock = contents.clock
        self.recorder = contents.recorder
        self._log_skipped()
        if contents.recorder == PITWALL:  # holds what the feed sent, and that is all
            yield from contents.messages
            return
        yield from named(contents.messages, [*_places(self._path), self._inside])

    def _log_skipped(self) -> None:
        for kind, count in self.skipped.items():
            if kind not in self._reported:
                self._reported.add(kind)
                fields = {"feed": self.name, "kind": kind, "lines": count}
                log.warning("malformed lines skipped", extra=fields)


def recordings_at(path: Path) -> list[RecordingFeed]:
    """Return every recording at a path: one, or those in the folders of a folder or archive.

    Raises:
        FeedUnavailableError: There is none.
    """
    inside = list(_readers_at(path))
    if len(inside) < 2:
        return [RecordingFeed(path)]
    return [RecordingFeed(path, inside=each) for each in inside]


def _readers_at(path: Path) -> dict[str, Reader]:
    """Return a reader for each recording at a path, by its place inside."""
    try:
        if path.is_file() and path.name.endswith(TAPE) and _is_tape(path):
            return {"": partial(read_tape, path)}
        if path.is_file() and lines.is_named(without_packer(path.name), lines.LIVE):
            return {"": partial(lines.read_session, _with_snapshot(path))}
        if not (path.is_file() or path.is_dir()):  # neither pipes nor devices are read
            raise FeedUnavailableError(f"There is no recording at {shown(path)}. {_EXPECTED}")
        for levels in (1, _LEVELS) if path.is_dir() else (1,):
            if readers := _readers_of(path, files_of(path, levels)):
                return readers
    except OSError as error:
        raise FeedUnavailableError(f"Cannot read {shown(path)}: {error.strerror}.") from error
    return {}


def _places(path: Path) -> list[str]:
    """Return the names of a recording and of the folders that it lies in, the last innermost."""
    place = path.resolve()
    return [*place.parent.parts[-2:], place.name]


def _is_tape(path: Path) -> bool:
    try:
        read_header(path)
    except FeedUnavailableError:
        return False
    return True


def _with_snapshot(live: Path) -> Files:
    """Return a file of live messages with the snapshot of the same recorder beside it."""
    name = without_packer(live.name).lower()
    start = name[: -len(next(each for each in lines.LIVE if name.endswith(each)))]
    wanted = {f"{start}{each}" for each in lines.SNAPSHOT}
    return Files.beside(live, lambda each: each.lower() in wanted)


def _readers_of(path: Path, folders: Mapping[str, Files]) -> dict[str, Reader]:
    readers: dict[str, Reader] = {}
    for folder, files in folders.items():
        names = files.names
        if any(name.endswith(SUFFIX) for name in names):
            if path.is_file() and without_packer(path.name).endswith(SUFFIX):
                raise FeedUnavailableError(
                    f"{shown(path)} is one topic of an archive; give the folder that contains it, "
                    "as the other topics hold its time and its session."
                )
            readers[folder] = partial(read_archive, files, day_of([*_places(path), folder]))
        elif any(lines.is_named(name, lines.LIVE) for name in names):
            readers[folder] = partial(lines.read_session, files)
        else:
            for name in names:
                if (reader := _reader_of_file(files, name)) is not None:
                    readers[f"{folder}/{name}".lstrip("/")] = reader
    return readers


def _reader_of_file(files: Files, name: str) -> Reader | None:
    """Return the reader of a file by its first lines; None when its format is not known."""
    head = files.head(name)
    if head.startswith(ZIP):  # an archive beside other files is not looked into
        return None
    if is_tape(head):
        return lambda: read_tape(files.read(name), name)
    if is_merged(head):
        return lambda: read_merged(files.read(name))
    if lines.holds_lines(head):
        return lambda: lines.read_lines(files.read(name))
    return _reader_of_json(files, name) if head.lstrip()[:1] in {b"{", b"["} else None


def _reader_of_json(files: Files, name: str) -> Reader | None:
    """Return the reader of a file whose first line is longer than what was read of it, or open."""
    text = files.read(name)
    if lines.is_list(text) or lines.holds_lines(text):
        return lambda: lines.read_lines(files.read(name))
    try:
        lines.load_snapshot(text, name)
    except FeedUnavailableError:
        return None
    return lambda: lines.read_snapshot(files.read(name), name)


def _refuse(path: Path) -> Reader:
    """Say why there is no recording at a path.

    Raises:
        FeedUnavailableError: Always.
    """
    if path.is_dir():
        names = sorted(item.name for item in path.iterdir())
        content = (
            ", ".join(map(shown, names[:5])) + (", ..." if len(names) > 5 else "")
            if names
            else "nothing"
        )
        raise FeedUnavailableError(f"The folder {shown(path)} holds {content}. {_EXPECTED}")
    if path.name.endswith(TAPE):
        read_header(path)
    folders = files_of(path)
    if (files := folders.get("")) is not None and len(files.names) == 1:
        start = next(iter(files.head(files.names[0]).strip().split(b"\n")), b"")[:40]
        message = (
            f"{shown(path)} begins with {start.decode('utf-8', 'replace')!r}, unlike any known "
            f"recording. {_EXPECTED}"
        )
        raise FeedUnavailableError(message)
    raise FeedUnavailableError(f"{path.name} holds no recording. {_EXPECTED}")
