"""Let the system end connections that nobody reads, and bound what it buffers for each.

What is sent to a connection first waits in the system, which by default takes some megabytes before
the server notices that its peer has stopped reading: minutes of small frames. And a connection
whose peer has vanished without a word would stay for hours. The server opens its port by itself,
so the options are set on the listening socket; every connection that is accepted inherits them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

UNREAD_S: Final = 30
"""How long a peer may acknowledge nothing, or have no room for what waits for it."""
UNSENT_BYTES: Final = 65_536
"""How much may wait that has not been sent; what is under way is not limited by it."""
IDLE_S: Final = 30
"""After how long without anything a peer is asked whether it is still there."""
ASK_EVERY_S: Final = 10
ASK_TIMES: Final = 3

_LOOK_EVERY_S: Final = 0.05
_LOOK_FOR_S: Final = 60.0
_FILES: Final = Path("/dev/fd")
_OPTIONS: Final = {
    "TCP_USER_TIMEOUT": UNREAD_S * 1000,
    "TCP_NOTSENT_LOWAT": UNSENT_BYTES,
    "TCP_KEEPIDLE": IDLE_S,
    "TCP_KEEPINTVL": ASK_EVERY_S,
    "TCP_KEEPCNT": ASK_TIMES,
}


async def bound_connections(port: int) -> None:
    """Set the options as soon as this process listens on a port: a lifespan task of each worker."""
    loop = asyncio.get_running_loop()
    give_up_s = loop.time() + _LOOK_FOR_S
    while not bound_now(port):
        if loop.time() > give_up_s:
            log.warning("connections are not bounded", extra={"why": "no listening socket found"})
            return
        await asyncio.sleep(_LOOK_EVERY_S)


def bound_now(port: int) -> int:
    """Set the options on every socket of this process that listens on a port; return how many."""
    count = 0
    for listener in _listeners(port):
        with listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _OPTIONS.items():
                option = getattr(socket, name, None)  # not every system has all of them
                if option is not None:
                    listener.setsockopt(socket.IPPROTO_TCP, option, value)
            count += 1
    return count


def _listeners(port: int) -> Iterator[socket.socket]:
    """Yield each socket that listens on a port, as a copy to be closed."""
    for file in list(_FILES.iterdir()):
        found = _socket(int(file.name))
        if found is not None and _listens(found, port):
            yield found
        elif found is not None:
            found.close()


def _socket(file: int) -> socket.socket | None:
    """Return a copy of an open file that is a socket; None of anything else."""
    with suppress(OSError):  # closed meanwhile
        if stat.S_ISSOCK(os.fstat(file).st_mode):
            return socket.socket(fileno=os.dup(file))
    return None


def _listens(found: socket.socket, port: int) -> bool:
    is_tcp = found.family in {socket.AF_INET, socket.AF_INET6} and found.type == socket.SOCK_STREAM
    return (
        is_tcp
        and bool(found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
        and found.getsockname()[1] == port
    )
