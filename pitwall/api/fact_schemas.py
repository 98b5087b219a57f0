"""Define what `GET /live` answers beside the timing: stops, bests, championship, team radio."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from pitwall.domain.session_facts import (
    BESTS,
    CarFacts,
    ChampionshipPlace,
    RankedBest,
    SessionFacts,
)

_MOST_CAPTURES = 50
_TRAPS = frozenset({"I1", "I2", "FL", "ST"})
BestOf = Literal["lap", "S1", "S2", "S3", "I1", "I2", "FL", "ST"]


class StopOut(BaseModel):
    """One pit stop. Source: `TimedStop`."""

    lap: int | None = Field(
        description="The lap on which the car came in. Null where not told.", examples=[27]
    )
    told_at: datetime | None = Field(
        description="When the feed timed it, UTC. Null where not told.",
        examples=["2026-07-26T12:11:53.355000Z"],
    )
    stationary_s: float | None = Field(
        description="How long the car stood. Null where not told.", ge=0, examples=[2.4]
    )
    lane_s: float | None = Field(
        description="How long it was in the pit lane. Null where not told.",
        ge=0,
        examples=[21.931],
    )

    @classmethod
    def all_of(cls, facts: CarFacts) -> list[StopOut]:
        """Return a car's stops, from the first."""
        return [
            cls(
                lap=stop.lap,
                told_at=stop.told_at,
                stationary_s=stop.stationary_s,
                lane_s=stop.lane_s,
            )
            for stop in facts.stops_in_order
        ]


class BestOut(BaseModel):
    """A car's best time or speed. Source: `RankedBest`."""

    of: BestOf = Field(
        description="What it is the best of: `lap`, a sector (`S1` to `S3`), or the speed at a "
        "trap: the two intermediates (`I1`, `I2`), the line (`FL`), the longest straight (`ST`).",
        examples=["S1"],
    )
    time_s: float | None = Field(
        description="The time. Null for speeds, and without one.", ge=0, examples=[27.512]
    )
    speed_kmh: float | None = Field(
        description="The speed. Null for times, and without one.", ge=0, examples=[None]
    )
    rank: int | None = Field(
        description="Its place among the bests of all cars. Null where not told.",
        ge=1,
        examples=[4],
    )
    lap: int | None = Field(
        description="The lap on which it was driven. Null where not told: lap times alone have it.",
        examples=[None],
    )

    @classmethod
    def all_of(cls, facts: CarFacts) -> list[BestOut]:
        """Return a car's bests that the feed has told: lap, sectors, then traps."""
        told = ((name, facts.bests.get(name)) for name in BESTS)
        return [cls._of(name, best) for name, best in told if best is not None]

    @classmethod
    def _of(cls, name: str, best: RankedBest) -> BestOut:
        is_speed = name in _TRAPS
        return cls(
            of=name,  # type: ignore[arg-type]  # one of BESTS by BESTS
            time_s=None if is_speed else best.value,
            speed_kmh=best.value if is_speed else None,
            rank=best.rank,
            lap=best.lap,
        )


class PointsOut(BaseModel):
    """A place in a championship. Source: `ChampionshipPlace`."""

    car: int | None = Field(description="The car of the driver. Null for a team.", examples=[1])
    team: str = Field(
        description="The team's name in the championship; empty for a driver.", examples=[""]
    )
    position: int | None = Field(
        description="The place before the race. Null where not told.", ge=1, examples=[5]
    )
    predicted_position: int | None = Field(
        description="The place if the race ended as it stands. Null where not told.",
        ge=1,
        examples=[4],
    )
    points: float | None = Field(
        description="The points before the race. Null where not told.", ge=0, examples=[103.0]
    )
    predicted_points: float | None = Field(
        description="The points if the race ended as it stands. Null where not told.",
        ge=0,
        examples=[128.0],
    )

    @classmethod
    def of(cls, place: ChampionshipPlace, car: int | None = None, team: str = "") -> PointsOut:
        """Convert a place."""
        return cls(
            car=car,
            team=team,
            position=place.position or None,
            predicted_position=place.predicted_position or None,
            points=place.points,
            predicted_points=place.predicted_points,
        )


class ChampionshipOut(BaseModel):
    """Both championships before the race and as it stands. Source: `SessionFacts`."""

    drivers: list[PointsOut] = Field(
        description="The drivers, in the order in which the race would leave them."
    )
    teams: list[PointsOut] = Field(description="The teams, likewise.")

    @classmethod
    def of(cls, facts: SessionFacts) -> ChampionshipOut | None:
        """Convert what is known; None where nothing is."""
        if not (facts.driver_points or facts.team_points):
            return None
        drivers = [PointsOut.of(place, car=car) for car, place in facts.driver_points.items()]
        teams = [PointsOut.of(place, team=team) for team, place in facts.team_points.items()]
        return cls(drivers=sorted(drivers, key=_order), teams=sorted(teams, key=_order))


def _order(place: PointsOut) -> tuple[int, int, str]:
    return place.predicted_position or place.position or 999, place.car or 0, place.team


class RadioOut(BaseModel):
    """A capture of team radio. Source: `RadioCapture`."""

    car: int | None = Field(description="The car. Null where not told.", examples=[23])
    told_at: datetime | None = Field(
        description="When the feed stamped it, UTC. Null where not told.",
        examples=["2025-10-25T21:20:42.027000Z"],
    )
    address: str | None = Field(
        description="Where F1's archive has the sound. Null where not known.",
        examples=[
            "https://livetiming.formula1.com/static/2025/2025-10-26_Mexico_City_Grand_Prix/"
            "2025-10-25_Qualifying/TeamRadio/ALEALB01_23_20251025_152007.mp3"
        ],
    )

    @classmethod
    def newest_of(cls, facts: SessionFacts) -> list[RadioOut]:
        """Return the newest captures, the newest first."""
        newest = sorted(facts.radio.items(), reverse=True)[:_MOST_CAPTURES]
        return [
            cls(
                car=capture.number,
                told_at=capture.told_at,
                address=facts.address_of(capture) or None,
            )
            for _, capture in newest
        ]
