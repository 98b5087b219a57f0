"""Test that a coroutine runs up to its first wait without a task, and in one from there."""

from __future__ import annotations

import asyncio

import pytest

from pitwall.aio import begun, end


async def test_what_never_waits_has_no_task() -> None:
    done = []

    async def work() -> None:
        done.append(1)

    assert begun(work()) is None
    assert done == [1]


async def test_what_waits_goes_on_in_a_task() -> None:
    gate = asyncio.Event()

    async def work() -> str:
        await gate.wait()
        await asyncio.sleep(0)
        return "done"

    task = begun(work())
    assert task is not None
    await asyncio.sleep(0)
    assert not task.done()
    gate.set()
    assert await task == "done"


async def test_an_error_is_raised_at_once_or_in_the_task() -> None:
    async def work(*, waits: bool) -> None:
        if waits:
            await asyncio.sleep(0)
        raise LookupError

    with pytest.raises(LookupError):
        begun(work(waits=False))
    task = begun(work(waits=True))
    assert task is not None
    with pytest.raises(LookupError):
        await task


async def test_a_cancellation_reaches_what_waits() -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)

    task = begun(work())
    assert task is not None
    await asyncio.sleep(0)
    await end(task)
    assert task.cancelled()
    assert ended == [1]


async def test_an_error_that_the_work_handles_does_not_end_it() -> None:
    waits: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def work() -> str:
        try:
            await waits
        except ValueError:
            await asyncio.sleep(0)
            return "handled"
        return "not raised"

    task = begun(work())
    waits.set_exception(ValueError())
    assert task is not None
    assert await task == "handled"
