"""Keep two servers from writing to one SQLite file, where both would number the same messages.

The lock is the system's own, on a file beside the database, so that a crash releases it. Commands
do not need it: each writes in one transaction, and never to the race that the server is recording.
"""

from __future__ import annotations

import fcntl
import hashlib
from pathlib import Path
from typing import IO

from sqlalchemy import URL

from pitwall.errors import SettingsError

SUFFIX = ".server"


def hold(url: URL, redis_url: str | None) -> IO[str] | None:
    """Lock the database for one server; return the lock file, which holds the lock until closed.

    PostgreSQL needs no lock: None.

    Args:
        url: The database.
        redis_url: The Redis of this server. Servers that share a Redis count as one, because only
            one of their workers writes. None without Redis.

    Raises:
        SettingsError: Another server has locked the database.
    """
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    path = Path(url.database).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    group = hashlib.sha256(redis_url.encode()).hexdigest() if redis_url else ""
    file = path.with_name(path.name + SUFFIX).open("a+", encoding="ascii")
    try:
        if _locked(file, fcntl.LOCK_EX):
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
        f"another server writes to {path} already, and two would lose each other's messages: stop "
        "it, give this one a folder of its own with PITWALL_DATA, or let both share a Redis "
        "(PITWALL_REDIS_URL), with PostgreSQL if they run on several machines"
    )
    raise SettingsError(message)


def _locked(file: IO[str], how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
