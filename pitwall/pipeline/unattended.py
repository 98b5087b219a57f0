"""Run a blocking call that knows no deadline, so that nobody has to wait for its end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

_Answer = TypeVar("_Answer")


async def unattended(call: Callable[[], _Answer], name: str) -> _Answer:
    """Return what a call returns, from a thread of its own.

    A thread of the event loop's pool would hold up the end of the process for as long as the call
    takes. This one is left behind, by whoever waits no longer and by a process that ends.

    Args:
        call: Blocks for any time; what it raises is raised here.
        name: The thread's, for people who look at a process.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_Answer] = loop.create_future()

    def tell(done: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(lambda: None if answer.done() else done())

    def run() -> None:
        try:
            result = call()
        except Exception as error:  # noqa: BLE001  raised where it is waited for
            failure = error
            tell(lambda: answer.set_exception(failure))
        else:
            tell(lambda: answer.set_result(result))

    threading.Thread(target=run, name=name, daemon=True).start()
    return await answer
