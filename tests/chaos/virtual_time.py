"""Run an event loop whose time jumps to the next timer when nothing is left to do.

Sockets are real; waiting is not. Two hours of silence pass in a millisecond, and every
timeout, back-off and watchdog of the code under test runs as written. Time stands still
while bytes are on their way, a worker thread is busy, or a step of the loop runs: so what a
test measures in this time is the code's waiting, not the machine's speed.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

_LONG_S = 0.5  # a jump that may overtake a watchdog
_ON_THE_WAY_S = 0.001  # real seconds for bytes on their way
_LOOK_S = 0.02  # real seconds between looks at a worker thread


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A selector loop with a clock of its own."""

    def __init__(self, starts_at: datetime = datetime(2026, 7, 5, 12, tzinfo=UTC)) -> None:
        self._selector_of_time = _Selector(self)
        super().__init__(self._selector_of_time)
        self.starts_at = starts_at
        self.passed_s = 0.0
        self.threads = 0

    def time(self) -> float:
        """Return virtual seconds since the loop was made."""
        return self.passed_s

    def now(self) -> datetime:
        """Return the virtual wall clock, UTC."""
        return self.starts_at + timedelta(seconds=self.passed_s)

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run in a thread as ever, and let no time pass meanwhile."""
        self.threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, _future: object) -> None:
        self.threads -= 1


class _Selector(selectors.DefaultSelector):
    """Looks for events without waiting; when there are none, moves the loop's time instead."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        if self._loop.threads:
            return super().select(_LOOK_S)
        # Bytes take a moment through the kernel; on a busy machine a long jump overtakes them.
        real = 0.0 if timeout is not None and timeout < _LONG_S else _ON_THE_WAY_S
        events = super().select(real)
        if events:
            return events
        if timeout is None:
            return super().select(_LOOK_S)
        self._loop.passed_s += timeout
        return []


def run_virtually(
    work: Callable[[VirtualTimeLoop], Coroutine[Any, Any, T]], starts_at: datetime | None = None
) -> T:
    """Run a coroutine to its end on a virtual-time loop, and close the loop behind it."""
    loop = VirtualTimeLoop() if starts_at is None else VirtualTimeLoop(starts_at)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(work(loop))
