"""Test that a paced loop keeps its tick whatever its work takes, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence

import pytest

from pitwall.aio import LEAST_REST_S, Pacer
from tests.chaos.virtual_time import VirtualTimeLoop, run_virtually

TICK_S = 0.25


def turns_of(work_s: Sequence[float]) -> list[float]:
    """Return when each turn of a loop began, seconds, with work of these lengths."""

    async def paced(loop: VirtualTimeLoop) -> list[float]:
        pacer = Pacer(TICK_S)
        began = []
        for seconds in work_s:
            began.append(loop.time())
            await asyncio.sleep(seconds)
            await pacer.rest()
        return began

    return run_virtually(paced)


def test_the_time_of_the_work_is_part_of_the_tick() -> None:
    assert turns_of([0.0, 0.1, 0.2, 0.01, 0.0]) == pytest.approx([0, 0.25, 0.5, 0.75, 1.0])


def test_after_work_longer_than_a_tick_the_next_turn_begins_almost_at_once() -> None:
    began = turns_of([0.4, 0.4, 0.4])

    assert began == pytest.approx([0, 0.4 + LEAST_REST_S, 0.8 + 2 * LEAST_REST_S])


def test_missed_turns_are_left_out_and_no_burst_follows() -> None:
    began = turns_of([5.0, 0.0, 0.0, 0.0])

    late = 5.0 + LEAST_REST_S
    assert began == pytest.approx([0, late, late + TICK_S, late + 2 * TICK_S])


def test_a_hundred_turns_take_a_hundred_ticks() -> None:
    assert turns_of([0.2] * 101)[-1] == pytest.approx(100 * TICK_S)


def with_bell(
    steps: Callable[[VirtualTimeLoop, Pacer, asyncio.Event], Coroutine[None, None, None]],
) -> None:
    async def run(loop: VirtualTimeLoop) -> None:
        await steps(loop, Pacer(TICK_S), asyncio.Event())

    run_virtually(run)


def test_an_event_begins_the_turn_at_once_and_the_next_tick_counts_from_there() -> None:
    async def steps(loop: VirtualTimeLoop, pacer: Pacer, woken: asyncio.Event) -> None:
        loop.call_later(0.1, woken.set)

        assert await pacer.rest_until(woken)
        assert loop.time() == pacer.began_s == pytest.approx(0.1)
        assert not woken.is_set()
        await asyncio.sleep(0.2)  # the work
        assert not await pacer.rest_until(woken)
        assert loop.time() == pytest.approx(0.1 + TICK_S)

    with_bell(steps)


def test_an_event_during_the_work_needs_no_rest() -> None:
    async def steps(loop: VirtualTimeLoop, pacer: Pacer, woken: asyncio.Event) -> None:
        woken.set()
        await asyncio.sleep(0.1)

        assert await pacer.rest_until(woken)
        assert loop.time() == pytest.approx(0.1)

    with_bell(steps)


def test_one_tick_can_have_a_length_of_its_own() -> None:
    async def steps(loop: VirtualTimeLoop, pacer: Pacer, woken: asyncio.Event) -> None:
        await asyncio.sleep(0.5)

        assert not await pacer.rest_until(woken, 2.0)
        assert loop.time() == pytest.approx(2.0)
        await pacer.rest()
        assert loop.time() == pytest.approx(2.0 + TICK_S)

    with_bell(steps)


def test_a_turn_never_begins_before_it_is_due() -> None:
    async def steps(loop: VirtualTimeLoop, pacer: Pacer, woken: asyncio.Event) -> None:
        for _ in range(1_000):
            due_s = pacer.began_s + 0.1
            await pacer.rest_until(woken, 0.1)
            assert pacer.began_s >= due_s

    with_bell(steps)


def test_a_cancelled_rest_ends_at_once_and_leaves_the_event_to_others() -> None:
    async def steps(loop: VirtualTimeLoop, pacer: Pacer, woken: asyncio.Event) -> None:
        for rest in (pacer.rest(), pacer.rest_until(woken)):
            resting = asyncio.create_task(rest)
            await asyncio.sleep(0)
            resting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await resting
        assert loop.time() == 0.0
        woken.set()
        assert await pacer.rest_until(woken)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with_bell(steps)
