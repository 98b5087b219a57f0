"""Keep two servers from writing to one SQLite file: each would number a race's messages anew.

The lock is the system's own, on a file beside the database, so that a crash lets go of it. Commands
do not ask for it: what they write is a transaction each, and of other races than the one on show.
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
    """Return what holds the database for one server, until it is closed; None for PostgreSQL.

    Args:
        url: Of the database.
        redis_url: Servers that share a Redis are one: only one of their workers writes.

    Raises:
        SettingsError: Another server holds it.
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
        "it, give this one a folder of its own in PITWALL_DATA, or let both share a Redis "
        "(PITWALL_REDIS_URL), with PostgreSQL where they are on several machines"
    )
    raise SettingsError(message)


def _locked(file: IO[str], how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
