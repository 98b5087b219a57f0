"""The right to publish among the workers of one server, by a lock on a file of theirs.

The system gives the lock back when its holder dies, however it dies. Nobody waits for it.
"""

from __future__ import annotations

import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where one worker is all there is
    fcntl = None  # type: ignore[assignment]


class FileLease:
    """`Lease` of one machine: a lock that lasts as long as its holder wants and lives.

    Args:
        path: The file; made when it is not there, empty for ever.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    @property
    def is_held(self) -> bool:
        return self._file is not None

    async def acquire(self) -> bool:
        if self._file is None:
            self._file = _locked(self._path)
        return self.is_held

    async def renew(self) -> bool:
        return self.is_held

    async def release(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def _locked(path: Path) -> int | None:
    """Return an open file that is locked; None where another has it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file
