"""Define the live frame, which holds everything that a page shows at one instant.

Frames hold only plain values, so that they can be sent as JSON unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from pitwall.domain.battles import EndReason
from pitwall.domain.duels import Duel
from pitwall.domain.forecasts import Condition, MixedForecast, Reason
from pitwall.domain.race import (
    Compound,
    ControlMessage,
    DriverNumber,
    Inferred,
    Phase,
    Stint,
    TrackStatus,
)
from pitwall.domain.rulings import NO_RULINGS, CarRulings
from pitwall.domain.session_facts import NO_FACTS, SessionFacts
from pitwall.domain.sessions import SessionType
from pitwall.domain.timed_state import CarRun
from pitwall.domain.track_positions import CarPlace

CANNOT_FOLLOW: Final = "This machine cannot follow"
"""How a feed's detail begins when it is the machine that keeps readers waiting."""

FRAME_EVERY_S: Final = 0.25
"""Seconds of wall time between two frames, and between two looks of a page for a newer one."""

DEAD_AFTER_S: Final = 10.0
"""A newest frame older than this means that frames have stopped: the race player is dead."""


class FeedState(StrEnum):
    """The state of the feed, as readers see it."""

    CONNECTING = "connecting"  # nothing has arrived yet
    FLOWING = "flowing"  # messages arrive
    STALE = "stale"  # nothing for 10 s while a race is on
    PAUSED = "paused"  # the replay clock is stopped
    ENDED = "ended"  # the race, or the recording, is over
    FAILED = "failed"  # the feed cannot be opened; `FrameHeader.feed_detail` says why


