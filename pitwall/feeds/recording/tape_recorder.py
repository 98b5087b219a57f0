"""Write a tape while the race runs, without blocking the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from pitwall import __version__
from pitwall.feeds.recording.tape import SUFFIX, Header, frame_line, gap_line, header_line
from pitwall.wire.message import RawFrame

log = logging.getLogger(__name__)

BLOCK_BYTES = 256 * 1024
BLOCK_S = 2.0  # how much a crash can lose
WAITING_BYTES = 64 * 1024 * 1024  # beyond this, frames are dropped while the disk hangs
_LEVEL = 6


def _wall_now() -> datetime:
    return datetime.now(UTC)


class TapeRecorder:
    """A `FrameRecorder` that writes one file.

    Blocks are written in a thread, so that the race never waits for the disk. A disk that fails
    is reported once and ends the recording; one that hangs costs the frames beyond a bound.

    Args:
        path: The file; it and its folder are created with the first frame.
        feed: The name of the feed.
        now: The wall clock.

    Attributes:
        frames: Number of frames recorded so far.
        failed: Why the recording stopped; "" while all is well.
    """

    def __init__(self, path: Path, feed: str, now: Callable[[], datetime] = _wall_now) -> None:
        self.path = path
        self.frames = 0
        self.failed = ""
        self._feed = feed
        self._now = now
        self._codec = pa.Codec("zstd", compression_level=_LEVEL)
        self._file: BinaryIO | None = None
        self._lines: list[bytes] = []
        self._bytes = 0
        self._block_since: datetime | None = None
        self._writing: asyncio.Task[None] | None = None
        self._dropped = 0

    async def record(self, frames: Sequence[RawFrame]) -> None:
        for frame in frames:
            self.frames += 1
            self._add(frame_line(self.frames, frame))
        self._write_if_due()

    async def mark_gap(self, reason: str) -> None:
        self._add(gap_line(reason, self._now()))
        self._write_if_due()

    async def close(self) -> None:
        """Write what is left and close the file."""
        if self._writing is not None:
            await self._writing
        await self._write()
        if self._file is not None:
            await asyncio.to_thread(self._file.close)
            self._file = None

    def _add(self, line: bytes) -> None:
        if self.failed:
            return
        if self._bytes > WAITING_BYTES:
            self._dropped += 1
            return
        if self._block_since is None:
            self._block_since = self._now()
        self._lines.append(line)
        self._bytes += len(line)

    def _write_if_due(self) -> None:
        since = self._block_since
        age_s = (self._now() - since).total_seconds() if since else 0.0
        busy = self._writing is not None and not self._writing.done()
        if not busy and (self._bytes >= BLOCK_BYTES or age_s >= BLOCK_S):
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        if self._dropped:
            reason = f"{self._dropped} frames were dropped, as the disk was too slow."
            self._lines.append(gap_line(reason, self._now()))
            self._dropped = 0
        block = b"".join(self._lines)
        self._lines, self._bytes, self._block_since = [], 0, None
        if not block or self.failed:
            return
        try:
            await asyncio.to_thread(self._write_block, block)
        except OSError as error:
            self.failed = f"The recording stopped: {error.strerror or error}."
            log.warning("recording stopped", extra={"why": str(error)})

    def _write_block(self, block: bytes) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("xb")
            block = header_line(Header(self._feed, self._now()), __version__) + block
        self._file.write(self._codec.compress(block, asbytes=True))
        self._file.flush()


def tape_path(folder: Path, feed: str, at: datetime) -> Path:
    """Return the path for a tape that begins at `at`.

    Example:
        >>> tape_path(Path("data"), "f1_live", datetime(2026, 7, 5, 13, 58, 2, tzinfo=UTC)).name
        '2026-07-05T135802Z-f1_live.jsonl.zst'
    """
    return folder / f"{at:%Y-%m-%dT%H%M%SZ}-{feed}{SUFFIX}"
