"""Tapes: what a live feed sent, frame by frame and byte for byte, as JSON Lines under zstd.

The first line is a header, then a line for each frame, `{"n", "at", "frame"}`, in which bytes
that are no UTF-8 stand as `base64` instead, and a line `{"gap", "at"}` where the connection was
lost. The file is a row of independent zstd blocks: what had been written survives a crash, and
`zstdcat` reads it.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import orjson
import pyarrow as pa

from pitwall.errors import FeedUnavailableError
from pitwall.feeds.recording.contents import Contents
from pitwall.feeds.recording.hub import read_frame
from pitwall.wire.delivery import Frame, Reading, Snapshot
from pitwall.wire.message import RawMessage
from pitwall.wire.values import NotAValueError, read_instant

SUFFIX = ".jsonl.zst"
FORMAT = 1
_PIECE = 1024  # what a tape that was cut short may lose at its end

# How the frames of each feed are read; a new live feed adds its own.
READERS: dict[str, Callable[[Frame], Reading]] = {"f1_live": read_frame}


@dataclass(frozen=True, slots=True)
class Header:
    """Which feed a tape holds, and since when."""

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


def frame_line(number: int, frame: Frame) -> bytes:
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


def read_header(path: Path) -> Header:
    """Return a tape's header.

    Raises:
        FeedUnavailableError: The file is no tape.
    """
    try:
        fields = orjson.loads(next(_lines(path), b""))
        return Header(str(fields["feed"]), read_instant(fields["started_at"]))
    except (ValueError, TypeError, KeyError) as error:
        raise FeedUnavailableError(f"{path.name} is no tape: its first line says none.") from error


def read_frames(path: Path, skipped: Counter[str] | None = None) -> Iterator[Frame]:
    """Yield the frames of a tape as they were received; lines that are broken are counted."""
    for line in _lines(path):
        try:
            fields = orjson.loads(line)
            if "frame" not in fields and "base64" not in fields:
                continue  # the header, or a gap
            text = fields.get("frame")
            bytes_ = base64.b64decode(fields["base64"]) if text is None else text.encode()
            frame = Frame(read_instant(fields["at"]), bytes_, fields.get("channel", ""))
        except (ValueError, TypeError, KeyError, AttributeError, NotAValueError):
            if skipped is not None:
                skipped["tape_line"] += 1
            continue
        yield frame


def read_tape(path: Path) -> Contents:
    """Return a tape's messages in order of `sent_at`.

    Raises:
        FeedUnavailableError: The file is no tape, or of a feed that is not known.
    """
    header = read_header(path)
    reader = READERS.get(header.feed)
    if reader is None:
        raise FeedUnavailableError(f"{path.name} holds the feed {header.feed}, which is not known.")
    skipped: Counter[str] = Counter()
    messages = list(_messages(read_frames(path, skipped), reader, skipped))
    messages.sort(key=lambda message: message.sent_at)
    return Contents(iter(messages), _known(skipped), "the feed's own stamps")


def _messages(
    frames: Iterator[Frame], reader: Callable[[Frame], Reading], skipped: Counter[str]
) -> Iterator[RawMessage]:
    """Yield messages; a snapshot in the middle holds from the moment at which it came."""
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


def _lines(path: Path) -> Iterator[bytes]:
    """Yield lines as far as the file goes; one cut short at its end loses its last line only."""
    rest = b""
    with path.open("rb") as file, pa.CompressedInputStream(file, "zstd") as text:
        while True:
            try:
                piece = text.read(_PIECE)
            except OSError:  # the last block was never finished
                return
            if not piece:
                break
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
    if rest:
        yield rest
