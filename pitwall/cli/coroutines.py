"""Run a command that waits: for the database, the network, or the next message."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

P = ParamSpec("P")


def waiting(function: Callable[P, Coroutine[Any, Any, int]]) -> Callable[P, int]:
    """Return a function that runs the coroutine function and returns its exit code."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        return asyncio.run(function(*args, **kwargs))

    return run
