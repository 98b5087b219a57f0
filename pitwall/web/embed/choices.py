"""Read what the address of an embed asks for: its look, its language, its delay, its battle."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NoReturn

from pitwall.domain.names import driver_names
from pitwall.errors import RefusedFieldError

LONGEST_DELAY_S: Final = 300.0
SMALLEST, LARGEST = 0.5, 4.0
MOST_ROWS: Final = 30

_COLOUR: Final = re.compile(r"[0-9a-fA-F]{6}")
_NUMBER: Final = re.compile(r"[0-9]{1,4}([.,][0-9]{1,3})?")
_CHOICES: Final = {
    "theme": ("retro", "dark", "light"),
    "palette": ("standard", "safe"),
    "lang": ("auto", "en", "de"),
}
_BACKGROUNDS: Final = ("transparent", "none", "solid")
_KNOWN: Final = {*_CHOICES, "accent", "background", "scale", "delay", "drivers", "rows"}


class EmbedKind(StrEnum):
    """What an embed shows."""

    BATTLE = "battle"
    TOWER = "tower"
    MAP = "map"


Asked = tuple[EmbedKind, tuple[str, ...]]
"""What an embed is fed by: what it shows, and of whom."""


@dataclass(frozen=True, slots=True)
class EmbedChoices:
    """What an address asks for; the defaults are those of an address without a query.

    Attributes:
        theme: `retro`, `dark` or `light`.
        palette: `standard`, or `safe` for colour blindness.
        lang: `en`, `de`, or `auto` for the browser's.
        accent: Six hexadecimal digits, the colour of headings and chances; "" for the theme's.
        background: `transparent` (nothing but the embed's own plate), `none` (no plate either),
            `solid` (the theme's) or six hexadecimal digits.
        scale: Size of everything, as a multiple.
        delay_s: How long the browser holds each picture back, seconds.
        drivers: One or two drivers by letters or number: only their battle; empty for the hottest.
        rows: How many cars of the tower are shown; 0 for all.
    """

    theme: str = "retro"
    palette: str = "standard"
    lang: str = "auto"
    accent: str = ""
    background: str = "transparent"
    scale: float = 1.0
    delay_s: float = 0.0
    drivers: tuple[str, ...] = ()
    rows: int = 0


def read_choices(query: Mapping[str, str]) -> EmbedChoices:
    """Return what a query asks for.

    Raises:
        RefusedFieldError: A parameter is unknown, or its value is none that it takes.

    Example:
        >>> read_choices({"drivers": "ver-nor", "accent": "#FF8000", "delay": "12,5"}).drivers
        ('VER', 'NOR')
    """
    for name in query:
        if name not in _KNOWN:
            known = ", ".join(sorted(_KNOWN))
            raise RefusedFieldError(name[:40], f"An embed knows {known}, not {name[:40]!r}.")
    given = {name: value.strip() for name, value in query.items() if value.strip()}
    for name, values in _CHOICES.items():
        if given.get(name, values[0]) not in values:
            _refuse(name, f"is {' or '.join(values)}", given[name])
    return EmbedChoices(
        theme=given.get("theme", "retro"),
        palette=given.get("palette", "standard"),
        lang=given.get("lang", "auto"),
        accent=_colour("accent", given.get("accent", "")),
        background=_background(given.get("background", "transparent")),
        scale=_number("scale", given.get("scale", "1"), SMALLEST, LARGEST),
        delay_s=_number("delay", given.get("delay", "0"), 0.0, LONGEST_DELAY_S),
        drivers=read_drivers(given.get("drivers", "")),
        rows=round(_number("rows", given.get("rows", "0"), 0, MOST_ROWS)),
    )


def read_drivers(text: str) -> tuple[str, ...]:
    """Return the drivers of a battle: one or two, by letters or car numbers.

    Raises:
        RefusedFieldError: It names something else.

    Example:
        >>> read_drivers("4-VER"), read_drivers("nor"), read_drivers("")
        (('4', 'VER'), ('NOR',), ())
    """
    parts = [part for part in re.split(r"[-,]", text) if part.strip()]
    names: tuple[str, ...] | None = None
    with suppress(ValueError):  # an embed says in its own words what is wrong
        names = driver_names(parts)
    if names is None or len(parts) > 2:
        _refuse("drivers", "is one or two drivers by letters or number, such as VER-NOR", text)
    return names


def _colour(name: str, text: str) -> str:
    digits = text.removeprefix("#")
    if digits and not _COLOUR.fullmatch(digits):
        _refuse(name, "is six hexadecimal digits, such as ffb52e", text)
    return digits.lower()


def _background(text: str) -> str:
    if text in _BACKGROUNDS:
        return text
    if not _COLOUR.fullmatch(text.removeprefix("#")):
        words = ", ".join(_BACKGROUNDS)
        _refuse("background", f"is {words} or six hexadecimal digits", text)
    return text.removeprefix("#").lower()


def _number(name: str, text: str, least: float, most: float) -> float:
    number = float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else -1.0
    if not least <= number <= most:
        _refuse(name, f"is a number from {least:g} to {most:g}", text)
    return number


def _refuse(name: str, what: str, text: str) -> NoReturn:
    raise RefusedFieldError(name, f"{name} {what}, but is {text[:40]!r}.")
