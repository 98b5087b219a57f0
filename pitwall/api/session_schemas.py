"""Define what `GET /live` answers: a session of any kind, with all its cars."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from pitwall.api import examples
from pitwall.api.fact_schemas import BestOut, ChampionshipOut, RadioOut, StopOut
from pitwall.api.live_schemas import RaceOut
from pitwall.domain.frames import FeedState, LiveFrame, StandingLine, TimedLines, TowerLine
from pitwall.domain.race import Compound
from pitwall.domain.session_facts import NO_CAR_FACTS, CarFacts
from pitwall.domain.sessions import Source
from pitwall.domain.timed_state import CarRun


class StandingOut(BaseModel):
    """One car's standing in qualifying or practice. Source: `StandingLine`."""

    run: CarRun = Field(
        description="What the car is doing. A slow lap is an `in_lap`: until the pit entry "
        "nothing tells a car that comes in from one that cools down.",
        examples=["push_lap"],
    )
    best_lap_s: float | None = Field(
        description="Best lap of the part that decides its place: the one under way, or the last "
        "that the car took part in. Null without one, also when the feed took it back.",
        examples=[77.04],
    )
    best_lap: int | None = Field(
        description="Which of its laps that was. Null where not known.", examples=[8]
    )
    part_bests_s: list[float | None] = Field(
        description="Best lap of each part it took part in, from the first; empty in practice.",
        examples=[[77.04]],
    )
    overall_best_s: float | None = Field(
        description="Best lap of all parts. Null without one.", examples=[77.04]
    )
    gap_to_best_s: float | None = Field(
        description="Behind the best lap of the cars in the same part. Null without a lap.",
        examples=[0.307],
    )
    gap_ahead_s: float | None = Field(
        description="Behind the lap of the car one place ahead. Null for the best and without "
        "a lap.",
        examples=[0.006],
    )
    deleted_laps: int = Field(
        description="How many of its laps race control deleted.", ge=0, examples=[0]
    )
    out_in: int | None = Field(
        description="The part after which it was out. Null while it takes part.", examples=[None]
    )
    is_in_drop_zone: bool = Field(
        description="Whether it would be out if the part ended now.", examples=[False]
    )
    margin_s: float | None = Field(
        description="Seconds in hand on the first car that would be out; in the drop zone "
        "negative, the seconds missing to the last that would go on. Null where nobody drops "
        "out, or without a lap.",
        examples=[0.45],
    )

    @classmethod
    def of(cls, line: StandingLine) -> StandingOut:
        """Convert a standing."""
        return cls(
            run=line.run,
            best_lap_s=line.best_lap_s,
            best_lap=line.best_lap,
            part_bests_s=list(line.part_bests_s),
            overall_best_s=line.overall_best_s,
            gap_to_best_s=line.gap_to_best_s,
            gap_ahead_s=line.gap_ahead_s,
            deleted_laps=line.deleted_laps,
            out_in=line.out_in,
            is_in_drop_zone=line.is_in_drop_zone,
            margin_s=line.margin_s,
        )


class LiveCarOut(BaseModel):
    """One car of the session. Source: `TowerLine`."""

    number: int = Field(description="The car's number.", examples=[87])
    position: int = Field(description="Its place; 1 leads.", examples=[6])
    code: str = Field(
        description="The driver's three letters, or the number when not known.", examples=["BEA"]
    )
    name: str = Field(
        description="First name and surname; empty when not known.", examples=["Oliver Bearman"]
    )
    team: str = Field(description="The team's name; empty when not known.", examples=["Haas"])
    laps: int = Field(
        description="Laps completed; in qualifying and practice with out- and in-laps.",
        ge=0,
        examples=[8],
    )
    last_lap_s: float | None = Field(
        description="The last lap time. Null before the first.", examples=[77.04]
    )
    best_lap_s: float | None = Field(
        description="The best lap time so far, in qualifying of this part. Null before the first.",
        examples=[77.04],
    )
    gap_to_leader_s: float | None = Field(
        description="Seconds behind the leader of a race. Null for the leader, where lapped, "
        "unknown, and in other sessions.",
        examples=[None],
    )
    interval_s: float | None = Field(
        description="Seconds behind the car ahead in a race. Null for the leader, where lapped, "
        "unknown, and in other sessions.",
        examples=[None],
    )
    compound: Compound = Field(description="The tyre compound.", examples=["SOFT"])
    tyre_life_laps: int | None = Field(
        description="Laps on this set. Null when not known.", examples=[2]
    )
    in_pit: bool = Field(description="Whether the car is in the pit lane.", examples=[False])
    stopped: bool = Field(description="Whether the car has stopped on the track.", examples=[False])
    retired: bool = Field(description="Whether the car has retired.", examples=[False])
    standing: StandingOut | None = Field(
        description="Its standing in qualifying or practice. Null in a race."
    )
    stops: list[StopOut] = Field(
        description="Pit stops that the feed has timed, from the first. It leaves some out. "
        "Source: `CarFacts`.",
        examples=[[]],
    )
    overtakes: int | None = Field(
        description="F1's own count of the car's overtakes. Null where the feed does not count. "
        "Source: `CarFacts`.",
        ge=0,
        examples=[3],
    )
    bests: list[BestOut] = Field(
        description="Its best lap, sectors and speeds, as far as the feed ranks them. Source: "
        "`CarFacts`.",
        examples=[[]],
    )

    @classmethod
    def of(
        cls, line: TowerLine, standing: StandingLine | None, facts: CarFacts = NO_CAR_FACTS
    ) -> LiveCarOut:
        """Convert a line of the tower; gaps on the track mean nothing where laps are timed."""
        racing = standing is None
        return cls(
            number=line.number,
            position=line.position,
            code=line.code,
            name=line.name,
            team=line.team,
            laps=line.laps_completed,
            last_lap_s=line.last_lap_s,
            best_lap_s=line.best_lap_s,
            gap_to_leader_s=line.gap_to_leader_s if racing else None,
            interval_s=line.interval_s if racing else None,
            compound=line.compound,
            tyre_life_laps=line.tyre_life_laps,
            in_pit=line.in_pit,
            stopped=line.stopped,
            retired=line.retired,
            standing=None if standing is None else StandingOut.of(standing),
            stops=StopOut.all_of(facts),
            overtakes=facts.overtake_count,
            bests=BestOut.all_of(facts),
        )


