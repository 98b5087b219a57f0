"""Test that the director shows what the programme chooses, and switches when that changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from pitwall.engine.frame_builder import Notes
from pitwall.live.director import Choice, Director
from tests.chaos.pictures import a_publisher
from tests.chaos.virtual_time import VirtualTimeLoop, run_virtually


class Scripted:
    """Chooses `key`; each show records when it began and ended."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self.key = "simulated"
        self.loop = loop
        self.events: list[tuple[float, str]] = []
        self.breaks = False

    async def choose(self) -> Choice:
        key = self.key

        async def show() -> None:
            self.events.append((self.loop.time(), f"+{key}"))
            try:
                if self.breaks:
                    raise RuntimeError(key)
                await asyncio.Event().wait()
            finally:
                self.events.append((self.loop.time(), f"-{key}"))

        return Choice(key, Notes(f"because {key}"), show, 30.0)


def directed(test: Callable[[Scripted, Director], Awaitable[None]]) -> Scripted:
    async def work(loop: VirtualTimeLoop) -> Scripted:
        programme = Scripted(loop)
        publisher = a_publisher(loop)
        director = Director(programme, publisher)
        running = asyncio.create_task(director.run())
        try:
            await test(programme, director)
            assert publisher.notes.why == f"because {programme.key}"
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        return programme

    return run_virtually(work)


def test_a_new_choice_ends_the_show_and_begins_the_next() -> None:
    async def test(programme: Scripted, _director: Director) -> None:
        await asyncio.sleep(100)
        programme.key = "live"
        await asyncio.sleep(100)

    programme = directed(test)

    assert [word for _, word in programme.events] == ["+simulated", "-simulated", "+live", "-live"]
    switched_s = programme.events[2][0]
    assert 100 <= switched_s <= 130


def test_a_show_that_breaks_is_begun_again_but_not_in_a_hurry() -> None:
    async def test(programme: Scripted, _director: Director) -> None:
        programme.breaks = True
        await asyncio.sleep(100)

    programme = directed(test)

    begun = [at_s for at_s, word in programme.events if word[0] == "+"]
    assert 5 <= len(begun) <= 11
