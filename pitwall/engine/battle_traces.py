"""Keep the last minutes of each battle: its intervals and forecasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pitwall.domain.battles import Battle
from pitwall.domain.race import DriverNumber
from pitwall.prediction.forecast import Forecast

MOST_TRACE_POINTS = 90

Pair = tuple[DriverNumber, DriverNumber]


@dataclass(frozen=True, slots=True)
class BattleTrace:
    """The last three minutes of a battle, oldest first; a point every two seconds of race time.

    Frames share these tuples instead of copying them, as five minutes of frames are held.

    Attributes:
        at: When each point was taken.
        interval_s: The interval at each point, rounded to the millisecond.
        p_overtake: The forecasts made at these points; points without one are left out.
    """

    at: tuple[datetime, ...] = ()
    interval_s: tuple[float, ...] = ()
    p_overtake: tuple[float, ...] = ()

    def with_point(self, at: datetime, interval_s: float, p_overtake: float | None) -> BattleTrace:
        """Return the trace with one more point, and without those that are too old."""
        newest = -(MOST_TRACE_POINTS - 1)
        forecasts = self.p_overtake
        if p_overtake is not None:
            forecasts = (*forecasts[newest:], round(p_overtake, 4))
        return BattleTrace(
            (*self.at[newest:], at), (*self.interval_s[newest:], round(interval_s, 3)), forecasts
        )


def noted(
    grid_at: datetime,
    battles: tuple[Battle, ...],
    forecasts: Mapping[Pair, Forecast],
    histories: Mapping[Pair, BattleTrace],
) -> dict[Pair, BattleTrace]:
    """Return the traces of all battles with one more point each."""
    noted = {}
    for battle in battles:
        pair = (battle.attacker, battle.defender)
        p_overtake = forecasts[pair].p_overtake
        noted[pair] = histories[pair].with_point(grid_at, battle.interval_s, p_overtake)
    return noted
