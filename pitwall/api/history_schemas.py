"""The shapes of the answers of `/history`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from pitwall.api import story
from pitwall.domain.history import HistoryTable, RaceSummary


class KeptRaceOut(BaseModel):
    """A race that is kept."""

    race_id: str = Field(examples=[story.RACE_ID])
    name: str = Field(examples=["Dutch Grand Prix"])
    kind: str = Field(examples=["Race"])
    year: int = Field(examples=[2025])
    circuit_id: str | None = Field(examples=["zandvoort"])
    circuit: str | None = Field(examples=["Zandvoort"])
    starts_at: datetime | None = Field(
        description="As announced, UTC.", examples=["2025-08-31T13:00:00Z"]
    )
    first_at: datetime | None = Field(
        description="When its first message was sent, UTC.",
        examples=["2025-08-31T12:06:46.884000Z"],
    )
    last_at: datetime | None = Field(
        description="When its newest message was sent, UTC.", examples=["2025-08-31T14:53:31Z"]
    )
    source: str = Field(
        description="`live`, `recorded`, `reconstructed` or `simulated`.", examples=[story.SOURCE]
    )
    state: str = Field(description="`running`, `finished` or `abandoned`.", examples=["finished"])
    laps: int = Field(description="The leader's lap when it was last written.", examples=[72])
    total_laps: int | None = Field(examples=[72])
    messages: int = Field(description="Raw messages kept.", examples=[38257])
    model_version: str = Field(
        description="Of its newest predictions; empty without any.",
        examples=[story.MODEL_VERSION],
    )

    @classmethod
    def of(cls, race: RaceSummary) -> KeptRaceOut:
        """Return a race as the API shows it."""
        return cls.model_validate({"race_id": race.id} | _fields(race))


class RacesOut(BaseModel):
    """Races, the newest first."""

    races: list[KeptRaceOut]
    next_cursor: str | None = Field(
        description="Send it back as `cursor`; null on the last page.", examples=[None]
    )


class RowOut(BaseModel):
    """One row of one table; its columns are those of that table's CSV."""

    table: HistoryTable = Field(examples=["predictions"])
    row: dict[str, Any] = Field(examples=[story.PREDICTION_ROW])


class HistoryOut(BaseModel):
    """A page of what is kept of a race."""

    race: KeptRaceOut
    rows: list[RowOut]
    next_cursor: str | None = Field(
        description="Send it back as `cursor`; null on the last page.", examples=[story.CURSOR]
    )


def _fields(race: RaceSummary) -> dict[str, Any]:
    return {name: getattr(race, name) for name in KeptRaceOut.model_fields if name != "race_id"}
