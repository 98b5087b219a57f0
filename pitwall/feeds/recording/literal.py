"""Turn text that Python printed into JSON text, without ever evaluating it."""

from __future__ import annotations

import ast
import re

import orjson

_TOKEN = re.compile(r"'[^']*'|\bTrue\b|\bFalse\b|\bNone\b")
_LONGEST_LITERAL = 1024 * 1024  # Python's own reader takes a second and a gigabyte for ten
_JSON_NAMES = {"True": "true", "False": "false", "None": "null"}


def load_literal(text: str) -> object:
    """Return the value of a JSON text or of a Python literal.

    Raises:
        ValueError: It is neither.

    Example:
        >>> load_literal("['A', {'x': True, 'y': None}]")
        ['A', {'x': True, 'y': None}]
        >>> load_literal('''{'Message': "DELL'EMILIA"}''')
        {'Message': "DELL'EMILIA"}
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    if '"' not in text and "\\" not in text:
        # Without a double quote or a backslash every apostrophe delimits a text, and the
        # JSON reader is many times faster than Python's own.
        try:
            return orjson.loads(_TOKEN.sub(_as_json, text))
        except orjson.JSONDecodeError:
            pass
    if len(text) > _LONGEST_LITERAL:
        message = f"no JSON, and too long for a Python literal: {text[:40]!r}"
        raise ValueError(message)
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        message = f"neither JSON nor a Python literal: {text[:40]!r}"
        raise ValueError(message) from error
    return value


def _as_json(token: re.Match[str]) -> str:
    word = token[0]
    return _JSON_NAMES.get(word) or f'"{word[1:-1]}"'
