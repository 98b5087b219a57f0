"""What a state's class attributes really are, for the type checker.

Reflex turns them into Vars and event handlers when the class is made; mypy sees what the
annotations say. Nothing happens here at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import reflex as rx

T = TypeVar("T")


def as_var(value: T) -> rx.Var[T]:
    """Return a state's variable as the Var that it is."""
    return cast("rx.Var[T]", value)


def as_handler(method: object) -> Callable[..., Any]:
    """Return a state's event as the handler that it is."""
    return cast("Callable[..., Any]", method)
