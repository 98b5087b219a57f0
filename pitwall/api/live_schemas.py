"""Define the answers on the live race, as OpenAPI documents them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from pitwall.api import examples
from pitwall.domain.forecasts import (
    Condition,
    ExpertName,
    ExpertOpinion,
    MixedForecast,
    Reason,
)
from pitwall.domain.frames import BattleLine, FeedState, FrameHeader, LiveFrame, TowerLine
from pitwall.domain.race import Compound, Inferred, Phase, TrackStatus
from pitwall.domain.sessions import SessionType, Source


class ExpertOut(BaseModel):
    """What one expert adds to a forecast, and its own one. Source: `ExpertOpinion`."""

    expert: ExpertName = Field(
        description="`om`: DRS or Overtake Mode; `boost`: electric power; `aero`: the wake.",
        examples=["boost"],
    )
    p_overtake: float = Field(
        description="The probability from the situation and this expert alone.",
        ge=0,
        le=1,
        examples=[0.0164],
    )
    weight: float = Field(
        description="The expert's share of what the experts move the logit by, without signs; the "
        "weights of all experts add up to one. Releases before contributions wrote its share in a "
        "mean.",
        ge=0,
        le=1,
        examples=[0.6288],
    )
    contribution: float | None = Field(
        description="What the expert adds to the logit. The base and the contributions of all "
        "experts add up to the logit of `p_overtake`. Null where an earlier release made the "
        "forecast.",
        examples=[-0.41],
    )
    points: float | None = Field(
        description="What the expert moves `p_overtake` by: its mean effect over all orders in "
        "which the experts can be added (Shapley value). `p_situation` and the points of all "
        "experts add up to `p_overtake`; times 100 they are percentage points. Null where "
        "`contribution` is.",
        ge=-1,
        le=1,
        examples=[-0.0214],
    )
    is_estimated: bool = Field(
        description="Whether it relies on what the feed does not tell, such as a battery's charge.",
        examples=[True],
    )

    @classmethod
    def of(cls, opinion: ExpertOpinion) -> ExpertOut:
        """Convert an expert's opinion."""
        return cls(
            expert=opinion.expert,
            p_overtake=opinion.p_overtake,
            weight=opinion.weight,
            contribution=opinion.contribution,
            points=opinion.points,
            is_estimated=opinion.is_estimated,
        )


class ReasonOut(BaseModel):
    """One thing that moved a forecast. Source: `Reason`."""

    expert: str | None = Field(
        description="Which part of the forecast it moved: `situation`, `om`, `boost` or `aero`. "
        "Null where an earlier release made the forecast.",
        examples=["situation"],
    )
    contribution: float = Field(
        description="What it adds to the logit, rounded to 0.01.",
        examples=[0.32],
    )
    words: str = Field(description="Its text.", examples=["36% of the race done"])

    @classmethod
    def of(cls, reason: Reason) -> ReasonOut:
        """Convert a reason."""
        return cls(expert=reason.expert or None, contribution=reason.weight, words=reason.words)


