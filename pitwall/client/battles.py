"""Find the battles of a stored race in its forecasts, of which there is one a second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

PAUSE: Final = timedelta(seconds=10)
"""A pair without a forecast for longer begins another battle, as on the server's timeline."""

NEEDED: Final = (
    "made_at_utc", "attacker", "defender", "lap", "position", "interval_s", "p_overtake", "outcome",
)  # fmt: skip
"""The columns of `predictions` that are read."""

_Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BattleOfRace:
    """One battle of a stored race.

    Attributes:
        attacker, defender: Keys of the drivers.
        position: The place at stake, at its end.
        began_at_utc, ended_at_utc: Its first and its last forecast.
        first_lap, last_lap: The leader's laps then.
        forecasts: How many there are.
        closest_s: The smallest interval.
        p_most, p_most_at_utc: The highest forecast, and when it was made.
        p_last: The last forecast.
        outcome: What became of the last forecast: `passed` if the attacker was ahead a lap later,
            `held`, or why it could not be decided. None while it is open.
    """

    attacker: str
    defender: str
    position: int
    began_at_utc: datetime
    ended_at_utc: datetime
    first_lap: int
    last_lap: int
    forecasts: int
    closest_s: float
    p_most: float
    p_most_at_utc: datetime
    p_last: float
    outcome: str | None


def battles_in(forecasts: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Return the columns of a table of battles, in the order in which they began.

    Args:
        forecasts: The columns `NEEDED`, in any order of rows.
    """
    columns = [forecasts[name] for name in NEEDED]
    rows = [dict(zip(NEEDED, row, strict=True)) for row in zip(*columns, strict=True)]
    rows.sort(key=lambda row: (row["attacker"], row["defender"], row["made_at_utc"]))
    found = sorted(map(_battle, _runs(rows)), key=lambda battle: battle.began_at_utc)
    names = [each.name for each in fields(BattleOfRace)]
    return {name: [getattr(battle, name) for battle in found] for name in names}


def _runs(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Yield the forecasts of each battle."""
    run: list[_Row] = []
    for row in rows:
        if run and not _goes_on(run[-1], row):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _goes_on(before: _Row, row: _Row) -> bool:
    is_same_pair = all(before[side] == row[side] for side in ("attacker", "defender"))
    is_soon: bool = row["made_at_utc"] - before["made_at_utc"] <= PAUSE
    return is_same_pair and is_soon


def _battle(run: Sequence[_Row]) -> BattleOfRace:
    first, last = run[0], run[-1]
    hottest = max(run, key=lambda row: float(row["p_overtake"]))
    return BattleOfRace(
        attacker=first["attacker"],
        defender=first["defender"],
        position=last["position"],
        began_at_utc=first["made_at_utc"],
        ended_at_utc=last["made_at_utc"],
        first_lap=first["lap"],
        last_lap=last["lap"],
        forecasts=len(run),
        closest_s=min(row["interval_s"] for row in run),
        p_most=hottest["p_overtake"],
        p_most_at_utc=hottest["made_at_utc"],
        p_last=last["p_overtake"],
        outcome=last["outcome"],
    )