@dataclass(frozen=True, slots=True)
class FrameHeader:
    """What the race header shows.

    Attributes:
        source: What kind of data this is. Range: `live`, `recorded`, `reconstructed` or
            `simulated`. Source: the feed.
        feed: The name of the feed as shown, such as `simulated:7`. Source: the setting.
        feed_state: The state of the feed. Source: ingest or playback.
        feed_detail: A sentence for readers when something is wrong, else "". Source: ingest or
            playback.
        race_id: Pitwall's key of the race, such as `2025-dutch-grand-prix-race`; "" before the
            feed has sent it. Source: `SessionInfo`.
        name: The name of the meeting; "" before the feed has sent it. Source: `SessionInfo`.
        kind: The name of the session, such as `Race` or `Sprint`. Source: `SessionInfo`.
        circuit: The circuit's short name. Source: `SessionInfo`.
        year: The season; 0 before the feed has sent it. Source: `SessionInfo`.
        phase: The phase of the race. Source: `SessionStatus`.
        track_status: The state of the whole track. Source: `TrackStatus`.
        lap: The leader's lap. None before the feed has sent it. Source: `LapCount`, or line
            crossings.
        total_laps: The announced distance, laps. None before the feed has sent it. Source:
            `LapCount`.
        as_of: When the newest message in this frame was sent, on the race's own clock. None before
            the first. Source: the feed.
        speed: Race seconds for each second; 1 when live. Range: 0.5 to 60. Source: the setting.
        overtake_enabled: Whether race control has enabled DRS (to 2025) or Overtake Mode (2026).
            None before a message about it. Source: `RaceControlMessages`.
        malformed: Messages, or parts of them, skipped so far because they broke the format.
            Range: from 0. Source: the decoder.
        latest_control: The newest message of race control; "" before the first.
            Source: `RaceControlMessages`.
        clock_skew_s: The server's clock minus the feed's, including the time of the fastest
            delivery. None when not measured, as in a replay. Source: arrival times.
        gaps: How often a live connection was lost and restored. Range: from 0. Source: ingest.
        why: Why this race is shown, a sentence; "" where it was asked for by name. Source: the
            director.
        next_race: The race that starts next; "" when not known. Source: the calendar.
        next_race_at: When it starts, as announced. None when not known. Source: the calendar.
        race_moved: A sentence about a race whose announced start has moved, else "". Source: the
            calendar and the feed.
        session_type: What the session is for: a race has battles, the others have `timed`. Range:
            `race`, `qualifying` or `practice`. Source: `SessionInfo`.
        inferred: What was inferred because no topic of the feed tells it. Range: `session` (from
            the recording's path), `phase` and `lap` (from line crossings), `track_status` (from
            race control's messages). Source: `domain.inference`.
        utc_offset_s: How far the circuit's clocks are ahead of UTC. None when not known. Source:
            `SessionInfo` `GmtOffset`.
        yellow_sectors: The track sectors under yellow, by race control's numbers, of which a lap
            has some 20. Source: `RaceControlMessages` and `TrackStatus`.
        double_yellow_sectors: Those of them under a double yellow. Source: as `yellow_sectors`.
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
    session_type: SessionType = SessionType.RACE
    inferred: tuple[Inferred, ...] = ()
    utc_offset_s: int | None = None
    yellow_sectors: tuple[int, ...] = ()
    double_yellow_sectors: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TowerLine:
    """One car in the timing tower, front of the field first.

    Attributes:
        number: The car's number. Source: `DriverList`.
        position: Place in the running order; 1 leads. Range: from 1.
            Source: `TimingData` `Position`.
        code: Three letters, or the number when unknown. Source: `DriverList` `Tla`.
        name: First name and surname; "" when unknown. Source: `DriverList` `FullName`.
        team: The team's name; "" when unknown. Source: `DriverList` `TeamName`.
        team_colour: Six hexadecimal digits; "" when unknown. Source: `DriverList` `TeamColour`.
        gap_to_leader_s: Seconds behind the leader. None for the leader, where lapped, or unknown,
            as of a car that has sent no gap for half a minute while others did. Source:
            `TimingData` `GapToLeader`.
        gap_to_leader_laps: Whole laps behind the leader. None where not lapped.
            Source: `TimingData` `GapToLeader`.
        interval_s: Seconds behind the car ahead. None for the leader, where lapped, or unknown.
            Source: `TimingData` `IntervalToPositionAhead`.
        interval_laps: Whole laps behind the car ahead. None where not lapped.
            Source: `TimingData` `IntervalToPositionAhead`.
        last_lap_s: The last lap time. None before the first. Source: `TimingData` `LastLapTime`.
        best_lap_s: The best lap time so far. None before the first. Source: `TimingData`
            `BestLapTime`.
        compound: The tyre compound. Source: `TimingAppData` `Stints.Compound`.
        tyre_life_laps: Laps on this set, earlier sessions included. None when unknown.
            Source: `TimingAppData` `Stints.TotalLaps`.
        fresh_tyre: Whether the set was new when fitted. None when unknown.
            Source: `TimingAppData` `Stints.New`.
        stint_number: Which stint, from 1. None before the feed has sent one.
            Source: `TimingAppData` `Stints`.
        pit_stops: Stops so far. Range: from 0. Source: `TimingData` `NumberOfPitStops`.
        in_pit: Whether the car is in the pit lane. Source: `TimingData` `InPit`.
        pit_out: Whether the car is on the lap that began in the pit lane. Source: `TimingData`
            `PitOut`.
        retired: Whether the car has retired. Source: `TimingData` `Retired`.
        stopped: Whether the car has stopped on the track. Source: `TimingData` `Stopped`.
        laps_completed: Line crossings counted by the feed. Range: from 0.
            Source: `TimingData` `NumberOfLaps`.
        grid_position: Place on the grid. None when unknown. Source: `TimingAppData` `GridPos`.
        sectors_s: Sector times of the lap under way, of the last lap until its first sector ends.
            Each None before the first. Source: `TimingData` `Sectors`.
        best_sectors_s: Its best time of each sector so far. Each None before the first.
            Source: `TimingData` `Sectors`.
        segments: Mini-sectors of each sector by the feed's numbers: 2051 the best of the session,
            2049 its own best, 2048 slower, 2064 in the pit lane, 0 not yet driven; () where the
            feed shows none, as in archives. Source: `TimingData` `Sectors.Segments`.
        stints: Its sets of tyres in order; the last is the current one.
            Source: `TimingAppData` `Stints`.
        gap_age_s: How much older its gaps are than the newest of the field, in whole seconds; 0
            while it keeps up. None without gaps. Source: the race engine.
        rulings: What hangs over it: investigations, penalties, deleted laps.
            Source: `RaceControlMessages`.
        stopped_on_track: Whether race control said that it stopped, and it has crossed no line
            since. Source: `RaceControlMessages`.
        stopped_under: Whether it has come into the pits since racing was last stopped by a safety
            car, a virtual one or a red flag. Source: `TimingData` `InPit`.
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
    sectors_s: tuple[float | None, float | None, float | None] = (None, None, None)
    best_sectors_s: tuple[float | None, float | None, float | None] = (None, None, None)
    segments: tuple[tuple[int, ...], ...] = ()
    stints: tuple[Stint, ...] = ()
    gap_age_s: int | None = None
    rulings: CarRulings = NO_RULINGS
    stopped_on_track: bool = False
    stopped_under: bool = False

    @property
    def names(self) -> frozenset[str]:
        """How requests may name the car: by its number or its driver's three letters."""
        return frozenset({str(self.number), self.code.upper()})


