"""Test that the threads of a worker share one arena, so that freed memory is given back."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pitwall.app.server import allocator_environment

# Eight threads that allocate at the same time, then what glibc says of its arenas.
ARENAS = """
import ctypes, threading
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
def work(together):
    together.wait()
    blocks = [libc.malloc(4096) for _ in range(2000)]
    together.wait()
together = threading.Barrier(8)
threads = [threading.Thread(target=work, args=(together,)) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="these are variables of glibc")
@pytest.mark.parametrize("is_set", [True, False])
def test_threads_share_one_arena(is_set: bool) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", ARENAS],
        env=os.environ | (allocator_environment() if is_set else {}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ran.stdout.count("<heap nr=") == 1) is is_set
