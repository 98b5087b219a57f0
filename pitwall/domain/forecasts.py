"""Define the forecast of one battle, its reasons and experts, and its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from math import exp, factorial, log
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


class Condition(StrEnum):
    """The condition in which a battle is fought, the hardest that applies, hardest first."""

    WET = "wet"  # either car not on slicks, or on tyres that the feed has not told
    EARLY = "early"  # either car has completed fewer than two laps
    FRESH = "fresh"  # either car was in the pit lane on this lap or the last
    YELLOW = "yellow"  # a yellow flag is shown somewhere
    RESTART = "restart"  # a safety car, virtual safety car or red flag less than two laps ago
    CLEAN = "clean"  # none of these


class Refusal(StrEnum):
    """Why a battle gets no forecast, in a word."""

    UNKNOWN = "unknown"  # a car is not in the race state
    OVER = "over"  # the race is, or the attacker has finished
    NEUTRALISED = "neutralised"  # safety car, virtual safety car or red flag
    PIT = "pit"  # either car is in the pit lane
    START = "start"  # nobody has completed the first lap


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that moved a forecast away from that of the average battle.

    Source: the model bundle.

    Attributes:
        topic: The group of features it is about, such as `gap`; "" where only its text is known.
        weight: Its contribution to the logit, rounded to 0.01; positive makes a pass more likely.
        words: Its text, such as `gap 0.6 s`.
        expert: Which part of the forecast it moved: `situation` or an expert's name; "" where an
            earlier release did not say.
    """

    topic: str
    weight: float
    words: str
    expert: str = ""

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
            Reason(topic='', weight=0.41, words='gap 0.6 s', expert='')
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
        p_overtake: The probability from the situation and this expert alone.
        weight: Its share of what the experts move, without signs; the shares of all experts add up
            to one. Releases before contributions wrote its share in a mean.
        is_estimated: Whether it rests on a quantity that no feed measures, such as battery charge.
        contribution: What it adds to the logit of the mixture's `p_overtake`; None where an earlier
            release did not say.
        points: What it moves `p_overtake` by: its mean effect over all orders in which the experts
            can be added (Shapley 1953). Range: -1 to 1. None where an earlier release did not say.
    """

    expert: ExpertName
    p_overtake: float
    weight: float
    is_estimated: bool
    contribution: float | None = None
    points: float | None = None


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
        base: The logit of the situation: gap, closing, traffic, stage, form and the race so far.
            With the experts' contributions it adds up to the logit of `p_overtake`. None where an
            earlier release did not say.
        p_kept: Probability that a pass made now still stands two laps later. None where an earlier
            release did not say.
    """

    p_overtake_3: float
    p_low: float
    p_high: float
    experts: tuple[ExpertOpinion, ...]
    p_pit: float
    p_neutralised: float
    p_retired: float
    base: float | None = None
    p_kept: float | None = None

    @property
    def p_situation(self) -> float | None:
        """The probability of a pass from the situation alone; the experts' points add to it."""
        return None if self.base is None else _probability(self.base)

    @property
    def p_interrupted(self) -> float:
        """Probability that the battle is interrupted before it is decided."""
        return self.p_pit + self.p_neutralised + self.p_retired


def points_of(base: float, contributions: Sequence[float]) -> tuple[float, ...]:
    """Return what each of n contributions moves a probability by: its Shapley value.

    That is its mean effect over all orders in which the contributions can be added to the base.
    The values add up to the distance from the base's probability to that of the whole sum. They
    are not stored: a replay computes them from the logits, to the last bit as they were live.

    Args:
        base: A logit.
        contributions: Of n sources, added to the base, logits.

    Example:
        >>> [round(points, 3) for points in points_of(0.0, [1.0, -1.0, 0.5])]
        [0.23, -0.221, 0.114]
    """
    totals = [base]  # of every subset, by the number whose bits are its members
    for amount in contributions:
        totals += [total + amount for total in totals]
    chances = [_probability(total) for total in totals]
    moved = [0.0] * len(contributions)
    for place, without, joined, share in _shares(len(contributions)):
        moved[place] += share * (chances[joined] - chances[without])
    return tuple(moved)


def brought_to(mixed: MixedForecast, p_from: float, p_to: float) -> MixedForecast:
    """Return the rest of a forecast of `p_from` as it is for one of `p_to`.

    Every probability that belongs to the forecast moves by the same logit, so that interval and
    parts fit the other number: the situation and the experts' points add up to it.

    Example:
        >>> brought_to(MixedForecast(0.5, 0.2, 0.4, (), 0.1, 0.0, 0.0), 0.3, 0.4).p_low
        0.28
    """
    by = logit(p_to) - logit(p_from)

    def moved(p: float) -> float:
        return round(_probability(logit(p) + by), 6)

    base = None if mixed.base is None else mixed.base + by
    experts = mixed.experts
    adds = [one.contribution for one in experts if one.contribution is not None]
    if base is not None and len(adds) == len(experts):
        experts = tuple(
            replace(one, points=points)
            for one, points in zip(experts, points_of(base, adds), strict=True)
        )
    return replace(
        mixed,
        p_overtake_3=moved(mixed.p_overtake_3),
        p_low=moved(mixed.p_low),
        p_high=moved(mixed.p_high),
        experts=experts,
        base=base,
    )


def logit(p: float) -> float:
    """Return the logit of a probability; of 0 and 1 that of a bound close to them."""
    bounded = min(max(p, 1e-9), 1 - 1e-9)
    return log(bounded / (1 - bounded))


@cache
def _shares(count: int) -> tuple[tuple[int, int, int, float], ...]:
    """Return of n sources each that joins a subset: its place, both subsets, the share of orders.

    A subset is the number whose bits are its members.
    """
    return tuple(
        (
            place,
            without,
            without | 1 << place,
            factorial(without.bit_count())
            * factorial(count - without.bit_count() - 1)
            / factorial(count),
        )
        for place in range(count)
        for without in range(2**count)
        if not without >> place & 1
    )


def _probability(logit: float) -> float:
    """Return the probability of a logit; a large one of either sign does not overflow."""
    if logit >= 0:
        return 1 / (1 + exp(-logit))
    odds = exp(logit)
    return odds / (1 + odds)
