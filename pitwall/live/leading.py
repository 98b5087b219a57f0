"""Runs what only one worker may run, in the worker that holds the lease; and runs it again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from pitwall.aio import end
from pitwall.ports.cache import Lease

log = logging.getLogger(__name__)

ASK_EVERY_S = 0.5  # a quarter of the lease: three answers may be late before it runs out

Work = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    """Do nothing while another leads."""
    await asyncio.Event().wait()


async def lead(lease: Lease, work: Work, meanwhile: Work = _nothing) -> None:
    """Run `work` whenever the lease is held and `meanwhile` while it is not, until cancelled.

    `work` is cancelled as soon as another is known to hold the lease. Between the end of the
    lease and that moment what `work` publishes is refused by the cache; what else must never
    be done twice asks `lease.is_held` first. Where `work` fails, the lease is given back, so
    that another worker may try.
    """
    while True:
        await _wait(lease, meanwhile)
        log.info("leading")
        try:
            await _keep(lease, work)
        finally:
            await lease.release()
        log.info("no longer leading")
        await asyncio.sleep(ASK_EVERY_S)  # others first


async def _wait(lease: Lease, meanwhile: Work) -> None:
    """Return when the lease is held."""
    if await lease.acquire():
        return
    waiting = asyncio.ensure_future(keep_running(meanwhile))
    try:
        while True:
            await asyncio.sleep(ASK_EVERY_S)
            if await lease.acquire():
                return
    finally:
        await end(waiting)


async def _keep(lease: Lease, work: Work) -> None:
    """Return when the lease is lost, or when `work` has ended."""
    working = asyncio.ensure_future(_supervised(work))
    try:
        while not working.done():
            await asyncio.wait({working}, timeout=ASK_EVERY_S)
            if not await lease.renew():
                return
    finally:
        await end(working)


async def keep_running(work: Work) -> None:
    """Run `work` for ever; where it fails or ends, say so in the log and begin again."""
    while True:
        await _supervised(work)


async def _supervised(work: Work) -> None:
    """Run `work`; where it fails, say so in the log and wait a moment.

    Work that fails while it is being cancelled stays cancelled: begun again, it would go on in a
    worker that leads no longer, and that worker, waiting for its end, would never lead again.
    """
    try:
        await work()
    except Exception:  # the next turn, or the next worker, begins afresh
        log.exception("a task of this worker has failed")
        this = asyncio.current_task()
        if this is not None and this.cancelling():
            raise asyncio.CancelledError from None
    await asyncio.sleep(ASK_EVERY_S)
