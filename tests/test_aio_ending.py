"""Test that ending a task raises nothing of its errors, and that the wait can be cancelled too."""

from __future__ import annotations

import asyncio

import pytest

from pitwall.aio import end


async def lingers(until: asyncio.Event, error: Exception | None = None) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        await until.wait()
        if error is not None:
            raise error


@pytest.mark.parametrize("error", [None, ValueError("at its end")])
async def test_what_a_task_raises_when_it_is_ended_goes_no_further(
    error: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    go = asyncio.Event()
    tasks = [asyncio.create_task(lingers(go, error)) for _ in range(2)]
    await asyncio.sleep(0)
    go.set()

    await end(*tasks)

    assert all(task.done() for task in tasks)
    del tasks
    assert caplog.text == ""


async def test_nothing_to_end_is_ended_at_once() -> None:
    await end()


async def test_who_waits_for_an_end_can_be_ended_too() -> None:
    go, went_on = asyncio.Event(), False

    async def waits() -> None:
        nonlocal went_on
        await end(task)
        went_on = True

    task = asyncio.create_task(lingers(go))
    waiting = asyncio.create_task(waits())
    await asyncio.sleep(0.01)

    waiting.cancel()
    await asyncio.wait({waiting}, timeout=5)

    assert waiting.cancelled()
    assert not went_on
    go.set()
    await end(task)
