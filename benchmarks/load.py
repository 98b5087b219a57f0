"""Load a server with readers of its stream, or with requests, at little cost to the machine.

A process of its own, `python -m benchmarks.load stream|requests PORT ...`: raw sockets that do not
block, one `epoll`, and of each event only its id, which holds when the frame was published and its
number. It writes a line when all are connected, and its result as JSON.
"""

from __future__ import annotations

import json
import re
import resource
import select
import socket
import sys
import time
from dataclasses import dataclass

SETTLE_S = 5.0
CONNECTED_AT_ONCE = 100
_FRAME = re.compile(rb"event: frame\nid: ([0-9a-f]+)-([0-9a-f]+)\n")
_LENGTH = re.compile(rb"(?i)content-length: (\d+)")
_LONGEST_MARK = 64
_LONGEST_HEAD = 4_096
_BUFFER = 256 * 1024


def main(words: list[str]) -> None:
    """Run what the words ask for, and write the result as a line of JSON."""
    kind, port, path, clients, span_s = words
    raise_file_limit()
    load = (_Stream if kind == "stream" else _Requests)(int(port), path)
    result = load.measure(int(clients), float(span_s))
    sys.stdout.write(json.dumps(result) + "\n")


def raise_file_limit() -> None:
    """Allow as many sockets as the system permits."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@dataclass(slots=True)
class _Reader:
    """One reader of the stream.

    Attributes:
        link: Its socket.
        tail: The end of what it read, in which a mark may have begun.
        last: The number of the newest frame that it read; 0 before the first.
        frames: How many it read while they were counted.
        lost: How many numbers were missing between those.
    """

    link: socket.socket
    tail: bytes = b""
    last: int = 0
    frames: int = 0
    lost: int = 0


class _Stream:
    """Readers of the stream, each of which reads as soon as something comes."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        self._readers: dict[int, _Reader] = {}
        self._poll = select.epoll()
        self._buffer = bytearray(_BUFFER)
        self._counts = False
        self._octets = 0
        self._cut = 0
        self._delays_ms: list[float] = []

    def measure(self, clients: int, span_s: float) -> dict[str, object]:
        """Read with so many readers for a while, and return what came."""
        for place in range(clients):
            self._open()
            if place % CONNECTED_AT_ONCE == 0:
                self._read_until(time.monotonic() + 0.1)
        self._read_until(time.monotonic() + SETTLE_S)
        say_ready()
        self._counts, began_s, began_cpu_s = True, time.monotonic(), time.process_time()
        self._read_until(began_s + span_s)
        share = (time.process_time() - began_cpu_s) / (time.monotonic() - began_s)
        readers = self._readers.values()
        return {
            "cpu": share,
            "frames": sum(reader.frames for reader in readers),
            "fewest": min(reader.frames for reader in readers),
            "most": max(reader.frames for reader in readers),
            "lost": sum(reader.lost for reader in readers),
            "cut": self._cut,
            "octets": self._octets,
        } | percentiles(self._delays_ms)

    def _open(self) -> None:
        link = connected(self._port)
        link.sendall(self._request)
        link.setblocking(False)
        self._readers[link.fileno()] = _Reader(link)
        self._poll.register(link.fileno(), select.EPOLLIN)

    def _read_until(self, moment_s: float) -> None:
        view = memoryview(self._buffer)
        while (left_s := moment_s - time.monotonic()) > 0:
            for number, _ in self._poll.poll(left_s):
                reader = self._readers[number]
                try:
                    size = reader.link.recv_into(self._buffer)
                except ConnectionError:
                    size = 0
                if size:
                    self._take(reader, view[:size])
                else:
                    self._cut += 1
                    self._poll.unregister(number)

    def _take(self, reader: _Reader, data: memoryview) -> None:
        text = reader.tail + data
        end = 0
        for found in _FRAME.finditer(text):
            end = found.end()
            number = int(found[2], 16)
            if self._counts:
                reader.frames += 1
                reader.lost += max(0, number - reader.last - 1) if reader.last else 0
                self._delays_ms.append(1000 * time.time() - int(found[1], 16))
            reader.last = number
        reader.tail = text[max(end, len(text) - _LONGEST_MARK) :]
        if self._counts:
            self._octets += len(data)


class _Requests:
    """Connections that stay open, each of which asks again as soon as an answer is whole."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        self._links: dict[int, socket.socket] = {}
        self._missing: dict[int, int] = {}
        self._asked_s: dict[int, float] = {}
        self._buffer = bytearray(_BUFFER)
        self._octets = 0
        self._delays_ms: list[float] = []

    def measure(self, clients: int, span_s: float) -> dict[str, object]:
        """Ask on so many connections for a while, and return what was answered."""
        poll = select.epoll()
        for _ in range(clients):
            link = connected(self._port)
            self._links[link.fileno()] = link
            poll.register(link.fileno(), select.EPOLLIN)
        say_ready()
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        for number in self._links:
            self._ask(number)
        while time.monotonic() - began_s < span_s:
            for number, _ in poll.poll(1):
                self._read(number)
        taken_s = time.monotonic() - began_s
        return {
            "cpu": (time.process_time() - began_cpu_s) / taken_s,
            "a_second": len(self._delays_ms) / taken_s,
            "octets": self._octets / len(self._delays_ms),
        } | percentiles(self._delays_ms)

    def _ask(self, number: int) -> None:
        self._asked_s[number] = time.monotonic()
        self._missing[number] = 0
        self._links[number].sendall(self._request)

    def _read(self, number: int) -> None:
        size = self._links[number].recv_into(self._buffer)
        self._octets += size
        missing = (self._missing[number] or answer_length(self._buffer[:_LONGEST_HEAD])) - size
        self._missing[number] = missing
        if missing <= 0:
            self._delays_ms.append(1000 * (time.monotonic() - self._asked_s[number]))
            self._ask(number)


def percentiles(delays_ms: list[float]) -> dict[str, object]:
    """Return the median, the 99th percentile and the longest of some delays."""
    delays_ms = sorted(delays_ms)
    return {
        "p50_ms": delays_ms[len(delays_ms) // 2],
        "p99_ms": delays_ms[int(len(delays_ms) * 0.99)],
        "max_ms": delays_ms[-1],
    }


def answer_length(data: bytes | bytearray) -> int:
    """Return how long an answer is with its head, of which the whole head has come.

    Raises:
        RuntimeError: It is not 200, or does not say how long it is.
    """
    head, _, _ = bytes(data).partition(b"\r\n\r\n")
    found = _LENGTH.search(head)
    if not head.startswith(b"HTTP/1.1 200") or found is None:
        raise RuntimeError(head[:300])
    return len(head) + 4 + int(found[1])


def connected(port: int) -> socket.socket:
    """Return a socket to the server on this machine."""
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def say_ready() -> None:
    """Tell the process that waits that the span begins."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
