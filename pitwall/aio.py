"""Help with asyncio: end tasks, pace loops, run blocking calls in threads, share answers."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Hashable
from contextlib import asynccontextmanager, suppress
from types import coroutine
from typing import Any, Generic, TypeVar

from pitwall.errors import BusyError


async def end(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks and wait until they have ended; whatever they raise is ignored.

    Awaiting a task and suppressing `CancelledError` would also swallow a cancellation of the
    waiting task itself, which would then run for ever.
    """
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # retrieve it, so that the loop does not log it


def heed_cancellation() -> None:
    """Raise `CancelledError` if this task was cancelled and a library has gone on all the same.

    `asyncio.wait_for` of Python 3.11 forgets a cancellation that comes together with the result.
    Call this after waiting for a library that uses it: whoever ends this task would wait for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


LEAST_REST_S = 0.02  # after each turn, on a machine that is too slow for the pace


class Pacer:
    """Paces a loop: its turns begin a tick apart, because their work counts as part of the tick.

    After work that took longer than a tick, the next turn begins almost at once. The turns that
    were missed are left out, so no burst follows.

    Args:
        tick_s: Seconds from the beginning of one turn to the beginning of the next.

    Attributes:
        began_s: When this turn began, by the clock of the event loop; the first one begins now.
    """

    def __init__(self, tick_s: float) -> None:
        self._tick_s = tick_s
        self._loop = asyncio.get_running_loop()
        self.began_s = self._loop.time()

    async def rest(self) -> None:
        """Sleep until the next turn is due, and begin it."""
        due_s = self._due_s(self._tick_s)
        await asyncio.sleep(due_s - self._loop.time())
        self._begin(due_s)

    async def rest_until(self, woken: asyncio.Event, tick_s: float | None = None) -> bool:
        """Sleep until an event is set or the next turn is due, and begin that turn.

        Args:
            woken: Begins the turn at once; cleared when it did.
            tick_s: The length of this one tick. None for the usual one.

        Returns:
            Whether the event began the turn.
        """
        due_s = self._due_s(self._tick_s if tick_s is None else tick_s)
        try:
            async with asyncio.timeout_at(due_s):
                await woken.wait()
        except TimeoutError:
            self._begin(due_s)
            return False
        woken.clear()
        self.began_s = self._loop.time()
        return True

    def _due_s(self, tick_s: float) -> float:
        return max(self.began_s + tick_s, self._loop.time() + LEAST_REST_S)

    def _begin(self, due_s: float) -> None:
        self.began_s = max(due_s, self._loop.time())  # a timer may fire a nanosecond early


_Answer = TypeVar("_Answer")


async def unattended(call: Callable[[], _Answer], name: str) -> _Answer:
    """Run a blocking call in a thread of its own and return its result.

    A thread of the event loop's pool would delay the end of the process until the call returns.
    This thread is abandoned when the caller stops waiting or the process ends.

    Args:
        call: May block for any time; what it raises is raised here.
        name: The thread's name, for debugging.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_Answer] = loop.create_future()

    def settle(done: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(lambda: None if answer.done() else done())

    def run() -> None:
        try:
            result = call()
        except Exception as error:  # noqa: BLE001  raised in the waiting task
            failure = error
            settle(lambda: answer.set_exception(failure))
        else:
            settle(lambda: answer.set_result(result))

    threading.Thread(target=run, name=name, daemon=True).start()
    return await answer


async def to_the_end(call: Callable[[], _Answer]) -> _Answer:
    """Run a blocking call in a thread of the pool, and return only when it has ended.

    A cancelled `asyncio.to_thread` leaves its thread at work while the caller's locks are released.
    This waits for the thread first, and is cancelled then.

    Args:
        call: What must not run beside the next call that uses the same values.
    """
    work = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        while not work.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # retrieve it, so that the loop does not log it
        raise


class Turns:
    """Let in a few at a time; few wait for that, and the others are refused.

    Args:
        at_once: How many are let in at a time.
        most: How many may be in or wait.
        busy: What is said to those beyond.
    """

    def __init__(self, at_once: int, most: int, busy: str) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._most = most
        self._busy = busy
        self._here = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn, and have it until the block ends.

        Raises:
            BusyError: Too many wait for theirs already.
        """
        if self._here >= self._most:
            raise BusyError(self._busy)
        self._here += 1
        try:
            async with self._slots:
                yield
        finally:
            self._here -= 1


K = TypeVar("K", bound=Hashable)

T = TypeVar("T")


class OnceCache(Generic[K, T]):
    """Caches the answers used last. An error is raised in every waiting task and not cached.

    A task that stops waiting does not cancel the question, so the others still get the answer.

    Args:
        most: How many answers are held; beyond that the least recently used ones are dropped.
            Pending questions are never dropped, so that none is asked twice at a time.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._held: OrderedDict[K, asyncio.Task[T]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many answers are held or pending."""
        return len(self._held)

    def items(self) -> list[tuple[K, T]]:
        """Return the answers held, the least recently used first."""
        return [(key, task.result()) for key, task in self._held.items() if task.done()]

    def known(self, key: K) -> T | None:
        """Return an answer that is held; None if it is not held or still pending."""
        task = self._held.get(key)
        return task.result() if task is not None and task.done() else None

    def forget(self, key: K) -> None:
        """Drop an answer, so that the question is asked again; no effect if it is not held."""
        self._held.pop(key, None)

    async def get(self, key: K, ask: Callable[[], Awaitable[T]]) -> T:
        """Return the answer to a question; callers during a pending one share its answer.

        Args:
            key: The question.
            ask: Finds the answer; what it raises is raised here.
        """
        task = self._held.get(key)
        if task is None:
            task = self._held[key] = asyncio.create_task(_asked(ask))
            task.add_done_callback(lambda done: self._settle(key, done))
        self._held.move_to_end(key)
        return await asyncio.shield(task)

    def _settle(self, key: K, task: asyncio.Task[T]) -> None:
        if (task.cancelled() or task.exception() is not None) and self._held.get(key) is task:
            del self._held[key]
        excess = len(self._held) - self.most
        for old in [key for key, each in self._held.items() if each.done()][: max(excess, 0)]:
            del self._held[old]


async def _asked(ask: Callable[[], Awaitable[T]]) -> T:
    return await ask()


def begun(work: Coroutine[Any, Any, _Answer]) -> asyncio.Task[_Answer] | None:
    """Run a coroutine up to its first wait, without the cost of a task where it never waits.

    Returns:
        A task that goes on with it; None if it has ended.
    """
    try:
        awaited = work.send(None)
    except StopIteration:
        return None
    return asyncio.get_running_loop().create_task(_go_on(work, awaited))


@coroutine
def _go_on(
    work: Coroutine[Any, Any, _Answer],
    awaited: Any,  # noqa: ANN401  what asyncio makes of it
) -> Generator[Any, Any, _Answer]:
    """Drive a coroutine that has already begun, and waits."""
    try:
        while True:
            try:
                got = yield awaited
            except BaseException as error:  # noqa: BLE001  also a cancellation: it is the work's
                awaited = work.throw(error)
            else:
                awaited = work.send(got)
    except StopIteration as end_of_work:
        answer: _Answer = end_of_work.value
        return answer
