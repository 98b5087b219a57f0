"""What a mixture of experts says of one battle, as readers receive it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExpertOpinion:
    """One expert's view of a battle.

    Attributes:
        expert: `om`, `boost` or `aero`.
        p_overtake: His own calibrated probability, in [0, 1].
        weight: His share in the mixture; the shares of all experts add up to one.
        is_estimated: Whether he rests on what no feed channel tells, such as a battery's charge.
    """

    expert: str
    p_overtake: float
    weight: float
    is_estimated: bool


@dataclass(frozen=True, slots=True)
class MixedForecast:
    """What stands behind and beside one `p_overtake`.

    Attributes:
        p_overtake_3: Of a pass within three laps, never below `p_overtake`.
        p_low, p_high: A 90 % interval of `p_overtake`: had the model learned from other races.
        experts: In the order om, boost, aero.
        p_pit, p_neutralised, p_retired: That the battle is interrupted so before a lap from now,
            before it is decided; `p_overtake` is given that it is not.
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
