"""Tell the type checker what a Reflex state's class attributes are at run time.

Reflex turns them into Vars and event handlers when the class is created; mypy sees only the
annotations. The functions return their argument unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import reflex as rx

T = TypeVar("T")


def as_var(value: T) -> rx.Var[T]:
    """Return a state's variable, typed as a Var."""
    return cast("rx.Var[T]", value)


def as_handler(method: object) -> Callable[..., Any]:
    """Return a state's event, typed as a handler."""
    return cast("Callable[..., Any]", method)
