"""End tasks that were begun, and let the end of whoever waits for them through."""

from __future__ import annotations

import asyncio
from typing import Any


async def end(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks and wait until they have ended; what they raise then is nobody's concern.

    To await a task and suppress `CancelledError` would do as much, and also swallow the
    cancellation of the waiting task itself, which then goes on for ever.
    """
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at: the loop need not complain
