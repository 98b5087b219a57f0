"""The live frame: everything a reader needs at one instant, and nothing to look up.

Frames are plain values of plain values, so that they travel as JSON unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from pitwall.domain.battles import EndReason
from pitwall.domain.forecasts import MixedForecast, Reason
from pitwall.domain.places import CarPlace
from pitwall.domain.race import Compound, DriverNumber, Phase, TrackStatus

FRAME_EVERY_S: Final = 0.25
"""A frame is published, and a page looks for a newer one, at most this often by the wall clock."""


class FeedState(StrEnum):
    """How the feed is doing, as the reader should see it."""

    CONNECTING = "connecting"  # nothing has arrived yet
    FLOWING = "flowing"  # messages arrive
    STALE = "stale"  # nothing for 10 s while a race is on
    PAUSED = "paused"  # the replay clock stands
    ENDED = "ended"  # the race, or the recording, is over
    FAILED = "failed"  # the feed cannot be opened; `FrameHeader.feed_detail` says why


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """What the race header shows.

    Attributes:
        source: `live`, `recorded`, `reconstructed` or `simulated`.
        feed: What people are shown of the feed, such as `simulated:7`.
        feed_detail: A sentence for people when something is wrong, else "".
        race_id, name, kind, circuit, year: As in `RaceInfo`.
        lap, total_laps: The leader's lap and the announced distance; None before the feed told.
        as_of: When the newest message in this frame was sent, UTC, on the race's own clock.
        speed: Playback speed; 1 when live.
        overtake_enabled: DRS or Overtake Mode enabled by race control; None when not told.
        malformed: Messages or parts skipped so far because they broke the format.
        clock_skew_s: Our clock minus the feed's, the fastest delivery included, seconds; None
            when not measured, as in a replay.
        gaps: How often a live connection was lost and came back.
        why: Why this race is shown, a sentence; "" where it was asked for by name.
        next_race, next_race_at: The race that starts next, and when, UTC; "", None when not known.
        race_moved: A sentence on a race whose announced start has moved, else "".
    """

    source: str
    feed: str
    feed_state: FeedState
    feed_detail: str
    race_id: str
    name: str
    kind: str
    circuit: str
    year: int
    phase: Phase
    track_status: TrackStatus
    lap: int | None
    total_laps: int | None
    as_of: datetime | None
    speed: float
    overtake_enabled: bool | None
    malformed: int
    latest_control: str
    clock_skew_s: float | None = None
    gaps: int = 0
    why: str = ""
    next_race: str = ""
    next_race_at: datetime | None = None
    race_moved: str = ""


@dataclass(frozen=True, slots=True)
class TowerLine:
    """One car in the timing tower, front of the field first.

    Attributes:
        gap_to_leader_s, interval_s: Seconds; None for the leader, where lapped, and where unknown.
        gap_to_leader_laps, interval_laps: Whole laps down; None where not lapped.
        tyre_life_laps: Laps on this set; None when not told.
        grid_position: None when not told.
    """

    number: DriverNumber
    position: int
    code: str
    name: str
    team: str
    team_colour: str
    gap_to_leader_s: float | None
    gap_to_leader_laps: int | None
    interval_s: float | None
    interval_laps: int | None
    last_lap_s: float | None
    best_lap_s: float | None
    compound: Compound
    tyre_life_laps: int | None
    fresh_tyre: bool | None
    stint_number: int | None
    pit_stops: int
    in_pit: bool
    pit_out: bool
    retired: bool
    stopped: bool
    laps_completed: int
    grid_position: int | None


@dataclass(frozen=True, slots=True)
class BattleLine:
    """One battle under way with its forecast.

    Attributes:
        position: The defender's position, the place at stake; 1 is the lead.
        interval_s: Newest interval that the feed tells, seconds, as stored and entered in the
            ledger; `interval_age_s` says how old it is on the race's clock.
        gap_at_line_s: Seconds between the last line crossings of the two, where those are newer by
            more than two seconds: the model then goes by this, and its reasons name it so; else
            None.
        trend_s_per_lap: Change of the interval over about a lap; negative is closing in. None
            until there is half a lap of history.
        opened_at: When this battle opened, UTC, on the race's clock.
        laps: Laps of battle so far, counted in the attacker's line crossings.
        p_overtake: Calibrated probability in [0, 1] that the attacker is ahead a lap from now,
            given that neither pits and the track stays clear; at the line, that is when both
            next cross it. None while there is no forecast; `no_forecast_because` says why.
        p_history, interval_history: Readings of about the last three minutes, oldest first,
            one every two seconds of the race's clock.
        reasons: What moved the forecast, largest first.
        heat: In [0, 1], by which cards are sorted: how much this battle deserves the eye.
        mixed: The experts behind `p_overtake`; None without a forecast.
    """

    attacker: DriverNumber
    defender: DriverNumber
    position: int
    interval_s: float
    interval_age_s: float
    trend_s_per_lap: float | None
    opened_at: datetime
    laps: int
    p_overtake: float | None
    no_forecast_because: str
    p_history: tuple[float, ...]
    interval_history: tuple[float, ...]
    reasons: tuple[Reason, ...]
    heat: float
    mixed: MixedForecast | None = None
    gap_at_line_s: float | None = None


@dataclass(frozen=True, slots=True)
class EndedLine:
    """A battle that ended a short while ago, and why."""

    attacker: DriverNumber
    defender: DriverNumber
    position: int
    reason: EndReason
    ended_at: datetime
    laps: int
    p_overtake_before: float | None


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """Everything a reader needs at one instant; never changed once published.

    Attributes:
        sequence: Rises by one with every frame published.
        published_at: Wall clock at publication, UTC.
        data_age_s: Seconds on the wall clock since the newest message arrived, at publication;
            None before the first.
        tower: Every placed car, front of the field first.
        battles: Battles under way, front of the field first.
        ended: Battles that ended lately, newest first, at most eight.
        model_version: Which trained model answered; "" without one.
        places: Where each running car is, as far as known, front of the field first.
    """

    sequence: int
    published_at: datetime
    data_age_s: float | None
    header: FrameHeader
    tower: tuple[TowerLine, ...]
    battles: tuple[BattleLine, ...]
    ended: tuple[EndedLine, ...]
    model_version: str
    places: tuple[CarPlace, ...] = ()
