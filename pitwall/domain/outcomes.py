"""What came of a forecast."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What came of a forecast. Only the first two tell of its truth."""

    PASSED = "passed"  # the attacker was ahead a lap later
    HELD = "held"  # it was not
    PITTED = "pitted"  # one of the two was in the pit lane before that
    RETIRED = "retired"  # one of the two stopped before that
    NEUTRALISED = "neutralised"  # safety car, virtual safety car or red flag before that
    FINISHED = "finished"  # the chequered flag fell before that


DECIDED: Final = frozenset({Outcome.PASSED, Outcome.HELD})
"""The others interrupted the battle: they say nothing of the forecast."""
