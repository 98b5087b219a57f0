"""Build the live frame from the state of an engine."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pitwall.domain.battles import Battle, gap_at_line_s, heat
from pitwall.domain.duels import StopCost, duel_of, stop_cost
from pitwall.domain.frames import (
    BattleLine,
    EndedLine,
    FeedState,
    FrameHeader,
    LiveFrame,
    PassLine,
    TowerLine,
)
from pitwall.domain.gaps import seconds_and_laps
from pitwall.domain.race import (
    START_OF_TIME,
    CarState,
    Compound,
    ControlMessage,
    DriverNumber,
)
from pitwall.domain.rulings import NO_RULINGS, CarRulings, flag_cause, rulings_of
from pitwall.domain.timed_order import session_type
from pitwall.domain.track_positions import car_places
from pitwall.domain.yellow_flags import sectors_under_yellow
from pitwall.engine.attention import reasons_since
from pitwall.engine.battle_traces import BattleTrace
from pitwall.engine.race_engine import Ended, EngineState
from pitwall.engine.timed_frame import timed_lines
from pitwall.prediction.forecast import Forecast

_USUAL_LAP_S = 90.0

GAPS_LAST = timedelta(seconds=30)
"""A car whose gaps are so much older than the newest of the field is not driving on."""


@dataclass(frozen=True, slots=True)
class Notes:
    """Texts that accompany a race.

    Attributes:
        why: Why this race is shown, a sentence; "" where it was asked for by name.
        next_race: The race that starts next; "" when not known.
        next_race_at: Its announced start, UTC.
        moved: A sentence about a race whose start has moved; "" when none has.
    """

    why: str = ""
    next_race: str = ""
    next_race_at: datetime | None = None
    moved: str = ""


NO_NOTES = Notes()


@dataclass(frozen=True, slots=True)
class FeedView:
    """What a frame says about the feed itself.

    Attributes:
        source: A `Source` value.
        feed: The feed as configured.
        state: The state of the feed.
        detail: A sentence when something is wrong, else "".
        speed: Race seconds for each wall second.
        skew_s: The server's clock minus the feed's, delivery included; None when not measured.
        gaps: How often the connection was lost and restored.
        notes: Texts that accompany the race.
    """

    source: str
    feed: str
    state: FeedState
    detail: str = ""
    speed: float = 1.0
    skew_s: float | None = None
    gaps: int = 0
    notes: Notes = NO_NOTES


@dataclass(frozen=True, slots=True)
class Stamp:
    """The number of a frame and the time of its publication.

    Attributes:
        sequence: Number of the frame.
        published_at: Wall clock, UTC.
        data_age_s: Wall seconds since the newest message arrived; None before the first.
    """

    sequence: int
    published_at: datetime
    data_age_s: float | None


def build_frame(state: EngineState, feed: FeedView, stamp: Stamp, model_version: str) -> LiveFrame:
    """Return the frame of this instant; both cars of each of its battles are in the tower."""
    order = state.race.in_order()
    placed = {car.number for car in order}
    # After the flag cars stop sending gaps one by one, and the last ones are the result.
    is_over = state.race.phase.is_over
    newest = max((car.trace[-1].at for car in order if car.trace and not is_over), default=None)
    rulings = _rulings(state.race.control)
    neutral = not state.race.track_status.allows_overtaking
    cost = stop_cost(order) if state.battles else StopCost()
    return LiveFrame(
        sequence=stamp.sequence,
        published_at=stamp.published_at,
        data_age_s=stamp.data_age_s,
        header=_header(state, feed),
        tower=tuple(
            _tower_line(car, newest, rulings.get(car.number, NO_RULINGS), state.race.neutral_since)
            for car in order
        ),
        battles=tuple(
            _battle_line(state, battle, cost)
            for battle in state.battles
            if battle.attacker in placed and battle.defender in placed
        ),
        ended=tuple(
            EndedLine(
                attacker=ended.battle.battle.attacker,
                defender=ended.battle.battle.defender,
                position=ended.battle.battle.position,
                reason=ended.battle.reason,
                ended_at=ended.battle.ended_at,
                laps=ended.laps,
                p_overtake_before=ended.p_overtake_before,
                taken_back=ended.taken_back,
            )
            for ended in state.ended
        ),
        model_version=model_version,
        places=car_places(state.race, state.grid_at),
        timed=timed_lines(state.race) if state.race.timed is not None else None,
        control=state.race.control,
        flag_cause=flag_cause(
            state.race.control, state.race.track_status, state.race.track_status_at
        ),
        neutral_since=state.race.neutral_since if neutral else None,
        passes=tuple(map(_pass_line, state.passes)),
        facts=state.race.facts,
    )


_read: tuple[tuple[ControlMessage, ...], Mapping[DriverNumber, CarRulings]] = ((), {})


def _rulings(control: tuple[ControlMessage, ...]) -> Mapping[DriverNumber, CarRulings]:
    """Return what hangs over each car; the messages are read again only when there are new ones.

    Reading 240 messages takes a millisecond, and frames are built four times a second.
    """
    global _read  # noqa: PLW0603  a value of two parts, replaced as one
    known, rulings = _read
    if known is not control:
        rulings = rulings_of(control)
        _read = (control, rulings)
    return rulings


def _pass_line(told: Ended) -> PassLine:
    battle = told.battle.battle
    return PassLine(
        attacker=battle.attacker,
        defender=battle.defender,
        position=battle.position,
        at=told.battle.ended_at,
        lap=battle.opened_lap + told.laps + 1,
        p_overtake_before=told.p_overtake_before,
    )


def _header(state: EngineState, feed: FeedView) -> FrameHeader:
    race = state.race
    yellow = sectors_under_yellow(race)
    return FrameHeader(
        source=feed.source,
        feed=feed.feed,
        feed_state=feed.state,
        feed_detail=feed.detail,
        race_id=race.info.race_id,
        name=race.info.name,
        kind=race.info.kind,
        circuit=race.info.circuit,
        year=race.info.year,
        phase=race.phase,
        track_status=race.track_status,
        lap=race.lap or None,
        total_laps=race.total_laps,
        as_of=state.sent_at,
        speed=feed.speed,
        overtake_enabled=race.overtake_enabled,
        malformed=sum(state.faults.values()),
        latest_control=race.control[-1].message if race.control else "",
        clock_skew_s=feed.skew_s,
        gaps=feed.gaps,
        why=feed.notes.why,
        next_race=feed.notes.next_race,
        next_race_at=feed.notes.next_race_at,
        race_moved=feed.notes.moved,
        session_type=session_type(race),
        inferred=tuple(sorted(race.inferred)),
        utc_offset_s=race.info.utc_offset_s,
        yellow_sectors=tuple(sorted(yellow)),
        double_yellow_sectors=tuple(
            sorted(each for each, is_double in yellow.items() if is_double)
        ),
    )


def _tower_line(
    car: CarState, newest: datetime | None, rulings: CarRulings, neutral_since: datetime
) -> TowerLine:
    """Return a car's line; gaps much older than `newest` are left out, as the car sends no more.

    The feed says only two minutes later that a crashed car has stopped.
    """
    stint = car.stint
    age = newest - car.trace[-1].at if newest is not None and car.trace else None
    gap_s, gap_laps = seconds_and_laps(car.gap_to_leader)
    interval_s, interval_laps = seconds_and_laps(car.interval)
    if age is not None and age > GAPS_LAST:  # whole laps stay, which a feed does not repeat
        gap_s = interval_s = None
    said_stopped = rulings.stopped_at
    has_stopped = said_stopped is not None and (
        car.crossed_at is None or car.crossed_at < said_stopped
    )
    return TowerLine(
        number=car.number,
        position=car.position or 0,
        code=car.driver.code or str(car.number),
        name=car.driver.name,
        team=car.driver.team,
        team_colour=car.driver.team_colour,
        gap_to_leader_s=gap_s,
        gap_to_leader_laps=gap_laps,
        interval_s=interval_s,
        interval_laps=interval_laps,
        last_lap_s=car.last_lap_s,
        best_lap_s=car.best_lap_s,
        compound=stint.compound if stint else Compound.UNKNOWN,
        tyre_life_laps=stint.tyre_life_laps if stint else None,
        fresh_tyre=stint.fresh_tyre if stint else None,
        stint_number=stint.stint_number if stint else None,
        pit_stops=car.pit_stops,
        in_pit=car.in_pit,
        pit_out=car.pit_out,
        retired=car.retired,
        stopped=car.stopped,
        laps_completed=car.laps_completed,
        grid_position=car.grid_position,
        sectors_s=car.sectors_s,
        best_sectors_s=car.best_sectors_s,
        segments=car.segments,
        stints=car.stints,
        gap_age_s=None if age is None else int(age.total_seconds()),
        rulings=rulings,
        stopped_on_track=has_stopped,
        stopped_under=_came_in(car, neutral_since),
    )


def _came_in(car: CarState, since: datetime) -> bool:
    """Whether a car has been in the pit lane since a moment, on a lap that it raced."""
    if not car.laps_completed or since == START_OF_TIME:
        return False
    return car.in_pit or (car.left_pits_at is not None and car.left_pits_at >= since)


def _battle_line(state: EngineState, battle: Battle, cost: StopCost) -> BattleLine:
    pair = (battle.attacker, battle.defender)
    forecast = state.forecasts.get(pair) or Forecast(None, no_forecast_because="not yet")
    history = state.histories.get(pair, BattleTrace())
    attacker, defender = state.race.cars[battle.attacker], state.race.cars[battle.defender]
    lap_s = attacker.last_lap_s or _USUAL_LAP_S
    # Ages are counted on the race's grid, so that they do not depend on when a frame is built.
    age_s = max(0.0, (state.grid_at - battle.interval_at).total_seconds())
    watched = state.attention.watched.get(pair)
    racing_for = state.grid_at - state.race.racing_since
    return BattleLine(
        attacker=battle.attacker,
        defender=battle.defender,
        position=battle.position,
        interval_s=battle.interval_s,
        interval_age_s=age_s,
        trend_s_per_lap=trend_s_per_lap(history, lap_s),
        opened_at=battle.opened_at,
        laps=max(0, attacker.laps_completed - battle.opened_lap),
        p_overtake=forecast.p_overtake,
        no_forecast_because=forecast.no_forecast_because,
        p_history=history.p_overtake,
        interval_history=history.interval_s,
        reasons=reasons_since(forecast.reasons, racing_for, lap_s),
        heat=heat(forecast.p_overtake, battle.interval_s),
        mixed=forecast.mixed,
        gap_at_line_s=gap_at_line_s(defender, attacker, battle.interval_at),
        condition=forecast.condition,
        condition_words=forecast.condition_words,
        fading=battle.is_fading,
        rank=state.attention.order.index(pair) + 1 if watched is not None else 0,
        p_shown=watched.shown if watched is not None else None,
        duel=duel_of(state.race, attacker, defender, cost, history.at[-1] if history.at else None),
    )


def trend_s_per_lap(history: BattleTrace, lap_s: float) -> float | None:
    """Return the change of the interval over the last lap, seconds a lap; negative means closing.

    The oldest point of the last lap is compared with the newest, and the change is scaled to a
    lap. None before half a lap of points exists: fewer show the corners, not a trend.
    """
    if not history.at:
        return None
    newest_at = history.at[-1]
    oldest = bisect_left(history.at, newest_at - timedelta(seconds=lap_s))
    elapsed_s = (newest_at - history.at[oldest]).total_seconds()
    if elapsed_s < lap_s / 2:
        return None
    return (history.interval_s[-1] - history.interval_s[oldest]) * lap_s / elapsed_s