class TimedOut(BaseModel):
    """The state of qualifying or practice. Source: `TimedLines`."""

    part: int | None = Field(
        description="The part of qualifying under way or next, from 1. Null in practice and "
        "before the first.",
        examples=[1],
    )
    part_name: str = Field(
        description="Its name, such as `Q2` or `SQ1`; empty without a part.", examples=["Q1"]
    )
    parts: int = Field(description="How many parts the session has.", ge=1, examples=[3])
    goes_on: int | None = Field(
        description="How many cars go on to the next part. Null in the last, in practice, and "
        "where not told.",
        examples=[15],
    )
    cut_off_s: float | None = Field(
        description="Best lap of the last place that goes on. Null without one.", examples=[77.29]
    )
    limit_s: float | None = Field(
        description="The lap time within which a car must qualify, 107 % of the best. Null "
        "where not told.",
        examples=[82.104],
    )
    remaining_s: float | None = Field(
        description="What remains of the part or session on its clock, at `as_of`. Null before "
        "the first value.",
        ge=0,
        examples=[6.5],
    )
    clock_runs: bool = Field(description="Whether that clock runs.", examples=[True])

    @classmethod
    def of(cls, timed: TimedLines) -> TimedOut:
        """Convert the state of qualifying or practice."""
        return cls(
            part=timed.part,
            part_name=timed.part_name,
            parts=timed.parts,
            goes_on=timed.goes_on,
            cut_off_s=timed.cut_off_s,
            limit_s=timed.limit_s,
            remaining_s=timed.remaining_s,
            clock_runs=timed.clock_runs,
        )


class LiveOut(BaseModel):
    """A session of any kind at one moment, with all its cars. Source: `LiveFrame`."""

    source: Source = Field(
        description="The kind of data; `simulated` is not a real race.", examples=["recorded"]
    )
    feed: str = Field(description="The feed that the data comes from.", examples=["2025_Mexico"])
    feed_state: FeedState = Field(description="The state of the feed.", examples=["flowing"])
    sequence: int = Field(description="Rises by one with every frame.", examples=[5563])
    as_of: datetime | None = Field(
        description="When the newest message was sent, on the session's clock. Null before the "
        "first.",
        examples=["2025-10-25T21:17:53.473000Z"],
    )
    published_at: datetime = Field(
        description="When this frame was made, UTC.", examples=[examples.ASKED_AT]
    )
    data_age_s: float | None = Field(
        description="Seconds since the newest message arrived, when this frame was made. Null "
        "before the first.",
        examples=[0.193],
    )
    race: RaceOut = Field(description="The session, of whatever kind, and its state.")
    timed: TimedOut | None = Field(
        description="Parts, cut-off and clock of qualifying or practice. Null in a race."
    )
    cars: list[LiveCarOut] = Field(description="Every placed car, first place first.")
    championship: ChampionshipOut | None = Field(
        description="The championships before the race and as it stands. Null where the feed does "
        "not tell them, as without an F1 TV account."
    )
    team_radio: list[RadioOut] = Field(
        description="The newest captures of team radio, the newest first, at most 50: where the "
        "sound is, not the sound.",
        examples=[[]],
    )

    @classmethod
    def of(cls, frame: LiveFrame) -> LiveOut:
        """Convert a frame."""
        timed = frame.timed
        standings = {line.number: line for line in timed.standings} if timed else {}
        return cls(
            source=frame.header.source,  # type: ignore[arg-type]  # one of Source by Source
            feed=frame.header.feed,
            feed_state=frame.header.feed_state,
            sequence=frame.sequence,
            as_of=frame.header.as_of,
            published_at=frame.published_at,
            data_age_s=frame.data_age_s,
            race=RaceOut.of(frame.header),
            timed=None if timed is None else TimedOut.of(timed),
            cars=[
                LiveCarOut.of(line, standings.get(line.number), frame.facts.of_car(line.number))
                for line in frame.tower
            ],
            championship=ChampionshipOut.of(frame.facts),
            team_radio=RadioOut.newest_of(frame.facts),
        )
