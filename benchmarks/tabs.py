"""Measure what 1, 20 and 100 open tabs cost the real server, in shares of one core.

The tabs are raw Socket.IO clients in this process: they join the room exactly as a browser
does and read every message. The server is a process of its own with the simulated race; its
CPU time is read from the system over the same span for each row.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import orjson
from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).parents[1]
COUNTS = (0, 1, 20, 100)
SPAN_S = 20.0
SETTLE_S = 2.0
_NAMESPACE = "/_event"


def main() -> None:
    """Print a row for each number of tabs."""
    sys.stdout.write("\nOpen tabs: CPU of the server, % of one core, over 20 s each\n")
    if not Path("/proc/self/stat").exists():
        sys.stdout.write("  this benchmark reads /proc, which this system does not have\n")
        return
    with serving() as (port, pid):
        asyncio.run(_rows(port, pid))


@contextmanager
def serving(
    settings: Mapping[str, str] | None = None, module: str = "pitwall.serve"
) -> Iterator[tuple[int, int]]:
    """Serve a simulated race in a process of its own, with further settings.

    Args:
        settings: Environment variables.
        module: What serves it.

    Yields:
        The port and the process's number.
    """
    port = free_port()
    data = tempfile.mkdtemp(prefix="pitwall-benchmark-")
    own = {"PITWALL_PORT": str(port), "PITWALL_FEED": "simulated:7", "PITWALL_DATA": data}
    server = subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **own, **(settings or {})},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(port, server)
        yield port, server.pid
    finally:
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=20)
        shutil.rmtree(data, ignore_errors=True)


async def _rows(port: int, pid: int) -> None:
    one_tab: float | None = None
    for count in COUNTS:
        share, messages, size = await measure(port, pid, count)
        one_tab = share if count == 1 else one_tab
        more = "" if one_tab is None or count < 2 else f"  {share - one_tab:+.1%} against one tab"
        each = (
            f"  {messages / count / SPAN_S:.1f} messages/s of {size / max(1, messages):,.0f} B"
            if count
            else ""
        )
        sys.stdout.write(f"  {count:4d} tabs  {share:6.1%}{each}{more}\n")


async def measure(port: int, pid: int, count: int) -> tuple[float, int, int]:
    """Return the server's share of a core, and the messages and bytes that all tabs read."""
    counts = [0, 0]
    tabs = [asyncio.create_task(_tab(port, counts)) for _ in range(count)]
    await asyncio.sleep(SETTLE_S + count / 50)
    began_s, began_cpu_s = time.monotonic(), cpu_s(pid)
    counts[:] = [0, 0]
    await asyncio.sleep(SPAN_S)
    spent_s = cpu_s(pid) - began_cpu_s
    share = spent_s / (time.monotonic() - began_s)
    broken = [tab for tab in tabs if tab.done()]
    for tab in tabs:
        tab.cancel()
    ends = await asyncio.gather(*tabs, return_exceptions=True)
    if broken:
        message = f"{len(broken)} of {count} tabs lost their socket: {ends[0]!r}"
        raise RuntimeError(message)
    return share, counts[0], counts[1]


async def _tab(port: int, counts: list[int]) -> None:
    """Open a socket, join the room, and count what comes until cancelled."""
    token = str(uuid.uuid4())
    url = f"ws://127.0.0.1:{port}{_NAMESPACE}/?EIO=4&transport=websocket&token={token}"
    async with connect(url, max_size=None) as tab:
        await tab.recv()  # Engine.IO: open
        await join(tab)
        async for text in tab:
            if text == "2":  # Engine.IO: ping
                await tab.send("3")
            else:
                counts[0] += 1
                counts[1] += len(text)


async def join(tab: ClientConnection) -> None:
    """Say what a browser says when it opens the live page: connect, and load it."""
    event = {
        "name": "reflex___state____state.hydrate_and_load",
        "payload": {"vars": {}},
        "router_data": {"pathname": "/", "query": {}, "asPath": "/"},
    }
    await tab.send(f"40{_NAMESPACE}," + orjson.dumps({"event": event}).decode())


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process and of all its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own_s + sum(cpu_s(int(child)) for child in children)


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Return when the server has battles to tell.

    Raises:
        RuntimeError: It has not, within a minute.
    """
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/live-battles")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    message = "the server did not start: is the front end built? (make build)"
    raise RuntimeError(message)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
