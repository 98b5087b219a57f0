"""Choose the race on screen by asking a programme, and switch when its answer changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from pitwall.aio import end
from pitwall.engine.frame_builder import Notes
from pitwall.live.publishing import Publisher

log = logging.getLogger(__name__)

_AGAIN_AFTER_FAULT_S = 10.0


@dataclass(frozen=True, slots=True)
class Choice:
    """What to show now.

    Attributes:
        key: Identifies the show; the screen switches only when the key changes.
        notes: Why this is shown, and what comes next.
        show: Runs the show until cancelled.
        ask_again_s: Seconds until the programme is asked again.
    """

    key: str
    notes: Notes
    show: Callable[[], Awaitable[None]]
    ask_again_s: float


class Programme(Protocol):
    """Knows what should be on screen."""

    async def choose(self) -> Choice:
        """Return what to show now; takes seconds at most, and never raises."""
        ...


class Director:
    """Keeps the programme's choice on screen.

    Args:
        programme: Chooses what to show.
        publisher: Gets the notes of every choice.
    """

    def __init__(self, programme: Programme, publisher: Publisher) -> None:
        self._programme = programme
        self._publisher = publisher

    async def run(self) -> None:
        """Show what the programme chooses, until cancelled."""
        shown_key, running = "", asyncio.create_task(asyncio.sleep(0))
        try:
            while True:
                choice = await self._programme.choose()
                self._publisher.notes = choice.notes
                if choice.key != shown_key or running.done():
                    log.info("on screen", extra={"show": choice.key, "why": choice.notes.why})
                    await end(running)
                    shown_key = choice.key
                    running = asyncio.create_task(_supervised(choice.show))
                await asyncio.wait({running}, timeout=choice.ask_again_s)
        finally:
            await end(running)


async def _supervised(show: Callable[[], Awaitable[None]]) -> None:
    """Run a show; if it fails, log that, and return so that the programme chooses again."""
    try:
        await show()
    except Exception:  # a broken show must not end the programme
        log.exception("the show failed")
        await asyncio.sleep(_AGAIN_AFTER_FAULT_S)
