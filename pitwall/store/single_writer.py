"""Keep two servers from writing to one SQLite file, where both would number the same messages.

The lock is the system's own, on a file beside the database, so that a crash releases it. Commands
do not need it: each writes in one transaction, and never to the race that the server is recording.

The workers share a second lock. When their supervisor is killed, the first one is released at once,
but they may still write for some seconds, and the next server waits for that.
"""

from __future__ import annotations

import fcntl
import hashlib
import time
from pathlib import Path
from typing import IO

from sqlalchemy import URL

from pitwall.errors import SettingsError, shown

SUFFIX = ".server"
SUFFIX_OF_WORKERS = ".workers"
ORPHANS_WITHIN_S = 15.0
_LOOK_AGAIN_S = 0.1


def hold(
    url: URL, redis_url: str | None, orphans_within_s: float = ORPHANS_WITHIN_S
) -> IO[str] | None:
    """Lock the database for one server; return the lock file, which holds the lock until closed.

    PostgreSQL needs no lock: None.

    Args:
        url: The database.
        redis_url: The Redis of this server. Servers that share a Redis count as one, because only
            one of their workers writes. None without Redis.
        orphans_within_s: How long workers of a server that was killed may take to end.

    Raises:
        SettingsError: Another server has locked the database, or its workers have not ended.
    """
    path = _file_of(url)
    if path is None:
        return None
    group = hashlib.sha256(redis_url.encode()).hexdigest() if redis_url else ""
    file = path.with_name(path.name + SUFFIX).open("a+", encoding="ascii")
    try:
        if _locked(file, fcntl.LOCK_EX):
            _wait_for_orphans(path, orphans_within_s)
            file.truncate(0)
            file.write(group)
            file.flush()
            if group:
                fcntl.flock(file, fcntl.LOCK_SH)
            return file
        if group and _locked(file, fcntl.LOCK_SH):
            file.seek(0)
            if file.read() == group:
                return file
    except BaseException:
        file.close()
        raise
    file.close()
    message = (
        f"another server writes to {shown(path)} already, and two would lose each other's "
        "messages: stop it, give this one a folder of its own with PITWALL_DATA, or let both share "
        "a Redis (PITWALL_REDIS_URL), with PostgreSQL if they run on several machines"
    )
    raise SettingsError(message)


def hold_as_worker(url: URL) -> IO[str] | None:
    """Return the lock that tells the next server that this worker may still write; else None."""
    path = _file_of(url)
    if path is None:
        return None
    file = path.with_name(path.name + SUFFIX_OF_WORKERS).open("a", encoding="ascii")
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def _file_of(url: URL) -> Path | None:
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    path = Path(url.database).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _wait_for_orphans(path: Path, within_s: float) -> None:
    """Wait until no worker of an earlier server holds the database.

    Raises:
        SettingsError: One still does.
    """
    deadline = time.monotonic() + within_s
    with path.with_name(path.name + SUFFIX_OF_WORKERS).open("a", encoding="ascii") as file:
        while not _locked(file, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                message = (
                    f"a worker of a server that was killed still writes to {shown(path)} after "
                    f"{within_s:.0f} s: end that process, then start again"
                )
                raise SettingsError(message)
            time.sleep(_LOOK_AGAIN_S)


def _locked(file: IO[str], how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
