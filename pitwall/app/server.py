"""Serve the built front end, the API and the WebSocket on one port.

Nothing is compiled here; `scripts/build.py` compiles the front end when something changed.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from pitwall.app.environment import variable
from pitwall.app.settings import (
    STARTED_IN,
    WORKERS_FOLDER,
    FeedKind,
    Settings,
    load,
    spelling_warnings,
)
from pitwall.errors import FeedUnavailableError, PitwallError, SettingsError, shown
from pitwall.logs import one_line
from pitwall.places import BESIDE, PAGES

BUILT_PAGE = PAGES / "index.html"
STOP_WITHIN_S = 5  # then open sockets are cut
ANNOUNCE_WITHIN_S = 60.0
HEADERS_WITHIN_MS = 10_000  # also how long a connection may stay open without a request
BACKLOG = 4_096  # connections that the system queues until the server accepts them
MOST_CONNECTIONS = 10_000
FILES_WANTED = 65_536
_OF_THE_PORT = {errno.EADDRINUSE, errno.EACCES}
_ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  only compared with


def main() -> int:
    """Serve until interrupted; return the exit code."""
    for warning in spelling_warnings():
        sys.stderr.write(f"pitwall: warning: {warning}\n")
    try:
        settings = load()
        _check_files(settings)
        _check_feed(settings)
    except PitwallError as error:
        return _refuse(str(error))
    host, port = settings.host, settings.port
    if not BUILT_PAGE.is_file():
        return _refuse("the front end is not built: run python scripts/build.py")
    reason = why_not(host, port)
    if reason:
        return _refuse(reason)
    try:
        held = _hold_database(settings)
    except PitwallError as error:
        return _refuse(str(error))
    os.environ |= redis_environment(settings)
    os.environ |= allocator_environment() | os.environ  # what the operator chose stays
    os.environ[STARTED_IN] = _working_folder()
    os.chdir(BESIDE)  # Reflex looks for rxconfig.py here
    # A fork would copy import locks that the announcing thread may hold at that moment.
    multiprocessing.set_start_method("spawn")
    threading.Thread(target=_announce, args=(host, port), daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="pitwall-") as folder:
        os.environ[WORKERS_FOLDER] = folder
        os.environ |= reflex_environment(_web_folder(Path(folder)))
        Server(
            target="pitwall.pitwall:asgi",
            factory=True,
            working_dir=BESIDE,  # else modules would be looked for wherever a worker is
            address=host,
            port=port,
            interface=Interfaces.ASGI,
            workers=settings.workers,
            # Proxies speak HTTP/1.1 to their backends, and browsers speak HTTP/2 over TLS only.
            # To detect which of the two it is, granian waits for ever: idle connections stay open.
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN_MS),
            backlog=BACKLOG,
            backpressure=most_connections(raise_file_limit(), settings.workers),
            workers_kill_timeout=STOP_WITHIN_S,
            # A worker that dies is replaced while the others go on; a single one ends the server.
            respawn_failed_workers=settings.workers > 1,
            log_level=LogLevels.warning,
        ).serve()
    if held is not None:  # this name keeps the lock file open until here
        held.close()
    return 0


def raise_file_limit() -> int:
    """Raise the limit of open files for this process and its workers; return the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = FILES_WANTED if hard == resource.RLIM_INFINITY else min(FILES_WANTED, hard)
    if soft == resource.RLIM_INFINITY or soft >= limit:
        return FILES_WANTED if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return limit


def most_connections(files: int, workers: int) -> int:
    """Return how many connections a worker accepts; further ones wait until one ends.

    A quarter of the file limit is left for the database, the cache and the pages.

    Example:
        >>> most_connections(20_000, 1), most_connections(1_024, 1), most_connections(20_000, 4)
        (10000, 768, 2500)
    """
    return min(files * 3 // 4, MOST_CONNECTIONS // workers)


def _check_files(settings: Settings) -> None:
    """Refuse a data folder that cannot be written to, and a missing model.

    Raises:
        PitwallError: The folder cannot be written to, or the model is missing.
    """
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.data):
            pass
    except OSError as error:
        reason = f"cannot write to {shown(settings.data)}: {error.strerror}"
        raise SettingsError(f"{variable('data')}: {reason}") from error
    if settings.model is not None and not (settings.model / "manifest.json").is_file():
        reason = f"{shown(settings.model)} is not a folder with a model's manifest.json"
        raise SettingsError(f"{variable('model')}: {reason}")


