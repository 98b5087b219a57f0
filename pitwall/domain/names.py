"""Keys made of names: ASCII, lower case, words joined by hyphens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from pitwall.domain.race import CarState


def slug(text: str) -> str:
    """Return a key made of a name, fit for an address.

    Example:
        >>> slug("São Paulo Grand Prix"), slug("Sergio O'Ward")
        ('sao-paulo-grand-prix', 'sergio-oward')
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "-".join(re.findall("[a-z0-9]+", plain.lower().replace("'", "")))


def driver_id_of(car: CarState) -> str:
    """Return our key of a driver, the same in every race: `max-verstappen`.

    The short code where the feed has told no name, else the car's number, which is no
    driver's for good.
    """
    return slug(car.driver.name) or slug(car.driver.code) or nameless(car.number)


def nameless(car: int) -> str:
    """Return the key of the driver of a car whose name the feed has not told."""
    return f"car-{car}"


def cars_by_driver(drivers: Mapping[int, str]) -> dict[str, int]:
    """Return each car by the keys that its driver has had: before he was named, and since.

    Example:
        >>> cars_by_driver({81: "oscar-piastri"})
        {'car-81': 81, 'oscar-piastri': 81}
    """
    return {nameless(car): car for car in drivers} | {name: car for car, name in drivers.items()}
