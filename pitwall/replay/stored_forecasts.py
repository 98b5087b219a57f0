"""Look up the stored forecasts of a race, so that a seek need not repeat them.

Forecasting 15 battles takes 12 ms, and a seek plays up to 45 seconds. Only the last of these is
shown with its reasons, which are not stored; for the others the stored values are enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pitwall.domain.battles import Battle
from pitwall.domain.forecasts import Condition, ExpertOpinion, MixedForecast, points_of
from pitwall.domain.race import START_OF_TIME, DriverNumber
from pitwall.engine.battle_traces import Pair
from pitwall.engine.race_engine import EngineState
from pitwall.prediction.forecast import Forecast
from pitwall.prediction.memory import at_the_line
from pitwall.prediction.predictor import IS_ESTIMATED

_SECOND: Final = timedelta(seconds=1)
ForecastsByTime = Mapping[datetime, Mapping[Pair, Forecast]]
"""Forecasts by the instant at which they were made, then by battle."""


class StoredPastForecasts:
    """Implements `pitwall.engine.race_engine.PastForecasts` from stored forecasts.

    Attributes:
        forecasts: The stored forecasts.
        until: From this instant on every forecast is made anew, with its reasons. None for never.
    """

    def __init__(self) -> None:
        self.forecasts: ForecastsByTime = {}
        self.until: datetime | None = None

    def recalled(
        self, grid_at: datetime, state: EngineState, battles: Sequence[Battle]
    ) -> dict[Pair, Forecast]:
        """Return stored forecasts, except for battles at the line, which the model notes."""
        rows = self.forecasts.get(grid_at)
        if rows is None or (self.until is not None and grid_at >= self.until):
            return {}
        known = {}
        for battle in battles:
            pair = (battle.attacker, battle.defender)
            crossing = at_the_line(state.race, battle)
            if pair in rows and (crossing is None or crossing in state.memory.notes):
                known[pair] = rows[pair]
        return known


def second_of(at: datetime) -> datetime:
    """Return the last whole second at or before an instant, when battles were last forecast."""
    return START_OF_TIME + ((at - START_OF_TIME) // _SECOND) * _SECOND


def forecasts_from_rows(
    rows: Sequence[Mapping[str, Any]], cars: Mapping[str, int], *, shown: bool
) -> dict[datetime, dict[Pair, Forecast]]:
    """Return rows of the table of predictions as forecasts.

    Args:
        rows: Rows with the public names of `HistoryTable.PREDICTIONS`.
        cars: Car numbers by the drivers' keys.
        shown: Whether they are shown on screen, and not only in a battle's history.
    """
    forecasts: dict[datetime, dict[Pair, Forecast]] = {}
    for row in rows:
        attacker, defender = cars.get(row["attacker"]), cars.get(row["defender"])
        if attacker is None or defender is None:
            continue
        pair = (DriverNumber(attacker), DriverNumber(defender))
        forecasts.setdefault(row["made_at_utc"], {})[pair] = Forecast(
            row["p_overtake"],
            mixed=_mixed(row) if shown else None,
            condition=_condition(row["condition"]),
        )
    return forecasts


def _mixed(row: Mapping[str, Any]) -> MixedForecast | None:
    names = ("p_overtake_3", "p_low", "p_high", "p_pit", "p_neutralised", "p_retired")
    of_experts = [f"{what}_{name}" for name in IS_ESTIMATED for what in ("p", "w")]
    if any(row[name] is None for name in (*names, *of_experts)):
        return None
    base, contributions = row["c_base"], [row[f"c_{name}"] for name in IS_ESTIMATED]
    is_sum = None not in (base, *contributions)  # not so in rows of earlier releases
    points = points_of(base, contributions) if is_sum else [None] * len(contributions)
    return MixedForecast(
        **{name: row[name] for name in names},
        experts=tuple(
            ExpertOpinion(name, row[f"p_{name}"], row[f"w_{name}"], estimated, adds, moves)
            for (name, estimated), adds, moves in zip(
                IS_ESTIMATED.items(), contributions, points, strict=True
            )
        ),
        base=base,
        p_kept=row["p_kept"],
    )


def _condition(value: str | None) -> Condition:
    """Return the condition of a row; that of an earlier or a later release's is taken for clean."""
    return Condition(value) if value in set(Condition) else Condition.CLEAN
