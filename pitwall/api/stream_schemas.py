"""Define the events of `GET /live-battles/stream`, and convert frames and events to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Self

from pydantic import BaseModel, Field

from pitwall.api import examples
from pitwall.api.live_schemas import BattleOut, CarOut
from pitwall.domain.battles import EndReason
from pitwall.domain.forecasts import Condition
from pitwall.domain.frames import BattleLine, FeedState, LiveFrame, TowerLine
from pitwall.domain.race import Compound, Phase, TrackStatus
from pitwall.domain.sessions import SessionType, Source
from pitwall.live.race_events import RaceEvent


class CarNameOut(BaseModel):
    """One car of a battle, by its names alone. Source: `TowerLine`."""

    number: int = Field(description="The car's number.", examples=[4])
    code: str = Field(
        description="The driver's three letters, or the number when not known.", examples=["NOR"]
    )


class SpanOut(BaseModel):
    """The interval of a forecast. Source: `MixedForecast`."""

    p_low: float = Field(
        description="Lower end of the 90 % interval of `p_overtake`, rounded to .0001.",
        ge=0,
        le=1,
        examples=[0.0048],
    )
    p_high: float = Field(
        description="Upper end of that interval, rounded alike.", ge=0, le=1, examples=[0.0169]
    )


class FrameBattleOut(BaseModel):
    """One battle in a `frame`: what it takes to draw it. Source: `BattleLine`.

    Names and meanings are those of `BattleOut`, of which this is a part. A field that is null or
    false there is left out here. Attacker, defender and `opened_at` name a battle: a pair that
    meets again has another `opened_at`.
    """

    attacker: CarNameOut = Field(description="The car behind.")
    defender: CarNameOut = Field(description="The car directly ahead.")
    position: int = Field(description="The place at stake; 1 is the lead.", ge=1, examples=[1])
    interval_s: float = Field(
        description="Seconds between the two, the newest that the feed has given.",
        ge=0,
        examples=[examples.INTERVAL_S],
    )
    trend_s_per_lap: float | None = Field(
        None,
        description="Change of the interval over the last lap, rounded to .001; negative is "
        "closing. Left out until there is half a lap of history.",
        examples=[0.441],
    )
    opened_at: datetime = Field(
        description="When the battle opened, UTC on the race's clock.",
        examples=[examples.OPENED_AT],
    )
    laps: int = Field(description="Laps of battle so far.", ge=0, examples=[1])
    p_overtake: float | None = Field(
        None,
        description="Estimated probability that the attacker is ahead a lap from now, if neither "
        "pits and the track stays clear; rounded to .0001. Left out without a forecast.",
        ge=0,
        le=1,
        examples=[examples.P_OVERTAKE],
    )
    no_forecast_because: str | None = Field(
        None,
        description="Why there is no forecast, and when the next can be given. Left out with one.",
        examples=[None],
    )
    condition: Condition = Field(
        description="The condition in which the battle is fought; see `BattleOut`.",
        examples=["clean"],
    )
    fading: bool = Field(
        default=False,
        description="True where the interval has grown to 2.0 s or more and the battle is only "
        "kept open, up to 2.5 s. Such battles are sent to those who ask for `fading`.",
        examples=[False],
    )
    mixed: SpanOut | None = Field(
        None, description="The interval of `p_overtake`. Left out where there is none."
    )

    @classmethod
    def of(cls, battle: BattleLine, cars: Mapping[int, TowerLine]) -> Self:
        """Convert a battle, with its two cars."""
        mixed = battle.mixed
        return cls(
            attacker=_car_name(battle.attacker, cars),
            defender=_car_name(battle.defender, cars),
            position=battle.position,
            interval_s=battle.interval_s,
            trend_s_per_lap=_rounded(battle.trend_s_per_lap, 3),
            opened_at=battle.opened_at,
            laps=battle.laps,
            p_overtake=_rounded(battle.p_overtake, 4),
            no_forecast_because=battle.no_forecast_because or None,
            condition=battle.condition,
            fading=battle.fading,
            mixed=None
            if mixed is None
            else SpanOut(p_low=round(mixed.p_low, 4), p_high=round(mixed.p_high, 4)),
        )


class FrameRaceOut(BaseModel):
    """The race and its state in a `frame`: a part of `RaceOut`. Source: `FrameHeader`."""

    race_id: str = Field(
        description="The race's id; empty before the feed has named the race.",
        examples=[examples.RACE_ID],
    )
    session_type: SessionType = Field(
        description="What the session is for. Battles are looked for in a race.", examples=["race"]
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


class FrameOut(BaseModel):
    """The race and its battles at one moment: `frame`. Source: `LiveFrame`.

    Each frame is whole: it needs no other one, so that a reader can join, skip and come back at
    any time. It is a part of what `GET /live-battles` answers, with the same names; `detail=full`
    sends all of it.
    """

    source: Source = Field(
        description="The kind of data; `simulated` is not a real race.", examples=[examples.SOURCE]
    )
    feed: str = Field(description="The feed that the data comes from.", examples=[examples.FEED])
    feed_state: FeedState = Field(description="The state of the feed.", examples=["flowing"])
    sequence: int = Field(
        description="Rises by one with every frame; a reader that skips one was too slow for it.",
        examples=[5563],
    )
    published_at: datetime = Field(
        description="When this frame was made, UTC.", examples=[examples.ASKED_AT]
    )
    as_of: datetime | None = Field(
        description="When the newest message was sent, on the race's clock. Null before the first.",
        examples=[examples.AS_OF],
    )
    data_age_s: float | None = Field(
        description="Seconds since the newest message arrived, when this frame was made; rounded "
        "to .001. Null before the first.",
        examples=[0.193],
    )
    race: FrameRaceOut = Field(description="The race and its state.")
    battles: list[FrameBattleOut] = Field(description="The battles, front of the field first.")

    @classmethod
    def of(cls, frame: LiveFrame) -> Self:
        """Convert a frame without its battles."""
        header = frame.header
        return cls.model_validate(
            {
                "source": header.source,
                "feed": header.feed,
                "feed_state": header.feed_state,
                "sequence": frame.sequence,
                "published_at": frame.published_at,
                "as_of": header.as_of,
                "data_age_s": _rounded(frame.data_age_s, 3),
                "race": FrameRaceOut(
                    race_id=header.race_id,
                    session_type=header.session_type,
                    phase=header.phase,
                    track_status=header.track_status,
                    lap=header.lap,
                    total_laps=header.total_laps,
                    overtake_enabled=header.overtake_enabled,
                ),
                "battles": [],
            }
        )


class HappenedOut(BaseModel):
    """What every event says of its race. Source: `FrameHeader`."""

    race_id: str = Field(
        description="The race's id; empty before the feed has named the race.",
        examples=[examples.RACE_ID],
    )
    source: str = Field(
        description="The kind of data; `simulated` is not a real race.", examples=[examples.SOURCE]
    )
    as_of: datetime | None = Field(
        description="When the newest message was sent, on the race's clock.",
        examples=[examples.AS_OF],
    )
    lap: int | None = Field(
        description="The leader's lap. Null before the feed has given it.", examples=[27]
    )


class OpenedOut(HappenedOut):
    """A battle that opened: `battle_opened`. Source: `BattleLine`."""

    battle: BattleOut = Field(description="The battle as it opened.")


class EndOut(HappenedOut):
    """A battle that ended: `passed`, or `battle_ended` for all other reasons.

    A pass is told five seconds after it, when it has stood so long and neither car has gone into
    the pits. Source: `EndedLine`.
    """

    attacker: CarOut = Field(description="The car that was behind.", examples=[examples.ATTACKER])
    defender: CarOut = Field(description="The car that was ahead.", examples=[examples.DEFENDER])
    position: int = Field(
        description="The place that was at stake; 1 is the lead.", ge=1, examples=[1]
    )
    reason: EndReason = Field(description="Why it ended.", examples=["passed"])
    ended_at: datetime = Field(
        description="When it ended, UTC on the race's clock.", examples=[examples.AT]
    )
    laps: int = Field(description="How many laps it lasted.", ge=0, examples=[3])
    p_overtake_before: float | None = Field(
        description="The last forecast before it ended. Null where there was none.",
        ge=0,
        le=1,
        examples=[examples.P_OVERTAKE],
    )
    taken_back: bool = Field(
        description="Whether it was first told as a pass, and `reason` says what it was instead.",
        examples=[False],
    )


class FlagOut(HappenedOut):
    """The state of the track or the phase of the race changed: `flag`. Source: `FrameHeader`."""

    track_status: TrackStatus = Field(
        description="The state of the whole track.", examples=["safety_car"]
    )
    phase: Phase = Field(description="The phase of the race.", examples=["started"])
    overtake_enabled: bool | None = Field(
        description="Whether race control has enabled DRS (to 2025) or Overtake Mode (2026). "
        "Null where race control has not said.",
        examples=[False],
    )


class HeartbeatOut(BaseModel):
    """The server is there, but has no new frame: `heartbeat`."""

    at: datetime = Field(description="The server's time, UTC.", examples=[examples.ASKED_AT])
    feed_state: FeedState | None = Field(
        description="The state of the feed, as last known. Null before the first frame.",
        examples=["stale"],
    )


class MissedOut(BaseModel):
    """Events between the reader's `Last-Event-ID` and now cannot be sent any more: `missed`."""


