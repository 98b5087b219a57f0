"""Read recordings: folders of the F1 static archive, and files with all topics in one."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime

from pitwall.feeds.recording.files import Files
from pitwall.feeds.session_start import find_session_zero
from pitwall.feeds.timed_lines import (
    BOM,
    LONGEST_LINE,
    Contents,
    TimedLine,
    in_order,
    read_line_time,
)

SUFFIX = ".jsonStream"

_BODY_STARTS = b'{["'


def read_archive(files: Files, day: datetime | None = None) -> Contents:
    """Return the messages of all topics, merged in time order.

    Args:
        files: The folder.
        day: The day of the session by its path, where nothing in the folder says when it was.

    Raises:
        FeedUnavailableError: Nothing says when the session was.
    """
    lines: list[TimedLine] = []
    skipped: Counter[str] = Counter()
    for name in files.names:
        if not name.endswith(SUFFIX):
            continue
        topic_lines, bad = read_stream(files.read(name), name.removesuffix(SUFFIX))
        lines += topic_lines
        skipped.update(bad)
    zero = find_session_zero(lines, day)
    return Contents(in_order(lines, zero.at), skipped, zero.basis, "F1's archive")


def read_stream(text: bytes, topic: str) -> tuple[list[TimedLine], Counter[str]]:
    """Return the lines of one `.jsonStream` file, and how many were malformed, by kind."""
    lines: list[TimedLine] = []
    skipped: Counter[str] = Counter()
    for raw in text.removeprefix(BOM).split(b"\n"):
        line = raw.strip()
        if not line:
            continue
        ms = read_line_time(line[:12])
        if ms is None:
            skipped["line_time"] += 1
        elif line[12:13] not in _BODY_STARTS or not 14 <= len(line) <= LONGEST_LINE:
            skipped["line_body"] += 1
        else:
            lines.append(TimedLine(ms, topic, line[12:]))
    return lines, skipped


_LINE = re.compile(
    rb'(.{12})\{\s*+"stream"\s*+:\s*+"([\w.]++)"\s*+,\s*+"payload"\s*+:\s*+(.+)\}\Z',
    re.DOTALL,
)

_ORIGIN = b"URL:"


_SNIFFED = 50


def is_merged(start: bytes) -> bool:
    """Return whether a text that begins like this holds all topics in one."""
    first = (line.strip() for line in start.split(b"\n", _SNIFFED)[:_SNIFFED])
    return any(line.startswith(_ORIGIN) or _LINE.match(line) is not None for line in first)


def read_merged(text: bytes) -> Contents:
    """Return the messages of a file of all topics; a line that names its origin is skipped.

    Raises:
        FeedUnavailableError: Nothing in the file says when the session was.
    """
    lines: list[TimedLine] = []
    skipped: Counter[str] = Counter()
    for raw in text.removeprefix(BOM).split(b"\n"):
        line = raw.strip()
        if not line or line.startswith(_ORIGIN):
            continue
        match = _LINE.match(line) if len(line) <= LONGEST_LINE else None
        ms = read_line_time(line[:12])
        if match is None:
            skipped["line_body"] += 1
        elif ms is None:
            skipped["line_time"] += 1
        else:
            lines.append(TimedLine(ms, match[2].decode(), match[3].strip()))
    zero = find_session_zero(lines)
    return Contents(in_order(lines, zero.at), skipped, zero.basis, "F1's archive in one file")
