"""Find free ports for test servers, which no client or other worker is given meanwhile."""

from __future__ import annotations

import os
import socket
from itertools import count

# Linux lends clients the ports from 32768 on: one of those may be taken before a server has it.
FIRST, EACH, PARTS = 20_000, 1_000, 12
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_begin = FIRST + _WORKER % PARTS * EACH
_tried = count(os.getpid())  # two runs on one machine begin at different ones


def free_port() -> int:
    """Return a free port of 127.0.0.1, a different one each time."""
    for _ in range(EACH):
        port = _begin + next(_tried) % EACH
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    message = f"no port is free from {_begin} to {_begin + EACH - 1}"
    raise RuntimeError(message)
