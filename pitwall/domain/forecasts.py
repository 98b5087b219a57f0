"""Define the forecast of one battle, its reasons and experts, and its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """The outcome of a forecast; only the first two say whether it was right."""

    PASSED = "passed"  # the attacker was ahead a lap later
    HELD = "held"  # it was not
    PITTED = "pitted"  # one of the two was in the pit lane before that
    RETIRED = "retired"  # one of the two stopped before that
    NEUTRALISED = "neutralised"  # safety car, virtual safety car or red flag before that
    FINISHED = "finished"  # the chequered flag fell before that
    UNTOLD = "untold"  # the feed left out the line crossing that would say


DECIDED: Final = frozenset({Outcome.PASSED, Outcome.HELD})
"""The other outcomes interrupted the battle, so they do not say whether the forecast was right."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that moved a forecast away from that of the average battle.

    Source: the model bundle.

    Attributes:
        topic: The group of features it is about, such as `gap`; "" where only its text is known.
        weight: Its contribution to the logit, rounded to 0.01; positive makes a pass more likely.
        words: Its text, such as `gap 0.6 s`.
    """

    topic: str
    weight: float
    words: str

    def __str__(self) -> str:
        """Return it as one line, such as `+0.41 gap 0.6 s`."""
        return f"{self.weight:+.2f} {self.words}"

    @classmethod
    def of_text(cls, text: str) -> Reason:
        """Return the reason that an earlier release wrote as one line.

        Raises:
            ValueError: The line does not begin with a number.

        Example:
            >>> Reason.of_text("+0.41 gap 0.6 s")
            Reason(topic='', weight=0.41, words='gap 0.6 s')
        """
        weight, _, words = text.partition(" ")
        return cls("", float(weight), words)


class ExpertName(StrEnum):
    """The experts of the mixture, in the order used everywhere."""

    OM = "om"  # which cars may use DRS or Overtake Mode, and which do
    BOOST = "boost"  # which car has more electric power left
    AERO = "aero"  # how much the attacker loses in the wake


@dataclass(frozen=True, slots=True)
class ExpertOpinion:
    """One expert's view of a battle. Source: the model bundle.

    Attributes:
        expert: Which expert.
        p_overtake: Its own calibrated probability.
        weight: Its share in the mixture; the shares of all experts add up to one.
        is_estimated: Whether it rests on a quantity that no feed measures, such as battery charge.
    """

    expert: ExpertName
    p_overtake: float
    weight: float
    is_estimated: bool


@dataclass(frozen=True, slots=True)
class MixedForecast:
    """The rest of a forecast beside its `p_overtake`. Source: the model bundle.

    Attributes:
        p_overtake_3: Probability of a pass within three laps, never below `p_overtake`.
        p_low: Lower end of the 90 % interval that `p_overtake` covers when the model is trained on
            other samples of races.
        p_high: Upper end of that interval.
        experts: In the order om, boost, aero.
        p_pit: Probability that one of the two pits within a lap, before the battle is decided;
            `p_overtake` assumes that nothing interrupts the battle.
        p_neutralised: Probability that a safety car, VSC or red flag comes first.
        p_retired: Probability that one of the two retires first.
    """

    p_overtake_3: float
    p_low: float
    p_high: float
    experts: tuple[ExpertOpinion, ...]
    p_pit: float
    p_neutralised: float
    p_retired: float

    @property
    def p_interrupted(self) -> float:
        """Probability that the battle is interrupted before it is decided."""
        return self.p_pit + self.p_neutralised + self.p_retired
