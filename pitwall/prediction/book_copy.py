"""A copy of a feature book: a race's laps read once, then cut back to any moment of it.

Reading all laps of a race into a book takes half a second, cutting a copy back a few
milliseconds: the book takes back, by itself, the laps that a race state does not have.
"""

from __future__ import annotations

from copy import copy
from typing import TypeVar

import numpy as np

from pitwall.prediction.columns.control import ControlBook
from pitwall.prediction.columns.energy_book import EnergyBook
from pitwall.prediction.columns.lap_book import LapBook
from pitwall.prediction.columns.passes import PassBook
from pitwall.prediction.columns.readings import ReadingBook
from pitwall.prediction.columns.running import FieldReference
from pitwall.prediction.features import FeatureBook

_BOOKS = (FeatureBook, LapBook, PassBook, EnergyBook, FieldReference, ReadingBook, ControlBook)
T = TypeVar("T")


def copy_of(book: FeatureBook) -> FeatureBook:
    """Return a book that may be written to without changing `book`.

    What is frozen is shared: records of laps keep their identity, by which the book knows them.
    """
    return _copied(book)


def _copied(value: T) -> T:
    made: object = value
    if isinstance(value, _BOOKS):
        made = copy(value)
        for name, own in vars(value).items():
            setattr(made, name, _copied(own))
    elif isinstance(value, dict):
        made = {key: _copied(own) for key, own in value.items()}
    elif isinstance(value, list):
        nested = bool(value) and isinstance(value[0], list)
        made = [_copied(own) for own in value] if nested else value.copy()
    elif isinstance(value, np.ndarray):
        made = value.copy()
    return made  # type: ignore[return-value]  # of the same type by construction
