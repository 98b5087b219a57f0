"""Run the work that only one worker may do, in the worker that holds the lease."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from pitwall.aio import end
from pitwall.ports.cache import Lease

log = logging.getLogger(__name__)

ASK_EVERY_S = 0.5  # a quarter of the lease, so that three renewals may fail before it expires

Work = Callable[[], Awaitable[None]]


async def _wait_for_ever() -> None:
    """Do nothing while another worker leads."""
    await asyncio.Event().wait()


async def lead(lease: Lease, work: Work, meanwhile: Work = _wait_for_ever) -> None:
    """Run `work` while the lease is held and `meanwhile` while it is not, until cancelled.

    `work` is cancelled as soon as another worker is known to hold the lease. Between the end of
    the lease and that moment the cache refuses what `work` publishes; anything else that must
    never be done twice has to check `lease.is_held` first. If `work` fails, the lease is released,
    so that another worker may try.
    """
    while True:
        await _wait(lease, meanwhile)
        log.info("leading")
        try:
            await _lead_until_lost(lease, work)
        finally:
            await lease.release()
        log.info("no longer leading")
        await asyncio.sleep(ASK_EVERY_S)  # give other workers the chance to lead


async def _wait(lease: Lease, meanwhile: Work) -> None:
    """Run `meanwhile` until the lease is held."""
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


async def _lead_until_lost(lease: Lease, work: Work) -> None:
    """Run `work` until it ends or the lease is lost."""
    working = asyncio.ensure_future(_supervised(work))
    try:
        while not working.done():
            await asyncio.wait({working}, timeout=ASK_EVERY_S)
            if not await lease.renew():
                return
    finally:
        await end(working)


async def keep_running(work: Work) -> None:
    """Run `work` for ever; restart it whenever it ends or fails, and log failures."""
    while True:
        await _supervised(work)


async def _supervised(work: Work) -> None:
    """Run `work`; if it fails, log that and wait a moment.

    Work that fails while it is being cancelled stays cancelled: restarted, it would go on in a
    worker that no longer leads, and that worker, waiting for its end, would never lead again.
    """
    try:
        await work()
    except Exception:  # the next turn, or another worker, starts again
        log.exception("a task of this worker has failed")
        this = asyncio.current_task()
        if this is not None and this.cancelling():
            raise asyncio.CancelledError from None
    await asyncio.sleep(ASK_EVERY_S)
