"""Values as CSV text: the same bytes from PostgreSQL's COPY and from Python."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Boolean, case, func
from sqlalchemy.types import TypeEngine

from pitwall.store.details import is_text
from pitwall.store.instants import Instant, from_micros
from pitwall.store.shelves import Column

# What a spreadsheet would run, after OWASP's list, in every width that Unicode has of it, and
# behind what it may take for blank. No backslash: PostgreSQL reads the same expression.
_BLANK = "".join(
    char
    for code in (*range(0x21), *range(0x7F, 0xA1), 0xAD, 0x1680, 0x180E, *range(0x2000, 0x2010),
                 *range(0x2028, 0x2030), *range(0x205F, 0x2070), 0x3000, 0xFEFF)
    if (char := chr(code)) != "\0"
)  # fmt: skip
_RUN = "".join(
    char for char in map(chr, range(0x80, 0x10000)) if unicodedata.normalize("NFKC", char)[:1] in
    {"=", "+", "-", "@"}
)  # fmt: skip
_FORMULA = f"^([\t\r]|[{_BLANK}]*[=+@{_RUN}-])"
_BREAKS = "[\r\n]+"
_STARTS_FORMULA = re.compile(_FORMULA)
_LINE_BREAKS = re.compile(_BREAKS)
_INSTANT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'


def in_postgresql(column: Column) -> Column:
    """Return the expression by which PostgreSQL writes a column as `in_python` does."""
    text: Any = column
    if isinstance(column.type, Instant):
        text = func.to_char(func.timezone("UTC", column), _INSTANT)
    elif isinstance(column.type, Boolean):
        text = case((column.is_(True), "true"), (column.is_(False), "false"))
    elif is_text(column.type):
        # Line breaks would make one row look like two to simple readers.
        line = func.regexp_replace(column, _BREAKS, " ", "g")
        text = case((line.regexp_match(_FORMULA), func.concat("'", line)), else_=line)
    return text.label(column.name)  # type: ignore[no-any-return]


def csv_lines(rows: Iterable[Sequence[Any]], writers: Sequence[Callable[[Any], str]]) -> bytes:
    """Return rows as RFC 4180 lines, UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow(
            [
                "" if value is None else write(value)
                for write, value in zip(writers, row, strict=True)
            ]
        )
    return out.getvalue().encode()


def in_python(kind: TypeEngine[Any]) -> Callable[[Any], str]:
    """Return how SQLite's value of a column is written; it is never None."""
    if isinstance(kind, Instant):
        return lambda value: f"{from_micros(value):%Y-%m-%dT%H:%M:%S.%fZ}"
    if isinstance(kind, Boolean):
        return lambda value: "true" if value else "false"
    if is_text(kind):
        return _safe_text
    return _number_text


def _safe_text(value: str) -> str:
    line = _LINE_BREAKS.sub(" ", value)
    return f"'{line}" if _STARTS_FORMULA.match(line) else line


def _number_text(value: float) -> str:
    return repr(value).removesuffix(".0")
