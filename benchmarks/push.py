"""Measure the stream with thousands of readers and a page beside, and answers of kept bytes.

The readers and askers are a process of their own (`benchmarks.load`); the server is another, with
the simulated race. A frame is lost to a reader when its number is missing between those it read.
The delay is from publication, by the id of the frame, to the reader's socket. `PUSH_READERS` and
`PUSH_SPAN_S` choose other numbers of readers and another span.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import orjson

from benchmarks.answers import AS_USUAL, AT_ONCE
from benchmarks.load import raise_file_limit
from benchmarks.tabs import ROOT, cpu_s, measure, serving

READERS = tuple(map(int, os.environ.get("PUSH_READERS", "100 500 1000 2000").split()))
SPAN_S = float(os.environ.get("PUSH_SPAN_S", "60"))
STREAM = "/live-battles/stream"
ANSWERS = {
    "validated and serialised for each request (FastAPI's usual)": AS_USUAL,
    "serialised for each request": AT_ONCE,
    "kept bytes": "/live-battles",
}
ASKERS = 64
ASKED_S = 1.0
ROUNDS = 7
LAP_OF_MANY_BATTLES = "3"
MANY_BATTLES = 17


def main() -> None:
    """Print a row for each number of readers, and one for each kind of answer."""
    if not Path("/proc/self/stat").exists():
        sys.stdout.write("\nPush: this benchmark reads /proc, which this system does not have\n")
        return
    raise_file_limit()  # the server and the load inherit it
    sys.stdout.write(f"\nReaders of the stream, {SPAN_S:.0f} s each; shares of one core\n")
    for readers in READERS:
        with serving() as (port, pid):
            _readers(port, pid, readers)
    with serving() as (port, pid):
        _beside_a_page(port, pid, READERS[-1])
    sys.stdout.write(
        f"\nGET /live-battles on {ASKERS} connections, in {ROUNDS} turns of {ASKED_S:.0f} s\n"
    )
    with serving({"PITWALL_START_LAP": LAP_OF_MANY_BATTLES}, "benchmarks.answers") as (port, pid):
        _answers(port, pid)


class Load:
    """A process that loads the server, from when all its clients are connected."""

    def __init__(self, *words: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load", *map(str, words)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        self._line()

    def result(self) -> dict[str, Any]:
        """Wait for the end of the span, and return what was measured."""
        result: dict[str, Any] = orjson.loads(self._line())
        self._process.wait()
        return result

    def _line(self) -> bytes:
        assert self._process.stdout is not None  # noqa: S101  asked for above
        line = self._process.stdout.readline()
        if not line:
            message = "the load has ended by an error"
            raise RuntimeError(message)
        return line


def _readers(port: int, pid: int, readers: int) -> None:
    result, share = _measured(pid, Load("stream", port, STREAM, readers, SPAN_S))
    sys.stdout.write(f"  {readers:5d} readers  {_row(result, share)}\n")


def _beside_a_page(port: int, pid: int, readers: int) -> None:
    load = Load("stream", port, STREAM, readers, SPAN_S)
    began_s, began_cpu_s = time.monotonic(), cpu_s(pid)
    tabs = 20
    _, messages, _ = asyncio.run(measure(port, pid, tabs))
    taken_s = time.monotonic() - began_s
    share = (cpu_s(pid) - began_cpu_s) / taken_s
    sys.stdout.write(f"  {readers:5d} readers  {_row(load.result(), share)}\n")
    sys.stdout.write(
        f"        and {tabs} tabs of the page: {messages / tabs / 20:.2f} messages/s\n"
    )


def _answers(port: int, pid: int) -> None:
    deadline_s = time.monotonic() + 60
    while _battles(port) < MANY_BATTLES and time.monotonic() < deadline_s:
        time.sleep(0.5)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ANSWERS}
    size = 0.0
    for _ in range(ROUNDS):  # in turns, as neighbours of the machine come and go
        for name, path in ANSWERS.items():
            result, share = _measured(pid, Load("requests", port, path, ASKERS, ASKED_S))
            taken[name].append((result["a_second"], share))
            size = result["octets"]
    rates = {name: statistics.median(rate for rate, _ in rounds) for name, rounds in taken.items()}
    for name, rounds in taken.items():
        cpu_us = 1e6 * sum(share for _, share in rounds) / sum(rate for rate, _ in rounds)
        sys.stdout.write(f"  {rates[name]:7,.0f} a second  {cpu_us:6,.0f} us of CPU  {name}\n")
    *others, kept = rates.values()
    times = " and ".join(f"{kept / each:.1f}" for each in others)
    sys.stdout.write(f"  kept bytes are {times} times as fast; the last answer had {size:,.0f} B\n")


def _battles(port: int) -> int:
    with urlopen(f"http://127.0.0.1:{port}/live-battles", timeout=5) as answer:
        return len(orjson.loads(answer.read())["battles"])


def _measured(pid: int, load: Load) -> tuple[dict[str, Any], float]:
    """Return what a load measured, and the server's share of a core meanwhile."""
    began_s, began_cpu_s = time.monotonic(), cpu_s(pid)
    result = load.result()
    return result, (cpu_s(pid) - began_cpu_s) / (time.monotonic() - began_s)


def _row(result: dict[str, Any], share: float) -> str:
    frames = result["frames"]
    return (
        f"server {share:6.1%}, readers {result['cpu']:6.1%}  "
        f"{result['fewest']} to {result['most']} frames of {result['octets'] / frames:,.0f} B, "
        f"{result['lost']} of {frames} lost, {result['cut']} cut  delay median "
        f"{result['p50_ms']:.0f} ms, p99 {result['p99_ms']:.0f}, longest {result['max_ms']:.0f}\n"
    ).rstrip()
