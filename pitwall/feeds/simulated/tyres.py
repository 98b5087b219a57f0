"""Compute the lap time that a set of tyres costs: compound, wear, cliff and warm-up."""

from __future__ import annotations

from dataclasses import dataclass

from pitwall.domain.race import Compound


@dataclass(frozen=True, slots=True)
class Character:
    """How one compound behaves on a circuit of usual abrasion and a race of 57 laps.

    Attributes:
        offset_s: Lap time against a new medium.
        wear_s: Lap time lost with each lap of age.
        life_laps: Age at which the cliff begins.
        cold_s: Lost on the first lap out of the pits.
    """

    offset_s: float
    wear_s: float
    life_laps: float
    cold_s: float


# Chosen within what stints of 2022-2025 show: about 0.5 s between neighbours when new,
# 0.03 to 0.09 s a lap of wear after fuel is taken out.
CHARACTERS = {
    Compound.SOFT: Character(offset_s=-0.55, wear_s=0.085, life_laps=17.0, cold_s=0.1),
    Compound.MEDIUM: Character(offset_s=0.0, wear_s=0.052, life_laps=27.0, cold_s=0.3),
    Compound.HARD: Character(offset_s=0.45, wear_s=0.032, life_laps=39.0, cold_s=0.6),
}
_CLIFF_S = 0.035  # s per lap squared beyond the life
_CLIFF_MOST_S = 5.0
USUAL_LAPS = 57.0


@dataclass(frozen=True, slots=True)
class TyreSet:
    """One set: which rubber, and its age in laps, earlier sessions included."""

    compound: Compound
    age_laps: int = 0

    def older(self) -> TyreSet:
        """Return the set one lap later."""
        return TyreSet(self.compound, self.age_laps + 1)


@dataclass(frozen=True, slots=True)
class Wear:
    """How fast tyres age in one race.

    Attributes:
        rate: Laps of usual wear for each lap driven: abrasion, times 57 over the race's
            laps, so that a shortened race asks for the same stops.
    """

    rate: float

    @classmethod
    def of(cls, abrasion: float, laps: int) -> Wear:
        """Return the wear of a race of `laps` on a circuit."""
        return cls(abrasion * USUAL_LAPS / laps)

    def life_laps(self, compound: Compound) -> float:
        """Return the laps of this race after which the cliff begins."""
        return CHARACTERS[compound].life_laps / self.rate

    def cost_s(self, tyres: TyreSet) -> float:
        """Return seconds a lap against a new medium set.

        Example:
            >>> wear = Wear(1.0)
            >>> wear.cost_s(TyreSet(Compound.SOFT)) < wear.cost_s(TyreSet(Compound.MEDIUM)) == 0.0
            True
        """
        kind = CHARACTERS[tyres.compound]
        worn = tyres.age_laps * self.rate
        over = max(0.0, worn - kind.life_laps)
        return kind.offset_s + kind.wear_s * worn + min(_CLIFF_MOST_S, _CLIFF_S * over * over)