class MixedOut(BaseModel):
    """Interval, interruptions and experts of a forecast. Source: `MixedForecast`."""

    p_overtake_3: float = Field(
        description="Estimated probability that the attacker is ahead within three laps, never "
        "below `p_overtake`; likewise if neither pits and the track stays clear.",
        ge=0,
        le=1,
        examples=[0.0338],
    )
    p_low: float = Field(
        description="Lower end of the 90 % interval of `p_overtake`: how far it could differ "
        "had the model learned from other races.",
        ge=0,
        le=1,
        examples=[0.0048],
    )
    p_high: float = Field(description="Upper end of that interval.", ge=0, le=1, examples=[0.0169])
    base: float | None = Field(
        description="The logit of the situation: gap, closing, traffic, stage, form and the race "
        "so far. With the experts' contributions it adds up to the logit of `p_overtake`. Null "
        "where an earlier release made the forecast.",
        examples=[-4.1112],
    )
    p_situation: float | None = Field(
        description="The probability of a pass from the situation alone; the experts' points add "
        "to it. Null where `base` is.",
        ge=0,
        le=1,
        examples=[0.0161],
    )
    p_kept: float | None = Field(
        description="Probability that a pass made now still stands two laps later. Null where an "
        "earlier release made the forecast.",
        ge=0,
        le=1,
        examples=[0.832],
    )
    experts: list[ExpertOut] = Field(
        description="In the order om, boost, aero.", examples=[examples.EXPERTS]
    )
    p_interrupted: float = Field(
        description="Probability that a pit stop, a neutralisation or a retirement interrupts the "
        "battle before a lap from now and before it is decided: the sum of the next three. "
        "`p_overtake` is given that none does.",
        ge=0,
        le=1,
        examples=[0.0324],
    )
    p_pit: float = Field(
        description="Probability that one of the two pits first.", ge=0, le=1, examples=[0.0084]
    )
    p_neutralised: float = Field(
        description="Probability that the race is neutralised first.", ge=0, le=1, examples=[0.0222]
    )
    p_retired: float = Field(
        description="Probability that one of the two retires first.", ge=0, le=1, examples=[0.0009]
    )

    @classmethod
    def of(cls, mixed: MixedForecast) -> MixedOut:
        """Convert a mixed forecast."""
        return cls(
            p_overtake_3=mixed.p_overtake_3,
            p_low=mixed.p_low,
            p_high=mixed.p_high,
            base=mixed.base,
            p_situation=mixed.p_situation,
            p_kept=mixed.p_kept,
            experts=[ExpertOut.of(opinion) for opinion in mixed.experts],
            # A sum of three may exceed one by a rounding error.
            p_interrupted=min(1.0, mixed.p_interrupted),
            p_pit=mixed.p_pit,
            p_neutralised=mixed.p_neutralised,
            p_retired=mixed.p_retired,
        )


class RaceOut(BaseModel):
    """The race and its state. Source: `FrameHeader`."""

    race_id: str = Field(
        description="The race's id; empty before the feed has named the race.",
        examples=[examples.RACE_ID],
    )
    name: str = Field(description="The name of the meeting.", examples=["Dutch Grand Prix"])
    kind: str = Field(description="The name of the session.", examples=["Race", "Sprint"])
    session_type: SessionType = Field(
        description="What the session is for. Battles are looked for in a race; `/live` has the "
        "state of the others.",
        examples=["race"],
    )
    circuit: str = Field(description="The circuit's short name.", examples=["Zandvoort"])
    year: int | None = Field(
        description="The season. Null before the feed has named it.", examples=[2025]
    )
    phase: Phase = Field(description="The phase of the race.", examples=["started"])
    track_status: TrackStatus = Field(
        description="The state of the whole track.", examples=["clear"]
    )
    lap: int | None = Field(
        description="The leader's lap. Null before the feed has given it.", examples=[27]
    )
    total_laps: int | None = Field(
        description="The announced distance. Null before the feed has given it.", examples=[72]
    )
    overtake_enabled: bool | None = Field(
        description="Whether race control has enabled DRS (to 2025) or Overtake Mode (2026). "
        "Null where race control has not said.",
        examples=[True],
    )
    inferred: list[Inferred] = Field(
        description="What was inferred because no topic of the feed tells it: `session` from the "
        "recording's path, `phase` and `lap` from line crossings, `track_status` from race "
        "control's messages. Mostly empty.",
        examples=[[]],
    )

    @classmethod
    def of(cls, header: FrameHeader) -> RaceOut:
        """Convert the race's part of a frame header."""
        return cls(
            race_id=header.race_id,
            name=header.name,
            kind=header.kind,
            session_type=header.session_type,
            circuit=header.circuit,
            year=header.year or None,
            phase=header.phase,
            track_status=header.track_status,
            lap=header.lap,
            total_laps=header.total_laps,
            overtake_enabled=header.overtake_enabled,
            inferred=list(header.inferred),
        )


