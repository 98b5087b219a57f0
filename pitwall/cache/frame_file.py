"""The newest frame in a file, from which the workers of one server read while Redis is away."""

from __future__ import annotations

from pathlib import Path

from pitwall.cache.frame_json import frame_from_json, frame_to_json
from pitwall.domain.frames import LiveFrame
from pitwall.errors import ForeignFrameError


class FrameFile:
    """One frame in one file of a folder that nobody else may enter. Blocks on the disk.

    Args:
        path: The file; there need not be one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_ns = 0

    def write(self, frame: LiveFrame) -> None:
        """Replace the frame; a reader finds the old one or the new one whole."""
        beside = self._path.with_suffix(".new")
        beside.write_bytes(frame_to_json(frame))
        beside.replace(self._path)

    def read_if_newer(self) -> LiveFrame | None:
        """Return the frame; None when it was read before, or when there is none."""
        try:
            changed_ns = self._path.stat().st_mtime_ns
            if changed_ns == self._read_ns:
                return None
            frame = frame_from_json(self._path.read_bytes())
        except (FileNotFoundError, ForeignFrameError):
            return None
        self._read_ns = changed_ns
        return frame
