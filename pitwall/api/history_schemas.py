"""The shapes of the answers of `/history`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from pitwall.domain.history import HistoryTable, RaceSummary


class RaceOut(BaseModel):
    """A race that is kept."""

    race_id: str = Field(examples=["2025-dutch-grand-prix-race"])
    name: str = Field(examples=["Dutch Grand Prix"])
    kind: str = Field(examples=["Race"])
    year: int = Field(examples=[2025])
    circuit_id: str | None = Field(examples=["zandvoort"])
    circuit: str | None = Field(examples=["Zandvoort"])
    starts_at: datetime | None = Field(description="As announced, UTC.")
    first_at: datetime | None = Field(description="When its first message was sent, UTC.")
    last_at: datetime | None = Field(description="When its newest message was sent, UTC.")
    source: str = Field(description="`live`, `recorded`, `reconstructed` or `simulated`.")
    state: str = Field(description="`running`, `finished` or `abandoned`.")
    laps: int = Field(description="The leader's lap when it was last written.")
    total_laps: int | None
    messages: int = Field(description="Raw messages kept.")
    model_version: str = Field(description="Of its newest predictions; empty without any.")

    @classmethod
    def of(cls, race: RaceSummary) -> RaceOut:
        """Return a race as the API shows it."""
        return cls.model_validate({"race_id": race.id} | _fields(race))


class RacesOut(BaseModel):
    """Races, the newest first."""

    races: list[RaceOut]
    next_cursor: str | None = Field(description="Send it back as `cursor`; null on the last page.")


class RowOut(BaseModel):
    """One row of one table; its columns are those of that table's CSV."""

    table: HistoryTable
    row: dict[str, Any]


class HistoryOut(BaseModel):
    """A page of what is kept of a race."""

    race: RaceOut
    rows: list[RowOut]
    next_cursor: str | None = Field(description="Send it back as `cursor`; null on the last page.")


def _fields(race: RaceSummary) -> dict[str, Any]:
    return {name: getattr(race, name) for name in RaceOut.model_fields if name != "race_id"}
