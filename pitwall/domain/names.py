"""Make keys from names: ASCII, lower case, words joined by hyphens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from pitwall.domain.race import CarState

_DRIVER: Final = re.compile(r"[A-Z]{3}|[0-9]{1,2}")


def slug(text: str) -> str:
    """Return a key made from a name, fit for a URL.

    Example:
        >>> slug("São Paulo Grand Prix"), slug("Sergio O'Ward")
        ('sao-paulo-grand-prix', 'sergio-oward')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "-".join(re.findall("[a-z0-9]+", plain.lower().replace("'", "")))


def driver_names(parts: Iterable[str]) -> tuple[str, ...]:
    """Return how a request names drivers: by three letters or car numbers, each once.

    Raises:
        ValueError: One of them is neither; the message says what to write.

    Example:
        >>> driver_names([" nor", "81", "", "NOR"])
        ('NOR', '81')
    """
    names = tuple(dict.fromkeys(part.strip().upper() for part in parts if part.strip()))
    if not all(map(_DRIVER.fullmatch, names)):
        message = "Name drivers by three letters or car numbers, such as NOR or 81."
        raise ValueError(message)
    return names


def driver_id_of(car: CarState) -> str:
    """Return pitwall's key of a driver, the same in every race: `max-verstappen`.

    It is made from the short code where the feed has sent no name, and otherwise from the car's
    number, which drivers do not keep for ever.
    """
    return slug(car.driver.name) or slug(car.driver.code) or nameless(car.number)


def nameless(car: int) -> str:
    """Return the key of a driver whose name the feed has not sent."""
    return f"car-{car}"


def cars_by_driver(drivers: Mapping[int, str]) -> dict[str, int]:
    """Return the cars by the keys of their drivers, from before and after they were named.

    Example:
        >>> cars_by_driver({81: "oscar-piastri"})
        {'car-81': 81, 'oscar-piastri': 81}
    """
    return {nameless(car): car for car in drivers} | {name: car for car, name in drivers.items()}
