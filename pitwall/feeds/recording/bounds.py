"""How much of a file from outside is read: far above any real recording, far below what hurts."""

from __future__ import annotations

from pathlib import Path

from pitwall.errors import FeedUnavailableError

# The longest line of a real recording is a snapshot of one megabyte.
LONGEST_LINE = 16 * 1024 * 1024
LARGEST_FILE = 512 * 1024 * 1024  # one topic of a race takes at most 60 MB


def read_whole(file: Path) -> bytes:
    """Return the content of a file.

    Raises:
        FeedUnavailableError: It is larger than 512 MB, which no recording is.
        OSError: It cannot be read.
    """
    size = file.stat().st_size
    if size <= LARGEST_FILE:
        with file.open("rb") as opened:
            text = opened.read(LARGEST_FILE + 1)  # it may be growing, or no plain file
        if len(text) <= LARGEST_FILE:
            return text
    message = f"{file.name} is larger than {LARGEST_FILE >> 20} MB, which no recording is."
    raise FeedUnavailableError(message)
