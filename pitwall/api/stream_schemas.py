"""Define the events that `GET /live-battles/stream` sends besides frames."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, Field

from pitwall.api import examples
from pitwall.api.live_schemas import BattleOut, CarOut
from pitwall.domain.battles import EndReason
from pitwall.domain.frames import FeedState, TowerLine
from pitwall.domain.race import Compound, Phase, TrackStatus
from pitwall.live.race_events import RaceEvent


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