EVENT_MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "frame": FrameOut,
    "battle_opened": OpenedOut,
    "battle_ended": EndOut,
    "passed": EndOut,
    "flag": FlagOut,
    "heartbeat": HeartbeatOut,
    "missed": MissedOut,
}
"""What each kind of event carries; a `frame` with `detail=full` is as `/live-battles` answers."""


def event_out(event: RaceEvent) -> HappenedOut:
    """Convert an event."""
    header = event.frame.header
    shared = {
        "race_id": header.race_id,
        "source": header.source,
        "as_of": header.as_of,
        "lap": header.lap,
    }
    cars = {int(line.number): line for line in event.frame.tower}
    if event.opened is not None:
        return OpenedOut.model_validate(shared | {"battle": BattleOut.of(event.opened, cars)})
    if event.ended is None:
        return FlagOut(
            **shared,  # type: ignore[arg-type]  # the values of four fields of different types
            track_status=header.track_status,
            phase=header.phase,
            overtake_enabled=header.overtake_enabled,
        )
    ended = event.ended
    return EndOut(
        **shared,  # type: ignore[arg-type]  # likewise
        attacker=_car(ended.attacker, cars),
        defender=_car(ended.defender, cars),
        position=ended.position,
        reason=ended.reason,
        ended_at=ended.ended_at,
        laps=ended.laps,
        p_overtake_before=ended.p_overtake_before,
        taken_back=ended.taken_back,
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _car_name(number: int, cars: Mapping[int, TowerLine]) -> CarNameOut:
    line = cars.get(number)
    return CarNameOut(number=number, code=str(number) if line is None else line.code)


def _car(number: int, cars: Mapping[int, TowerLine]) -> CarOut:
    line = cars.get(number)
    if line is not None:
        return CarOut.of(line)
    return CarOut(
        number=number,
        code=str(number),
        name="",
        team="",
        compound=Compound.UNKNOWN,
        tyre_life_laps=None,
        pit_stops=0,
    )
