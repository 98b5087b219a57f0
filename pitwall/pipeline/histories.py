"""What is kept of a battle under way: its last minutes, for the small chart on its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pitwall.domain.battles import Battle
from pitwall.domain.race import DriverNumber
from pitwall.prediction.forecast import Forecast

READINGS_KEPT = 90

Pair = tuple[DriverNumber, DriverNumber]


@dataclass(frozen=True, slots=True)
class History:
    """A battle's last three minutes, oldest first; a point every two seconds of race time.

    Frames share these tuples instead of copying them: five minutes of frames are kept.

    Attributes:
        at: When each point was taken.
        interval_s: The interval at each point, rounded to the millisecond.
        p_overtake: The forecasts made at these points; points without one are left out.
    """

    at: tuple[datetime, ...] = ()
    interval_s: tuple[float, ...] = ()
    p_overtake: tuple[float, ...] = ()

    def with_point(self, at: datetime, interval_s: float, p_overtake: float | None) -> History:
        """Return the history with one more point, and without those too old to keep."""
        kept = -(READINGS_KEPT - 1)
        forecasts = self.p_overtake
        if p_overtake is not None:
            forecasts = (*forecasts[kept:], round(p_overtake, 4))
        return History(
            (*self.at[kept:], at), (*self.interval_s[kept:], round(interval_s, 3)), forecasts
        )


def noted(
    grid_at: datetime,
    battles: tuple[Battle, ...],
    forecasts: Mapping[Pair, Forecast],
    histories: Mapping[Pair, History],
) -> dict[Pair, History]:
    """Return the histories of all battles with one more point each."""
    noted = {}
    for battle in battles:
        pair = (battle.attacker, battle.defender)
        p_overtake = forecasts[pair].p_overtake
        noted[pair] = histories[pair].with_point(grid_at, battle.interval_s, p_overtake)
    return noted
