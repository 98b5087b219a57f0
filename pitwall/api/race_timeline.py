"""Serve `GET /history/{race_id}/timeline`: battles, passes, stops and flags of a stored race."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from pitwall.api.guards import REFUSALS, CurrentServices, Reader
from pitwall.api.history import NO_RACE, RaceId, StoredRaceOut
from pitwall.domain.stored_races import RaceSummary
from pitwall.domain.timeline import Timeline


class DriverOut(BaseModel):
    """A car of the race."""

    car: int = Field(examples=[4])
    code: str = Field(description="The driver's three letters.", examples=["NOR"])


class FlagSpanOut(BaseModel):
    """A period in which the track was not clear, or the race was stopped."""

    what: str = Field(
        description="A track status, or `aborted` for a race that was stopped.",
        examples=["safety_car"],
    )
    since: datetime = Field(examples=["2025-08-31T13:38:00Z"])
    until: datetime = Field(examples=["2025-08-31T13:46:00Z"])


class LapStartOut(BaseModel):
    """The beginning of one of the leader's laps."""

    lap: int = Field(examples=[23])
    at: datetime = Field(examples=["2025-08-31T13:32:00Z"])


class PitLapOut(BaseModel):
    """A lap in which a car was in the pit lane."""

    at: datetime = Field(description="When it was completed.", examples=["2025-08-31T13:33:00Z"])
    car: int = Field(examples=[4])
    lap: int = Field(description="Which lap of the car.", examples=[23])


class FightOut(BaseModel):
    """A battle, for as long as it was forecast without a pause."""

    attacker: int = Field(description="The number of the car behind.", examples=[4])
    defender: int = Field(description="The number of the car ahead.", examples=[81])
    since: datetime = Field(examples=["2025-08-31T13:40:00Z"])
    until: datetime = Field(examples=["2025-08-31T13:44:10Z"])
    most_p: float = Field(description="The highest `p_overtake` of its forecasts.", examples=[0.62])
    p_before_pass: float | None = Field(
        description="The highest `p_overtake` within the lap before a pass; null where no forecast "
        "came true.",
        examples=[None],
    )
    is_false_alarm: bool = Field(
        description="Whether a forecast of .5 or more was settled, and none came true.",
        examples=[True],
    )


class PassOut(BaseModel):
    """A pass on the track that ended a battle, and stood."""

    at: datetime = Field(examples=["2025-08-31T13:44:10Z"])
    attacker: int = Field(description="The number of the car that passed.", examples=[12])
    defender: int = Field(description="The number of the car that was passed.", examples=[31])
    position: int = Field(description="The place won.", examples=[8])
    p_before: float | None = Field(
        description="The highest `p_overtake` within the lap before; null where none was settled.",
        examples=[0.65],
    )


class DigestOut(BaseModel):
    """How the forecasts of the race compare with what happened."""

    passes: int = Field(description="Passes on the track that ended a battle.", examples=[27])
    called: int = Field(
        description="Those forecast with .5 or more at some second of the lap before.",
        examples=[9],
    )
    missed: int = Field(description="The other passes.", examples=[18])
    failed: int = Field(
        description="Battles in which a pass was called and none came within the lap.",
        examples=[4],
    )


class TimelineOut(BaseModel):
    """A whole race at a glance; every list is in order of time."""

    race: StoredRaceOut
    begins: datetime = Field(
        description="Five minutes before lights out, or the first message if that is later.",
        examples=["2025-08-31T12:58:00Z"],
    )
    ends: datetime = Field(examples=["2025-08-31T14:53:31Z"])
    started: datetime | None = Field(
        description="Lights out; null where not known.", examples=["2025-08-31T13:03:00Z"]
    )
    drivers: list[DriverOut]
    flags: list[FlagSpanOut]
    laps: list[LapStartOut]
    stops: list[PitLapOut] = Field(description="One for each stop.")
    battles: list[FightOut]
    passes: list[PassOut]
    digest: DigestOut

    @classmethod
    def of(cls, race: RaceSummary, line: Timeline) -> TimelineOut:
        """Convert from the domain value."""
        return cls.model_validate(
            {
                "race": StoredRaceOut.of(race),
                "begins": line.begins,
                "ends": line.ends,
                "started": line.started,
                "drivers": [{"car": car, "code": code} for car, code in sorted(line.codes.items())],
                "flags": line.flags,
                "laps": [{"at": at, "lap": lap} for at, lap in line.laps],
                "stops": line.stops,
                "battles": line.fights,
                "passes": line.passes,
                "digest": line.digest,
            },
            from_attributes=True,
        )


router = APIRouter(prefix="/history", tags=["history"])


@router.get(
    "/{race_id}/timeline",
    summary="See a stored race at a glance",
    responses={**REFUSALS, **NO_RACE},
)
async def timeline(
    services: CurrentServices, _reader: Reader, response: Response, race_id: RaceId
) -> TimelineOut:
    """Return the battles and passes of a stored race, with its laps, stops and flags.

    It answers in one piece: a race has some hundred battles. What the forecasts of one were at
    each second is in the table `predictions` of `GET /history/{race_id}`.
    """
    race = await services.races().race(race_id)
    response.headers["Cache-Control"] = "private"
    # The replay service has it already, if anybody replays this race.
    return TimelineOut.of(race, await (services.replays or services.races()).timeline(race))
