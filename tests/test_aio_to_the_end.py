"""A call in a thread that is cancelled has ended before its caller lets go of anything."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pitwall.aio import to_the_end


async def test_a_cancelled_call_ends_before_its_lock_is_released() -> None:
    began, go_on = threading.Event(), threading.Event()
    at_work: list[str] = []

    def call() -> None:
        at_work.append("begun")
        began.set()
        go_on.wait(10)
        at_work.append("ended")

    lock = asyncio.Lock()

    async def caller() -> None:
        async with lock:
            await to_the_end(call)

    task = asyncio.create_task(caller())
    await asyncio.to_thread(began.wait, 10)
    for _ in range(2):  # whoever cancels again changes nothing
        task.cancel()
        await asyncio.sleep(0.01)
    assert lock.locked()
    assert not task.done()
    go_on.set()
    async with lock:
        assert at_work == ["begun", "ended"]
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_a_call_returns_or_raises_is_its_callers() -> None:
    assert await to_the_end(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await to_the_end(lambda: 1 // 0)
