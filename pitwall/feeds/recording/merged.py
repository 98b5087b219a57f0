"""Read a dump of all topics in one file: `HH:MM:SS.mmm{"stream":..,"payload":..}` lines."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from pitwall.feeds.recording.bounds import LONGEST_LINE, read_whole
from pitwall.feeds.recording.contents import BOM, Contents, TimedLine, in_order, read_line_time
from pitwall.feeds.recording.zero import find_session_zero

_LINE = re.compile(
    rb'(.{12})\{\s*+"stream"\s*+:\s*+"([\w.]++)"\s*+,\s*+"payload"\s*+:\s*+(.+)\}\Z',
    re.DOTALL,
)
_ORIGIN = b"URL:"


def is_merged(first_line: bytes) -> bool:
    """Return whether a file that begins like this is such a dump."""
    return first_line.startswith(_ORIGIN) or _LINE.match(first_line) is not None


def read_merged(file: Path) -> Contents:
    """Return the messages of a dump; a first line that names its origin is passed over.

    Raises:
        FeedUnavailableError: Nothing in the file says when the session was.
    """
    lines: list[TimedLine] = []
    skipped: Counter[str] = Counter()
    for raw in read_whole(file).removeprefix(BOM).split(b"\n"):
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
    return Contents(in_order(lines, zero.at), skipped, zero.basis)
