"""End a worker whose supervisor is gone.

The supervisor holds the port and the lock of the SQLite file. When it is killed, nobody would stop
its workers: they would go on writing beside the next server's.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.process import BaseProcess

ENDS_WITHIN_S = 5.0  # then the worker is killed, like one that its supervisor stops

log = logging.getLogger(__name__)


def end_without_supervisor(within_s: float = ENDS_WITHIN_S) -> None:
    """End this process soon after the process that spawned it; no effect if there is none.

    Args:
        within_s: How long the end may take, with the last batch of a race to be written.
    """
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        threading.Thread(target=_end_after, args=(supervisor, within_s), daemon=True).start()


def _end_after(supervisor: BaseProcess, within_s: float) -> None:
    supervisor.join()  # waits for the end of a pipe that the system closes, even after a kill
    log.error("the server's main process is gone, so this worker ends")
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(within_s)
    os.kill(os.getpid(), signal.SIGKILL)
