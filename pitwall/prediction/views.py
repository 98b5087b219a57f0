"""Who sees which columns of the feature matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pitwall.domain.forecasts import ExpertName

Rows = npt.NDArray[np.float32]  # of the feature matrix, or of a view of it

EXPERTS: Final = tuple(ExpertName)
SHARED: Final = "shared"
EVERYTHING: Final = "everything"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the feature matrix.

    Attributes:
        name: As the feature's definition gives it.
        views: The experts that see it, or `shared` for all.
    """

    name: str
    views: tuple[str, ...] = (SHARED,)

    def is_seen_by(self, view: str) -> bool:
        """Tell whether an expert sees this column; `everything` sees all."""
        return view == EVERYTHING or SHARED in self.views or view in self.views


def positions(columns: Sequence[Column], view: str) -> npt.NDArray[np.intp]:
    """Return where the columns of a view lie in the whole matrix, in its order."""
    return np.array([i for i, column in enumerate(columns) if column.is_seen_by(view)], np.intp)
