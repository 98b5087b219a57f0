"""Play several races at once, each in a process of its own, while one process writes them.

Nearly all of an import is the engine and the forecasts, which use one core. Races are written one
after another and in their order, so that the database is the same as without workers.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from pitwall.aio import end
from pitwall.app import container
from pitwall.app.settings import load
from pitwall.errors import FeedUnavailableError, PitwallError
from pitwall.ports.feeds import RecordedFeed
from pitwall.ports.forecasts import Predictor
from pitwall.recording.import_race import PlayedPart, PlayHere

OpenFeed = Callable[[str], RecordedFeed]
StoredOf = Callable[[str], Awaitable[tuple[int, bool]]]
_AHEAD = 1  # races that may be played, beside those under way, before the one being written is done
_OBJECTS_A_COLLECTION = 50_000
GONE = "The process that played this race has ended."


class _Ended:
    """A race has no further part."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """A race cannot be played."""

    error: PitwallError


_Told = PlayedPart | _Ended | _Failed


@dataclass(slots=True)
class WorkerPlay:
    """A race that a worker plays; implements `pitwall.recording.import_race.RacePlay`.

    Attributes:
        told: What the worker said and nobody has read yet.
    """

    told: asyncio.Queue[_Told] = field(default_factory=asyncio.Queue)

    async def parts(self) -> AsyncGenerator[PlayedPart, None]:
        """Yield the race part by part."""
        while not isinstance(told := await self.told.get(), _Ended):
            if isinstance(told, _Failed):
                raise told.error
            yield told

    def resume(self, race_id: str, stored: int) -> None:
        """Do nothing: the worker was told so when it named the race."""


class Workers:
    """Processes that play races ahead of whoever writes them; an async context manager.

    Args:
        specs: The races, in the order in which they are written, as `open_feed` takes them.
        open_feed: Opens a race in a worker; a function of a module.
        stored_of: Returns how many messages of a race are stored, and whether it is complete.
        processes: How many to run at once.
    """

    def __init__(
        self, specs: Sequence[str], open_feed: OpenFeed, stored_of: StoredOf, processes: int
    ) -> None:
        self.plays = [WorkerPlay() for _ in specs]
        self._specs = specs
        self._open_feed = open_feed
        self._stored_of = stored_of
        self._processes = processes
        self._places = asyncio.Semaphore(processes + _AHEAD)
        self._next = iter(range(len(specs)))
        self._running: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Workers:
        self._running = [asyncio.create_task(self._run()) for _ in range(self._processes)]
        return self

    async def __aexit__(self, *_: object) -> None:
        await end(*self._running)

    def written(self) -> None:
        """Note that a race is written, so that another may be played."""
        self._places.release()

    async def _run(self) -> None:
        """Have one process after another play races, until none is left."""
        number: int | None = None
        while True:
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, self._open_feed), daemon=True)
            await asyncio.to_thread(process.start)
            theirs.close()
            try:
                while True:
                    await self._places.acquire()
                    number = next(self._next, None)
                    if number is None:
                        return
                    await self._play(number, ours)
            except (EOFError, OSError):  # killed, or out of memory: this race fails, others go on
                if number is not None:
                    self.plays[number].told.put_nowait(_Failed(FeedUnavailableError(GONE)))
            finally:
                process.terminate()  # a thread that waits for it reads the end of the pipe
                await asyncio.to_thread(process.join)
                ours.close()

    async def _play(self, number: int, worker: Connection) -> None:
        """Have a process play one race, and queue what it says."""
        play, is_named = self.plays[number], False
        worker.send(self._specs[number])
        while True:
            told: _Told = await asyncio.to_thread(worker.recv)
            play.told.put_nowait(told)
            if not isinstance(told, PlayedPart):
                return
            if told.batches and not is_named:
                is_named = True
                worker.send(await self._stored_of(told.batches[0].info.race_id))


def collect_rarely() -> None:
    """Look for garbage rarely, and not among what is loaded by now.

    An import makes hundreds of thousands of rows and hardly any cycles: looking for cycles every
    700 objects takes a tenth of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_A_COLLECTION, 20, 50)


def _work(parent: Connection, open_feed: OpenFeed) -> None:
    """Play the races that the parent names, until it has none or is gone."""
    with suppress(EOFError, OSError, KeyboardInterrupt):
        predictor: Predictor | None = None
        while True:
            spec: Any = parent.recv()
            try:
                feed = open_feed(spec)
                if predictor is None:
                    predictor = container.load_predictor(load())
                    collect_rarely()
                _play_for(parent, PlayHere(feed, predictor))
            except PitwallError as error:
                parent.send(_Failed(FeedUnavailableError(str(error))))
            else:
                parent.send(_Ended())


def _play_for(parent: Connection, play: PlayHere) -> None:
    is_named = False
    for part in play.played():
        parent.send(part)
        if part.batches and not is_named:
            is_named = True
            stored, is_complete = parent.recv()
            if is_complete and stored >= part.total:
                return
            play.resume(part.batches[0].info.race_id, stored)
