"""Tell database failures from rejected rows, and describe both in plain words.

A failure passes: rows that could not be written are held and written later. Rows rejected for their
content would be rejected for ever and are set aside. So an error counts as one about content only
where that is certain; everything else, an unknown state above all, counts as a failure.
"""

from __future__ import annotations

import os
import sqlite3
import struct

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

try:
    import asyncpg
except ModuleNotFoundError:  # installed without the extra `postgres`
    _OF_POSTGRES: tuple[type[Exception], ...] = ()
    _OF_LOST_CONNECTIONS: tuple[type[Exception], ...] = ()
else:
    _OF_LOST_CONNECTIONS = (asyncpg.InterfaceError, asyncpg.exceptions.InternalClientError)
    _OF_POSTGRES = (asyncpg.PostgresError, *_OF_LOST_CONNECTIONS)

# Everything that a database or its driver raises, whether through SQLAlchemy or directly.
OF_DATABASES: tuple[type[Exception], ...] = (
    SQLAlchemyError,
    sqlite3.Error,
    *_OF_POSTGRES,
    OSError,  # and TimeoutError with it
)
# 21 cardinality (one key twice in a batch), 22 data (number too large, invalid character), 23
# integrity.
_CONTENT_CLASSES = {"21", "22", "23"}
_CONTENT_STATES = {"54000"}  # a row too large for an index page
# What Python raises for values that no column can hold, and for our own mistakes with odd values.
_VALUES = (ValueError, TypeError, ArithmeticError, LookupError, struct.error)
_BINDING = "binding parameter"  # SQLite's driver on a type that no column holds

_BY_STATE = {
    "53100": "its disk is full",
    "53200": "it has no memory left",
    "53300": "it has no connection left for pitwall",
    "57P01": "it was shut down",
    "57P02": "it crashed",
    "57P03": "it is starting up or shutting down",
    "57014": "it took too long over a statement",
    "3D000": "it has no database of this name",
    "42P01": "its tables are not those of this release (python -m pitwall db upgrade)",
    "42703": "its tables are not those of this release (python -m pitwall db upgrade)",
}
_BY_CLASS = {
    "08": "the connection was lost",
    "28": "it refuses the log-in",
    "40": "another transaction was in the way",
}
_RESTORE = "stop pitwall, then move the file away or restore a backup"
_BY_SQLITE_CODE = {
    sqlite3.SQLITE_BUSY: "another program has locked it (database is locked)",
    sqlite3.SQLITE_LOCKED: "another program has locked it (database is locked)",
    sqlite3.SQLITE_NOTADB: f"its file is not a SQLite database; {_RESTORE}",
    sqlite3.SQLITE_CORRUPT: f"its file is damaged; {_RESTORE}",
}
_IS_GONE = "InterfaceError'>: "  # asyncpg's own error, as SQLAlchemy words it
_LONGEST = 200
_PRIMARY = 0xFF  # the bits of a SQLite error code that say what, and not in which part


def is_about_content(error: BaseException) -> bool:
    """Whether rows were rejected for their content, so that writing them again cannot succeed.

    Args:
        error: Raised by a database, its driver, or the code that prepares rows.
    """
    if isinstance(error, StatementError):
        return error.orig is not None and is_about_content(error.orig)
    state = sqlstate(error)
    if state is not None:
        return state[:2] in _CONTENT_CLASSES or state in _CONTENT_STATES
    if isinstance(error, sqlite3.IntegrityError | sqlite3.DataError):
        return True
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
        return _BINDING in str(error)
    return isinstance(error, _VALUES) and not isinstance(error, OF_DATABASES)


def sqlstate(error: BaseException) -> str | None:
    """Return the five-letter SQLSTATE of an error; None where it has none."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    state = getattr(error, "sqlstate", None)
    return state if isinstance(state, str) and state else None


def sentence(error: BaseException) -> str:
    """Return a sentence for people about what is wrong with the database, without its address."""
    return f"The database does not answer as it should: {reason(error)}."


def reason(error: BaseException) -> str:
    """Return what is wrong with the database, as the end of a sentence.

    Example:
        >>> reason(ConnectionRefusedError(111, "Connect call failed ('10.0.0.7', 5432)"))
        'connection refused'
    """
    if isinstance(error, PoolTimeoutError):
        return "all its connections are in use"
    if isinstance(error, StatementError) and error.orig is not None:
        error = error.orig
    state = sqlstate(error)
    if state is None:
        return _without_state(error)
    known = _BY_STATE.get(state) or _BY_CLASS.get(state[:2])
    return known or f"{_text(error)} (state {state})"


def _without_state(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, _OF_LOST_CONNECTIONS) or _IS_GONE in str(error):
        return "the connection was lost"  # whatever the driver was doing at that moment
    if isinstance(error, OSError):
        # The error's own text holds the address, which must not be shown.
        return os.strerror(error.errno).lower() if error.errno else "it cannot be reached"
    code = getattr(error, "sqlite_errorcode", None)
    known = _BY_SQLITE_CODE.get(code & _PRIMARY) if isinstance(code, int) else None
    return known or _text(error)


def _text(error: BaseException) -> str:
    # SQLAlchemy writes the class of the driver's error before its text.
    words = " ".join(str(error).split())
    return (words.rpartition(">: ")[2] or type(error).__name__)[:_LONGEST].rstrip(".")
