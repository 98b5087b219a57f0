"""How log records look: one line each, with their fields as `key=value`."""

from __future__ import annotations

import logging
import sys

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


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
        logger.addHandler(handler)
        logger.propagate = False
