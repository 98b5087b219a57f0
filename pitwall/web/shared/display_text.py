"""Make text from a feed safe to show: bounded in length, and never read as markup.

React shows text as text. Plotly does not: it interprets some tags and `%{...}` in labels.
"""

from __future__ import annotations

import re
from typing import Final

NAME: Final = 60
SENTENCE: Final = 240
_CODE: Final = 6
_COLOUR: Final = re.compile(r"[0-9A-Fa-f]{6}")


def cut(text: str, most: int = NAME) -> str:
    r"""Return a text on one line, at most `most` characters long.

    >>> cut("Silverstone"), cut("a\nb\u202ec"), cut("abcdef", 4)
    ('Silverstone', 'a b c', 'abc…')
    """
    if len(text) <= most and text.isprintable():
        return text
    plain = "".join(c if c.isprintable() else " " for c in text[: most + 1])
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def code(text: str, car: int) -> str:
    """Return a car's letters, or its number where there are none: six letters and digits at most.

    >>> code("VER", 1), code("", 1), code("<b>V</b>", 1), code("X" * 900, 1)
    ('VER', '1', 'bVb', 'XXXXXX')
    """
    return "".join(c for c in text[:40] if c.isalnum())[:_CODE] or str(car)


def colour(text: str | None, otherwise: str) -> str:
    """Return a CSS colour of six hexadecimal digits; `otherwise` where the text is none.

    >>> colour("FF8000", "#888888"), colour("red;x:url(y)", "#888888")
    ('#FF8000', '#888888')
    """
    return f"#{text}" if text and _COLOUR.fullmatch(text) else otherwise


def label(text: str, most: int = NAME) -> str:
    """Return a text escaped for Plotly, which then shows it unchanged.

    >>> label('<a href="//x">A & B</a> %{y}')
    '&lt;a href="//x"&gt;A &amp; B&lt;/a&gt; % {y}'
    """
    escaped = cut(text, most).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("%{", "% {")
