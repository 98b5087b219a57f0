"""Test against the real server that little waits for a reader of the stream that does not read."""

from __future__ import annotations

import re
import socket
import sys
import time
from pathlib import Path

import pytest

from pitwall.app.connection_bounds import UNSENT_BYTES
from tests.browser.conftest import Server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/net/tcp"),
]
REQUEST = b"GET /live-battles/stream?detail=full HTTP/1.1\r\nHost: localhost\r\n\r\n"


def waiting_bytes(of: int, to: int) -> int:
    """Return how much the system holds for a connection from one local port to another."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, own, other, _, queues, *_ = line.split()
        if (int(own.rpartition(":")[2], 16), int(other.rpartition(":")[2], 16)) == (of, to):
            return int(queues.partition(":")[0], 16)
    raise AssertionError("there is no such connection")


def test_little_waits_for_a_reader_that_does_not_read(server: Server) -> None:
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", server.port))
        reader.sendall(REQUEST)
        time.sleep(6)  # some hundred kilobytes of frames
        held = waiting_bytes(server.port, reader.getsockname()[1])
        assert 4096 < held < 4 * UNSENT_BYTES


def test_a_reader_that_reads_is_sent_every_frame(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as reader:
        reader.sendall(REQUEST)
        text = b""
        until_s = time.monotonic() + 3
        while time.monotonic() < until_s:
            text += reader.recv(65_536)
    numbers = [int(each, 16) for each in re.findall(rb"event: frame\nid: [0-9a-f]+-(\w+)\n", text)]
    assert len(numbers) > 3
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