class CarOut(BaseModel):
    """One car of a battle. Source: `TowerLine`."""

    number: int = Field(description="The car's number.", examples=[4])
    code: str = Field(
        description="The driver's three letters, or the number when not known.", examples=["NOR"]
    )
    name: str = Field(
        description="First name and surname; empty when not known.", examples=["Lando Norris"]
    )
    team: str = Field(description="The team's name; empty when not known.", examples=["McLaren"])
    compound: Compound = Field(description="The tyre compound.", examples=["HARD"])
    tyre_life_laps: int | None = Field(
        description="Laps on this set. Null when not known.", examples=[3]
    )
    pit_stops: int = Field(description="Pit stops so far.", ge=0, examples=[1])

    @classmethod
    def of(cls, line: TowerLine) -> CarOut:
        """Convert the part of a tower line that a battle shows."""
        return cls(
            number=line.number,
            code=line.code,
            name=line.name,
            team=line.team,
            compound=line.compound,
            tyre_life_laps=line.tyre_life_laps,
            pit_stops=line.pit_stops,
        )


class BattleOut(BaseModel):
    """One battle under way and its forecast. Source: `BattleLine`."""

    attacker: CarOut = Field(description="The car behind.", examples=[examples.ATTACKER])
    defender: CarOut = Field(description="The car directly ahead.", examples=[examples.DEFENDER])
    position: int = Field(description="The place at stake; 1 is the lead.", ge=1, examples=[1])
    interval_s: float = Field(
        description="Seconds between the two, the newest that the feed has given; the same as "
        "in the database and the ledger.",
        ge=0,
        examples=[examples.INTERVAL_S],
    )
    interval_age_s: float = Field(
        description="Age of that interval, race seconds.", ge=0, examples=[1.34]
    )
    gap_at_line_s: float | None = Field(
        description="Seconds between the last line crossings of the two. The model uses this, "
        "and a reason names it `gap 0.9 s at the line`. Null unless the crossings are newer than "
        "the interval by more than two seconds.",
        ge=0,
        examples=[None],
    )
    trend_s_per_lap: float | None = Field(
        description="Change of the interval over the last lap; negative is closing. Null "
        "until there is half a lap of history.",
        examples=[0.441],
    )
    opened_at: datetime = Field(
        description="When the battle opened, UTC on the race's clock.",
        examples=[examples.OPENED_AT],
    )
    laps: int = Field(description="Laps of battle so far.", ge=0, examples=[1])
    p_overtake: float | None = Field(
        description="Estimated probability that the attacker is ahead a lap from now, if neither "
        "pits and the track stays clear. Null without a forecast.",
        ge=0,
        le=1,
        examples=[examples.P_OVERTAKE],
    )
    no_forecast_because: str | None = Field(
        description="Why there is no forecast, and when the next can be given. Null with a "
        "forecast.",
        examples=[None],
    )
    condition: Condition = Field(
        description="The condition in which the battle is fought, the hardest that applies: `wet` "
        "(either car not on slicks, or on unknown tyres), `early` (fewer than two laps completed), "
        "`fresh` (from the pits), `yellow` (a yellow flag somewhere), `restart` (less than two "
        "laps ago) or `clean`.",
        examples=["clean"],
    )
    condition_words: str | None = Field(
        description="The condition as a few words, such as `yellow in sector 11: passing is "
        "forbidden there`. Null for a clean battle.",
        examples=[None],
    )
    reasons: list[str] = Field(
        description="What moved the forecast most: logits and words.",
        examples=[examples.REASONS],
    )
    explanation: list[ReasonOut] = Field(
        description="The same reasons, each with the part of the forecast that it moved.",
        examples=[examples.EXPLANATION],
    )
    fading: bool = Field(
        description="Whether the interval has grown to 2.0 s or more: the battle is only kept "
        "open, up to 2.5 s, lest it flicker.",
        examples=[False],
    )
    mixed: MixedOut | None = Field(
        description="Interval, three laps, interruptions and experts. Null without a forecast, "
        "and where one model answers alone."
    )

    @classmethod
    def of(cls, battle: BattleLine, cars: dict[int, TowerLine]) -> BattleOut:
        """Convert a battle, with its two cars."""
        return cls(
            attacker=CarOut.of(cars[battle.attacker]),
            defender=CarOut.of(cars[battle.defender]),
            position=battle.position,
            interval_s=battle.interval_s,
            interval_age_s=battle.interval_age_s,
            gap_at_line_s=battle.gap_at_line_s,
            trend_s_per_lap=battle.trend_s_per_lap,
            opened_at=battle.opened_at,
            laps=battle.laps,
            p_overtake=battle.p_overtake,
            no_forecast_because=battle.no_forecast_because or None,
            condition=battle.condition,
            condition_words=battle.condition_words or None,
            reasons=[str(reason) for reason in battle.reasons],
            explanation=[ReasonOut.of(reason) for reason in battle.reasons],
            fading=battle.fading,
            mixed=None if battle.mixed is None else MixedOut.of(battle.mixed),
        )


