"""Format log records: one line each, with their fields as `key=value`.

Texts from people, feeds and sockets get into records. A record therefore never contains control
characters, its further lines (a stack trace) are indented, and its length is bounded.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final, TextIO

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_LINE: Final = 2_000
_FIELD: Final = 500
_TRACE: Final = 12_000
_MINUTE_S: Final = 60.0
_FOREIGN_A_MINUTE: Final = 5

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request being answered; "" outside of requests. Its worker threads see it too."""


def one_line(text: str, most: int = _LINE) -> str:
    r"""Return text from outside as part of one line, escaped and shortened.

    >>> one_line("a\nb\x1b[0m\u2028c"), one_line("abcdef", 4)
    ('a\\nb\\x1b[0m\\u2028c', 'abcd… (6)')
    """
    cut = text[:most]
    if not cut.isprintable():
        escaped = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)
        cut = "".join(escaped)
    return cut if len(text) <= most else f"{cut}… ({len(text)})"


class RequestIdFilter(logging.Filter):
    """Adds the request's id to its log records; lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id, if there is one, and let the record pass."""
        if request_id.get():
            record.request_id = request_id.get()
        return True


class SparingFilter(logging.Filter):
    """Lets few records a minute pass from each line of code, so that nobody can fill the disk.

    Args:
        most: How many records a minute.
        clock: Returns seconds that only rise.
    """

    def __init__(
        self, most: int = _FOREIGN_A_MINUTE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._most, self._clock = most, clock
        self._seen: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record may pass; the first of a minute says how many did not."""
        place = (record.pathname, record.lineno)
        since, count = self._seen.get(place, (-_MINUTE_S, 0))
        now = self._clock()
        if now - since >= _MINUTE_S:
            if count > self._most:
                record.left_out = count - self._most
            since, count = now, 0
        self._seen[place] = (since, count + 1)
        return count < self._most


class FieldFormatter(logging.Formatter):
    """Formats time, level, logger and message, then the record's own fields in the order given.

    Example:
        >>> record = logging.makeLogRecord(
        ...     {"levelname": "WARNING", "name": "pitwall", "msg": "feed lost", "silent_s": 12}
        ... )
        >>> FieldFormatter(show_time=False).format(record)
        'WARNING pitwall: feed lost silent_s=12'
    """

    def __init__(self, *, show_time: bool = True) -> None:
        stamp = "%(asctime)s " if show_time else ""
        super().__init__(f"{stamp}%(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's own name
        """Return the record as one line."""
        head = one_line(super().formatMessage(record))
        own = ((key, value) for key, value in vars(record).items() if key not in _STANDARD)
        return " ".join([head, *(f"{key}={one_line(str(value), _FIELD)}" for key, value in own)])

    def formatException(self, ei: object) -> str:  # noqa: N802
        """Return an indented stack trace, as only records begin at the margin."""
        return _indented(super().formatException(ei))  # type: ignore[arg-type]

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        """Return an indented stack."""
        return _indented(super().formatStack(stack_info))


def _indented(trace: str) -> str:
    if len(trace) > _TRACE:  # the beginning says where, the end says what
        trace = f"{trace[: _TRACE // 2]}\n…\n{trace[-_TRACE // 2 :]}"
    return "\n".join(f"  {one_line(line)}" for line in trace.split("\n"))


def configure(level: str) -> None:
    """Send pitwall's own records from `level` up to standard error, and libraries' warnings."""
    logger = logging.getLogger("pitwall")
    logger.setLevel(level)
    if not logger.handlers:
        logger.addHandler(_handler())
        logger.propagate = False
    _take_over()


def _take_over() -> None:
    """Format libraries' warnings as ours, as several bring handlers that write text unescaped."""
    root = logging.getLogger()
    for known in list(root.manager.loggerDict.values()):
        if not isinstance(known, logging.Logger) or known.name.split(".")[0] == "pitwall":
            continue
        for handler in list(known.handlers):
            if type(handler) is logging.StreamHandler:
                known.removeHandler(handler)
                known.propagate = True
    if not root.handlers:
        handler = _handler()
        handler.setLevel(logging.WARNING)
        handler.addFilter(SparingFilter())
        root.addHandler(handler)


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to what is standard error at that moment; one that was replaced may be closed."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        self.stream = sys.stderr
        super().emit(record)


def _handler() -> logging.Handler:
    handler = _StandardError()
    handler.setFormatter(FieldFormatter())
    handler.addFilter(RequestIdFilter())
    return handler
