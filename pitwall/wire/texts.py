"""Read texts from outside: printable, on one line, and of bounded length."""

from __future__ import annotations

from collections.abc import Callable

from pitwall.wire.values import NotAValueError, read_text

# In characters. The longest in the feed: a code of 3, a team of 36, a message of 180.
LONGEST_CODE = 8
LONGEST_NAME = 80
LONGEST_WORD = 40
LONGEST_MESSAGE = 500


def printable(text: str) -> str:
    r"""Return a text without characters that cannot be seen or can mislead.

    Line breaks and unusual spaces become a space. Control characters, marks that change the
    direction of writing, zero-width characters and unassigned ones are left out.

    Example:
        >>> printable("CAR 4\n(NOR)"), printable("N\u202eOR\x00")
        ('CAR 4 (NOR)', 'NOR')
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else " " if each.isspace() else "" for each in text
    ).strip()


def text_up_to(most: int) -> Callable[[object], str]:
    """Return a reader of printable texts of at most `most` characters; longer ones are faults."""

    def read(value: object) -> str:
        text = printable(read_text(value))
        if len(text) > most:
            raise NotAValueError
        return text

    return read


read_code = text_up_to(LONGEST_CODE)
read_name = text_up_to(LONGEST_NAME)
read_word = text_up_to(LONGEST_WORD)
read_message = text_up_to(LONGEST_MESSAGE)