@dataclass(frozen=True, slots=True)
class PassLine:
    """A pass on the track, as it was told. Source: the race engine.

    Attributes:
        attacker: The car number of the car that passed.
        defender: The car number of the car that was passed.
        position: The place that it won; 1 is the lead. Range: from 1.
        at: When it happened, on the race's clock.
        lap: The lap of the attacker on which it happened. Range: from 1.
        p_overtake_before: The last forecast before it. None where there was none.
            Source: the model bundle.
    """

    attacker: DriverNumber
    defender: DriverNumber
    position: int
    at: datetime
    lap: int
    p_overtake_before: float | None


@dataclass(frozen=True, slots=True)
class BattleLine:
    """One battle under way with its forecast.

    Attributes:
        attacker: The car number of the car behind. Source: the race engine.
        defender: The car number of the car directly ahead. Source: the race engine.
        position: The defender's position, the place at stake; 1 is the lead. Range: from 1.
            Source: `TimingData` `Position`.
        interval_s: Seconds from defender to attacker, the newest that the feed gives, as stored and
            entered in the ledger. Range: 0 to 2.5. Source: `TimingData`
            `IntervalToPositionAhead`, or both cars' gaps to the leader.
        interval_age_s: How old that interval is, on the race's clock. Range: from 0. Source: the
            race engine.
        gap_at_line_s: Seconds between the last line crossings of the two; the model uses it in
            place of the interval, and its reasons name it so. None unless the crossings are newer
            than the interval by more than two seconds. Source: `TimingData` `NumberOfLaps` of both.
        trend_s_per_lap: Change of the interval over about a lap; negative means closing in. None
            before half a lap of intervals. Source: earlier intervals.
        opened_at: When this battle opened, on the race's clock. Source: the race engine.
        laps: Laps of battle so far, counted in the attacker's line crossings. Range: from 0.
            Source: the race engine.
        p_overtake: Calibrated probability that the attacker is ahead a lap from now, given that
            neither pits and the track stays clear; for a forecast at the line, when both next
            cross it. None while there is no forecast; `no_forecast_because` says why. Source: the
            model bundle.
        no_forecast_because: Why there is no forecast, a text for readers; "" with one. Source:
            the predictor.
        p_history: Forecasts of about the last three minutes, oldest first, one every two seconds of
            the race's clock. Source: the race engine.
        interval_history: Intervals at the same instants. Source: the race engine.
        reasons: What moved the forecast, largest first. For a lap after a restart without those
            measured on the laps before. Source: the model bundle.
        heat: How interesting this battle is to watch; cards are sorted by it. Source:
            `p_overtake` and `interval_s`.
        mixed: The experts behind `p_overtake`. None without a forecast. Source: the model bundle.
        condition: The condition in which the battle is fought. Source: the predictor.
        condition_words: It as a few words for readers, such as `fresh from the pits`; "" for a
            clean battle. Source: the predictor.
        fading: Whether the interval is 2.0 s or more: the battle is only kept open, up to 2.5 s,
            lest it flicker. Source: `interval_s`.
        rank: Its place in the order in which battles are shown, hottest first; 0 where nothing has
            put them in order. Range: from 0. Source: `engine.attention`.
        p_shown: `p_overtake` as pages show it, smoothed, and held so that it can be read. None
            without a forecast. Source: `engine.attention`.
        duel: The two cars compared. None where they were not. Source: `domain.duels`.
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
    condition: Condition = Condition.CLEAN
    condition_words: str = ""
    fading: bool = False
    rank: int = 0
    p_shown: float | None = None
    duel: Duel | None = None


@dataclass(frozen=True, slots=True)
class EndedLine:
    """A battle that ended a short while ago, and why. Source: the race engine.

    A pass is told five seconds after it, when it has stood so long and neither car has gone into
    the pits; a pair that is apart, ten seconds after, when it has not found together again.

    Attributes:
        attacker: The car number of the car that was behind.
        defender: The car number of the car that was ahead.
        position: The place that was at stake; 1 is the lead. Range: from 1.
        reason: Why it ended.
        ended_at: When it ended, on the race's clock.
        laps: How many laps it lasted. Range: from 0.
        p_overtake_before: The last forecast before it ended. None where there was none.
            Source: the model bundle.
        taken_back: Whether it was first told as a pass, and `reason` says what it was instead.
    """

    attacker: DriverNumber
    defender: DriverNumber
    position: int
    reason: EndReason
    ended_at: datetime
    laps: int
    p_overtake_before: float | None
    taken_back: bool = False


@dataclass(frozen=True, slots=True)
class StandingLine:
    """One car's standing in qualifying or practice.

    Attributes:
        number: The car's number. Source: `DriverList`.
        position: Its place. Range: from 1. Source: `TimingData` `Position`.
        run: What it is doing. A slow lap is an `in_lap`: until the pit entry nothing tells a
            car that comes in from one that cools down. Source: `TimingData` `InPit`, `NumberOfLaps`
            and `Sectors`.
        best_lap_s: Best lap of the part that decides its place: the one under way, or the last
            that it took part in; in practice of the session. None without one, also when the
            feed took it back. Source: `TimingData` `BestLapTimes` and `BestLapTime`.
        best_lap: Which of its laps that was. None where not known. Source: `TimingData`
            `NumberOfLaps`.
        part_bests_s: Best lap of each part it took part in, from the first; () in practice.
            Source: `TimingData` `BestLapTimes`.
        overall_best_s: Best lap of all parts. None without one. Source: `TimingData`.
        gap_to_best_s: Behind the best lap of the cars in the same part. None without a lap.
            Source: `best_lap_s` of both.
        gap_ahead_s: Behind the lap of the car one place ahead. None for the best and without
            a lap. Source: `best_lap_s` of both.
        laps: How many laps it has completed, out- and in-laps included. Range: from 0.
            Source: `TimingData` `NumberOfLaps` and `LastLapTime`.
        deleted_laps: How many of them race control deleted. Range: from 0.
            Source: `RaceControlMessages`.
        out_in: The part after which it was out. None while it takes part. Source: `TimingData`
            `KnockedOut`.
        is_in_drop_zone: Whether it would be out if the part ended now. Source: `TimingData`
            `NoEntries` and `Position`.
        margin_s: Seconds in hand on the first car that would be out; in the drop zone negative,
            the seconds missing to the last that would go on. None where nobody drops out, or
            without a lap. Source: `best_lap_s` of both.
        push_sectors: How many sectors of its push lap it has completed. Range: 0 to 2.
            Source: `TimingData` `Sectors`.
        push_delta_s: Those sectors minus the same ones of its best lap; negative means it improves.
            None without such sectors. Source: `TimingData` `Sectors`.
    """

    number: DriverNumber
    position: int
    run: CarRun
    best_lap_s: float | None
    best_lap: int | None
    part_bests_s: tuple[float | None, ...]
    overall_best_s: float | None
    gap_to_best_s: float | None
    gap_ahead_s: float | None
    laps: int
    deleted_laps: int
    out_in: int | None
    is_in_drop_zone: bool
    margin_s: float | None
    push_sectors: int = 0
    push_delta_s: float | None = None


@dataclass(frozen=True, slots=True)
class TimedLines:
    """The state of qualifying or practice.

    Attributes:
        part: The part of qualifying under way or next, from 1. None in practice and before the
            first. Source: `TimingData` `SessionPart`.
        part_name: Its name, such as `Q2` or `SQ1`; "" without a part. Source: `part`.
        parts: How many parts the session has. Range: from 1. Source: `TimingData` `NoEntries`.
        goes_on: How many cars go on to the next part. None in the last, in practice, and where not
            told. Source: `TimingData` `NoEntries`.
        cut_off_s: Best lap of the last place that goes on. None without one.
            Source: `best_lap_s` of that car.
        limit_s: The lap time within which a car must qualify, 107 % of the best. None where not
            told. Source: `TimingData` `CutOffTime`.
        remaining_s: What remains of the part or session on its clock. None before the first value.
            Range: from 0. Source: `ExtrapolatedClock`.
        clock_runs: Whether that clock runs. Source: `ExtrapolatedClock`.
        standings: Every placed car, first place first. Source: the race engine.
    """

    part: int | None
    part_name: str
    parts: int
    goes_on: int | None
    cut_off_s: float | None
    limit_s: float | None
    remaining_s: float | None
    clock_runs: bool
    standings: tuple[StandingLine, ...]


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """Everything a reader needs at one instant; never changed once published.

    Attributes:
        sequence: Rises by one with every frame published. Range: from 1. Source: the publisher.
        published_at: When it was published, by the server's clock. Source: the publisher.
        data_age_s: Seconds on the server's clock since the newest message arrived, at publication.
            Range: from 0. None before the first. Source: the publisher.
        header: The race and its feed. Source: the race engine.
        tower: Every placed car, front of the field first. Source: the race engine.
        battles: Battles under way, front of the field first. Source: the race engine.
        ended: Battles that ended recently, the last told first. Range: at most 8. Source: the
            race engine.
        model_version: The version of the trained model; "" without one. Source: the model bundle.
        places: Where each running car is, as far as known, front of the field first. Source: the
            race engine.
        timed: The state of qualifying or practice. None in a race. Source: the race engine.
        control: All messages of race control so far, oldest first. Range: at most 1,000.
            Source: `RaceControlMessages`.
        flag_cause: What best explains why the track is not clear, as race control said it: a car
            that stopped, spun or left the track, or debris. None while it is clear, and where
            nothing was said. Source: `RaceControlMessages`.
        neutral_since: Since when a safety car, a virtual one or a red flag stops the racing. None
            while cars may race. Source: `TrackStatus`.
        passes: All passes of the race so far, oldest first; those taken back are left out.
            Source: the race engine.
        facts: What topics beside the timing have told. Source: the race engine.
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
    timed: TimedLines | None = None
    control: tuple[ControlMessage, ...] = ()
    flag_cause: ControlMessage | None = None
    neutral_since: datetime | None = None
    passes: tuple[PassLine, ...] = ()
    facts: SessionFacts = NO_FACTS
