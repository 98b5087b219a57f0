"""Test that a download from a killed server is resumed at the next one."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from pitwall.store.database import Database
from pitwall.store.race_writer import SqlRaceWriter
from tests.servers.ports import free_port
from tests.store.races import SMALL, small_batch

FILE = f"/history/{SMALL.race_id}/predictions.csv"
STARTS_WITHIN_S = 120.0
ROWS = 60_000  # more bytes than sockets hold on their way


class Killed:
    """The server, started anew for each part of the download."""

    def __init__(self, url: str) -> None:
        port = free_port()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.api.exporting_process", url, str(port)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert self._process.stdout is not None
        key = self._process.stdout.readline().strip()
        headers = {"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"}
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=STARTS_WITHIN_S
        )
        deadline = time.monotonic() + STARTS_WITHIN_S
        while not self._answers():
            assert self._process.poll() is None, "the server ended by itself"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill it at once."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Leave nothing behind."""
        self.kill()
        self.client.close()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _answers(self) -> bool:
        try:
            return self.client.get(f"/history/{SMALL.race_id}?limit=1").status_code == 200
        except httpx.TransportError:
            return False


def broken_off(url: str) -> tuple[bytes, str]:
    """Return what came before the server was killed, and the file's ETag."""
    server, got = Killed(url), b""
    try:
        with server.client.stream("GET", FILE) as answer:
            try:
                for piece in answer.iter_raw(4_096):
                    if not got:
                        server.kill()
                    got += piece
            except httpx.TransportError:
                return got, answer.headers["ETag"]
        pytest.fail("the whole file came, although the server was killed")
    finally:
        server.close()


def resumed(url: str, got: int, etag: str) -> tuple[httpx.Response, bytes]:
    """Return the rest of the file and the whole of it, from a server that has just started."""
    server = Killed(url)
    try:
        rest = server.client.get(FILE, headers={"Range": f"bytes={got}-", "If-Range": etag})
        return rest, server.client.get(FILE).content
    finally:
        server.close()


@pytest.mark.slow
async def test_a_download_goes_on_after_the_server_was_killed(
    database: Database, store_url: str
) -> None:
    writer = SqlRaceWriter(database)
    mark = await writer.begin(SMALL, "recorded", "recording:small")
    await writer.append(mark, small_batch(ROWS))
    await writer.finish(mark, "finished")

    got, etag = await asyncio.to_thread(broken_off, store_url)
    rest, whole = await asyncio.to_thread(resumed, store_url, len(got), etag)

    assert 0 < len(got) < len(whole)
    assert rest.status_code == 206
    assert got + rest.content == whole
    assert whole.count(b"\r\n") == ROWS + 1
