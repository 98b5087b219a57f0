"""How log records look: one line each, with their fields as `key=value`."""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Which request is being answered; "" outside of any. Worker threads of a request know it too."""


class RequestIdFilter(logging.Filter):
    """Adds the request's id to its records; lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the id, where there is one."""
        if request_id.get():
            record.request_id = request_id.get()
        return True


class FieldFormatter(logging.Formatter):
    """Time, level, logger and message, then the record's own fields in the order given.

    Example:
        >>> record = logging.makeLogRecord(
        ...     {"levelname": "WARNING", "name": "pitwall", "msg": "feed lost", "silent_s": 12}
        ... )
        >>> FieldFormatter(show_time=False).format(record)
        'WARNING pitwall: feed lost silent_s=12'
    """

    def __init__(self, *, show_time: bool = True) -> None:
        time = "%(asctime)s " if show_time else ""
        super().__init__(f"{time}%(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the stack trace below it where there is one."""
        head, *trace = super().format(record).split("\n", 1)
        fields = (f"{key}={value}" for key, value in vars(record).items() if key not in _STANDARD)
        return "\n".join([" ".join([head, *fields]), *trace])


def configure(level: str) -> None:
    """Send pitwall's own records from `level` up to standard error, once."""
    logger = logging.getLogger("pitwall")
    logger.setLevel(level)
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(FieldFormatter())
        handler.addFilter(RequestIdFilter())
        logger.addHandler(handler)
        logger.propagate = False
