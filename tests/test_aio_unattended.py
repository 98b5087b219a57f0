"""Test calls without a deadline: their answer, their error, and a process that ends meanwhile."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pitwall.aio import unattended

NEVER_ANSWERS = """
import asyncio, sys, threading, types
from pathlib import Path
from pitwall.errors import FeedUnavailableError
from pitwall.feeds.f1_archive import schedule as calendar

asked = threading.Event()
def forever(*_args, **_kwargs):
    asked.set()
    threading.Event().wait()
sys.modules["fastf1"] = types.SimpleNamespace(
    Cache=types.SimpleNamespace(configure=lambda **_: None), get_event_schedule=forever
)
calendar._WITHIN_S = 0.2
try:
    asyncio.run(calendar.fastf1_calendar(2026, Path(sys.argv[1])))
except FeedUnavailableError as error:
    print(asked.is_set(), error)
"""


async def test_what_a_call_returns_and_raises_comes_back() -> None:
    def fails() -> None:
        raise ValueError("no")

    assert await unattended(lambda: threading.current_thread().name, "here") == "here"
    with pytest.raises(ValueError, match="no"):
        await unattended(fails, "there")


async def test_an_answer_that_nobody_waits_for_does_no_harm(
    caplog: pytest.LogCaptureFixture,
) -> None:
    go, gone = threading.Event(), threading.Event()

    def late() -> None:
        go.wait()
        gone.set()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(unattended(late, "late"), 0.01)
    go.set()
    await asyncio.to_thread(gone.wait)
    await asyncio.sleep(0.05)

    assert caplog.text == ""


def test_a_process_ends_though_fastf1_never_answers(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", NEVER_ANSWERS, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,  # without the thread of its own it would not end
        check=True,
    )

    assert ended.stdout.strip() == "True FastF1's calendar did not arrive in time."
