"""Read a folder of the F1 static archive: one `.jsonStream` file for each topic."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pitwall.feeds.recording.bounds import LONGEST_LINE, read_whole
from pitwall.feeds.recording.contents import BOM, Contents, TimedLine, in_order, read_line_time
from pitwall.feeds.recording.zero import find_session_zero

SUFFIX = ".jsonStream"
_BODY_STARTS = b'{["'


def read_archive(folder: Path) -> Contents:
    """Return the messages of all topics, merged in time order.

    Raises:
        FeedUnavailableError: Nothing in the folder says when the session was.
    """
    lines: list[TimedLine] = []
    skipped: Counter[str] = Counter()
    for file in sorted(folder.glob(f"*{SUFFIX}")):
        found, bad = read_stream(read_whole(file), file.name.removesuffix(SUFFIX))
        lines += found
        skipped.update(bad)
    zero = find_session_zero(lines)
    return Contents(in_order(lines, zero.at), skipped, zero.basis)


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
