"""Read and write tapes: the frames of a live feed, byte for byte, as JSON Lines under zstd.

The first line is a header. Each frame has a line `{"n", "at", "frame"}`, with `base64` in place of
`frame` where the bytes are not UTF-8, and each lost connection a line `{"gap", "at"}`. The file is
a sequence of independent zstd blocks, so that written blocks survive a crash and `zstdcat` reads
it.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import orjson

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.recording.files import zstd_pieces
from pitwall.feeds.signalr import read_frame
from pitwall.feeds.timed_lines import Contents, placed
from pitwall.wire.message import RawFrame, RawMessage, Reading, Snapshot
from pitwall.wire.values import NotAValueError, read_instant

SUFFIX = ".jsonl.zst"
FORMAT = 1
PITWALL = "pitwall"  # the recorder of every tape
_PIECE = 1024  # how much a truncated tape may lose at its end
LONGEST_LINE = 40 * 1024 * 1024  # the largest received frame, with every quote escaped
LARGEST_TAPE = 4 * 1024 * 1024 * 1024  # unpacked; a race with telemetry has 0.2 GB
_SMALL = 8 * 1024 * 1024
_MOST_TIMES_PACKED = 200  # zstd shrinks a race's text 20 times, but a zip bomb 30,000 times

# The reader of each feed's frames; a new live feed adds its own.
READERS: dict[str, Callable[[RawFrame], Reading]] = {"f1_live": read_frame}


@dataclass(frozen=True, slots=True)
class Header:
    """The feed that a tape holds, and when it began."""

    feed: str
    started_at: datetime


def header_line(header: Header, version: str) -> bytes:
    """Return the first line of a tape."""
    fields = {
        "tape": FORMAT,
        "feed": header.feed,
        "started_at": header.started_at,
        "pitwall": version,
    }
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


def frame_line(number: int, frame: RawFrame) -> bytes:
    """Return the line of a frame."""
    line: dict[str, object] = {"n": number, "at": frame.received_at}
    if frame.channel:
        line["channel"] = frame.channel
    try:
        line["frame"] = frame.text.decode()
    except UnicodeDecodeError:
        line["base64"] = base64.b64encode(frame.text).decode()
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def gap_line(reason: str, at: datetime) -> bytes:
    """Return the line that marks where frames may be missing."""
    return orjson.dumps({"gap": reason, "at": at}, option=orjson.OPT_APPEND_NEWLINE)


def read_header(path: Path | bytes, name: str = "") -> Header:
    """Return the header of a tape, from its file or its unpacked text.

    Raises:
        FeedUnavailableError: The file is not a tape.
    """
    try:
        fields = orjson.loads(next(_lines(path), b""))
        return Header(str(fields["feed"]), read_instant(fields["started_at"]))
    except (ValueError, TypeError, KeyError) as error:
        shown = name or (path.name if isinstance(path, Path) else "The file")
        raise FeedUnavailableError(
            f"{shown} is not a tape: its first line is not a tape's header."
        ) from error


def is_tape(start: bytes) -> bool:
    """Return whether a text begins with the header of a tape."""
    return start.startswith(b'{"tape":')


def read_frames(path: Path | bytes, skipped: Counter[str] | None = None) -> Iterator[RawFrame]:
    """Yield the frames of a tape as they were received; broken lines are counted."""
    skipped = Counter() if skipped is None else skipped
    for line in _lines(path, skipped):
        try:
            fields = orjson.loads(line)
            if "frame" not in fields and "base64" not in fields:
                continue  # the header, or a gap
            text = fields.get("frame")
            bytes_ = base64.b64decode(fields["base64"]) if text is None else text.encode()
            frame = RawFrame(read_instant(fields["at"]), bytes_, fields.get("channel", ""))
        except (ValueError, TypeError, KeyError, AttributeError, NotAValueError):
            skipped["tape_line"] += 1
            continue
        yield frame


def read_tape(path: Path | bytes, name: str = "") -> Contents:
    """Return a tape's messages in order of `sent_at`, from its file or its unpacked text.

    Raises:
        FeedUnavailableError: The file is not a tape, or of an unknown feed.
    """
    header = read_header(path, name)
    reader = READERS.get(header.feed)
    if reader is None:
        shown = name or (path.name if isinstance(path, Path) else "The tape")
        raise FeedUnavailableError(f"{shown} holds the unknown feed {header.feed}.")
    skipped: Counter[str] = Counter()
    messages = placed(list(_messages(read_frames(path, skipped), reader, skipped)), skipped)
    messages.sort(key=lambda message: message.sent_at)
    return Contents(iter(messages), _known(skipped), "the feed's own stamps", PITWALL)


def _messages(
    frames: Iterator[RawFrame], reader: Callable[[RawFrame], Reading], skipped: Counter[str]
) -> Iterator[RawMessage]:
    """Yield messages; a snapshot in the middle counts from the moment it arrived."""
    newest: datetime | None = None
    for frame in frames:
        reading = reader(frame)
        skipped["record"] += reading.malformed
        for part in reading.parts:
            if isinstance(part, RawMessage):
                newest = part.sent_at if newest is None else max(newest, part.sent_at)
                yield part
            elif newest is None:
                yield from part.messages
            else:
                yield from _at(part, newest)


def _at(snapshot: Snapshot, newest: datetime) -> Iterator[RawMessage]:
    moment = max(newest, snapshot.at or newest)
    return (replace(message, sent_at=moment) for message in snapshot.messages)


def _known(skipped: Counter[str]) -> Mapping[str, int]:
    return {kind: count for kind, count in skipped.items() if count}


def _lines(path: Path | bytes, skipped: Counter[str] | None = None) -> Iterator[bytes]:
    """Yield lines to the end of the file; a truncated file loses its last line only.

    A line longer than `LONGEST_LINE` is counted and skipped, never held in memory. A file that
    unpacks to more than any tape is read up to that bound, and counted.
    """
    skipped = Counter() if skipped is None else skipped
    line = _Line()
    for piece in _pieces(path, skipped):
        first, *others = piece.split(b"\n")
        line.add(first)
        for other in others:
            if line.is_too_long:
                skipped["tape_line"] += 1
            elif line.size:
                yield line.text
            line = _Line()
            line.add(other)
    if line.is_too_long:
        skipped["tape_line"] += 1
    elif line.size:
        yield line.text


class _Line:
    """The current line, whose pieces are joined once, when it is complete."""

    __slots__ = ("pieces", "size")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0

    def add(self, piece: bytes) -> None:
        """Add a piece; a line that is too long keeps none."""
        self.size += len(piece)
        if self.is_too_long:
            self.pieces.clear()
        else:
            self.pieces.append(piece)

    @property
    def is_too_long(self) -> bool:
        """Whether the line is longer than `LONGEST_LINE`."""
        return self.size > LONGEST_LINE

    @property
    def text(self) -> bytes:
        """The line so far."""
        return b"".join(self.pieces)


def _pieces(path: Path | bytes, skipped: Counter[str]) -> Iterator[bytes]:
    if isinstance(path, bytes):
        yield path
        return
    most = min(LARGEST_TAPE, max(_SMALL, path.stat().st_size * _MOST_TIMES_PACKED))
    for piece in zstd_pieces(lambda: path.open("rb"), _PIECE):
        most -= len(piece)
        if most < 0:
            skipped["tape_size"] += 1
            return
        yield piece