class MomentOut(BaseModel):
    """The race and its battles at one moment. Source: `LiveFrame`."""

    source: Source = Field(
        description="The kind of data; `simulated` is not a real race.", examples=[examples.SOURCE]
    )
    feed: str = Field(description="The feed that the data comes from.", examples=[examples.FEED])
    feed_state: FeedState = Field(description="The state of the feed.", examples=["flowing"])
    sequence: int = Field(description="Rises by one with every frame.", examples=[5563])
    as_of: datetime | None = Field(
        description="When the newest message was sent, on the race's clock. Null before the first.",
        examples=[examples.AS_OF],
    )
    data_age_s: float | None = Field(
        description="Seconds since the newest message arrived, when this frame was made. Null "
        "before the first.",
        examples=[0.193],
    )
    race: RaceOut = Field(description="The race and its state.")
    model_version: str = Field(
        description="The model bundle that makes the forecasts; empty without one.",
        examples=[examples.MODEL_VERSION],
    )
    battles: list[BattleOut] = Field(description="The battles, front of the field first.")

    @classmethod
    def _of(cls, frame: LiveFrame, battles: Iterable[BattleLine], **own: object) -> Self:
        """Convert a frame and some of its battles.

        Args:
            frame: The frame.
            battles: Those to show.
            own: The values of fields that only this class has.
        """
        cars = {int(line.number): line for line in frame.tower}
        shared = {
            "source": frame.header.source,
            "feed": frame.header.feed,
            "feed_state": frame.header.feed_state,
            "sequence": frame.sequence,
            "as_of": frame.header.as_of,
            "data_age_s": frame.data_age_s,
            "race": RaceOut.of(frame.header),
            "model_version": frame.model_version,
            "battles": [BattleOut.of(battle, cars) for battle in battles],
        }
        return cls.model_validate(shared | own)


class BattlesOut(MomentOut):
    """All battles of under two seconds at one moment, front of the field first.

    Those that are fading, at 2.0 to 2.5 seconds, are among them where they were asked for.

    Source: `LiveFrame`.
    """

    published_at: datetime = Field(
        description="When this frame was made, UTC.", examples=[examples.ASKED_AT]
    )

    @classmethod
    def of(
        cls, frame: LiveFrame, below_s: float, min_p: float, *, fading: bool = False
    ) -> BattlesOut:
        """Convert a frame's battles below `below_s` with a `p_overtake` of at least `min_p`.

        With `fading`, those that are only kept open are among them.
        """
        battles = [
            battle
            for battle in frame.battles
            if (fading if battle.fading else battle.interval_s < below_s)
            and (battle.p_overtake or 0.0) >= min_p
        ]
        return cls.with_battles(frame, battles)

    @classmethod
    def with_battles(cls, frame: LiveFrame, battles: Iterable[BattleLine]) -> BattlesOut:
        """Convert a frame with only these of its battles."""
        return cls._of(frame, battles, published_at=frame.published_at)