def _check_feed(settings: Settings) -> None:
    """Open a feed of files, so that a wrong path is reported here and not on a page.

    Raises:
        PitwallError: The feed cannot be opened, or holds no message.
    """
    spec = settings.feed_spec()
    if spec.kind in {FeedKind.RECORDING, FeedKind.TIMING}:
        from pitwall.app.container import open_feed  # slow to import, and only needed here

        if next(open_feed(spec).messages(), None) is None:
            raise FeedUnavailableError(f"{shown(spec.path)} contains no readable message")


def _hold_database(settings: Settings) -> IO[str] | None:
    """Return the lock that keeps other servers from a SQLite file; a crash releases it.

    Raises:
        PitwallError: Another server holds it, or the URL is not of a supported database.
    """
    from pitwall.store import (  # imports SQLAlchemy, so only when all else is well
        database,
        single_writer,
    )

    url = database.database_url(settings.database_url, settings.data)
    return single_writer.hold(url, settings.redis_url)


def _working_folder() -> str:
    """Return the folder that the server was started in."""
    try:
        return str(Path.cwd())
    except FileNotFoundError:  # it was removed
        return str(BESIDE)


def _web_folder(shared: Path) -> Path:
    """Return a folder with the built page in which Reflex may write; it lists its pages there.

    The folder of the page itself may be on a system that is read only.
    """
    web = shared / "web"
    web.mkdir()
    (web / PAGES.parent.name).symlink_to(PAGES.parent, target_is_directory=True)
    return web


def reflex_environment(web: Path) -> dict[str, str]:
    """Return the variables that make Reflex serve the build as it is and contact no server.

    Args:
        web: The folder with the build, in which Reflex may write.
    """
    return {
        "REFLEX_WEB_WORKDIR": str(web),
        "REFLEX_ENV_MODE": "prod",
        "__REFLEX_SKIP_COMPILE": "true",
        "__REFLEX_MOUNT_FRONTEND_COMPILED_APP": "true",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
    }


def allocator_environment() -> dict[str, str]:
    """Return the variables that make glibc give freed memory back to the system.

    By default each thread has an arena of its own and big blocks raise the threshold of trimming.
    Measured after four waves of 26 guests' replays: 41 MB stayed, instead of 193 MB.
    """
    return {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": str(128 * 1024)}


def redis_environment(settings: Settings) -> dict[str, str]:
    """Return the variables that make Reflex keep the states of tabs in Redis, if there is one."""
    if settings.redis_url is None:
        return {}
    return {"REFLEX_REDIS_URL": settings.redis_url, "REFLEX_STATE_MANAGER_MODE": "redis"}


def why_not(host: str, port: int) -> str:
    """Return why the server cannot listen on this address; "" when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            shown_host = f"[{host}]" if ":" in host else host
            other = "PORT" if error.errno in _OF_THE_PORT else "HOST"
            return (
                f"cannot listen on {shown_host}:{port}: {error.strerror or error}. "
                f"Set PITWALL_{other} to another {other.lower()}."
            )
    return ""


def _announce(host: str, port: int) -> None:
    """Print the address once the server answers there."""
    reachable = _ANY_HOST.get(host, host)
    deadline = time.monotonic() + ANNOUNCE_WITHIN_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection((reachable, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
            continue
        reachable_host = f"[{reachable}]" if ":" in reachable else reachable
        sys.stdout.write(f"pitwall is on http://{reachable_host}:{port}\n")
        sys.stdout.flush()
        return


def _refuse(reason: str) -> int:
    sys.stderr.write(f"pitwall: {one_line(reason)}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
