"""Convert the engine's values to rows of the store, and join rows to batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from pitwall.domain import events as race_events
from pitwall.domain.battles import Battle
from pitwall.domain.car_use import CarSample
from pitwall.domain.forecasts import MixedForecast
from pitwall.domain.gaps import LeaderLap, seconds_and_laps
from pitwall.domain.race import CarState, DriverNumber, LapRecord, RaceState, Stint
from pitwall.domain.records import (
    Batch,
    ControlRecord,
    EndingRecord,
    LapRow,
    PredictionRecord,
    SampleRecord,
    StandingRecord,
    StatusRecord,
    StintRecord,
    TimingRecord,
    WeatherRecord,
)
from pitwall.domain.timed_order import classify
from pitwall.engine.race_engine import Ended, EngineState
from pitwall.prediction.forecast import Forecast

_BY_SEQ = ("messages", "timing", "control", "statuses", "weather", "keyframes")


def add_events(
    batch: Batch, seq: int, events: Sequence[race_events.TimingEvent], race: RaceState
) -> None:
    """Add the rows of one message's events; `race` is the state after the message."""
    for nth, event in enumerate(events):
        match event:
            case race_events.CarTimed():
                _add_timing(batch, seq, event, race)
            case race_events.ControlSaid():
                if _is_news(event, race):
                    _add_control(batch, seq, nth, event)
            case race_events.WeatherMeasured(measured_at=datetime()) if race.told.weather_at:
                pass  # the series repeats what its own topic tells
            case race_events.WeatherMeasured(sent_at=at, weather=weather):
                values = [getattr(weather, each.name) for each in fields(weather)]
                batch.weather.append(WeatherRecord(at, seq, *values))
            case _:
                if (status := _status_of(event, race)) is not None:
                    batch.statuses.append(StatusRecord(event.sent_at, seq, *status))


def _is_news(event: race_events.ControlSaid, race: RaceState) -> bool:
    """Whether a message of race control was not told by another topic before."""
    is_doubtful = event.is_repeated or race.told.repeats_control
    return not is_doubtful or event.message in race.control


def _status_of(event: race_events.TimingEvent, race: RaceState) -> tuple[str, str] | None:
    """Return what kind of status an event changed, and to what."""
    match event:
        case race_events.TrackStatusChanged(status=status):
            return "track", status.value
        case race_events.PhaseChanged(phase=phase):
            return "phase", phase.value
        case race_events.LapCounted(lap=int(number)) if race.timed is None:
            return "lap_count", str(number)
        case race_events.PartTold(part=int(number), is_repeated=False):
            return "part", str(number)
        case race_events.PartTold(part=int(number)) if race.told.part_at is None:
            return "part", str(number)
    return None


def statuses_of(race: RaceState) -> dict[str, str]:
    """Return the statuses of a race as they are stored, by kind."""
    return {
        "phase": race.phase.value,
        "track": race.track_status.value,
        "lap_count": str(race.lap),
    }


_TELLS: dict[type, str] = {
    race_events.PhaseChanged: "phase",
    race_events.TrackStatusChanged: "track",
    race_events.LapCounted: "lap_count",
}


def add_inferred(
    batch: Batch,
    seq: int,
    events: Sequence[race_events.TimingEvent],
    before: Mapping[str, str],
    after: Mapping[str, str],
) -> None:
    """Add the statuses that a message changed without telling them: see `domain.inference`."""
    told = {_TELLS.get(type(event)) for event in events}
    for kind, value in after.items():
        if value != before[kind] and kind not in told:
            batch.statuses.append(StatusRecord(batch.messages[-1].sent_at, seq, kind, value))


def _add_timing(batch: Batch, seq: int, event: race_events.CarTimed, race: RaceState) -> None:
    values = (event.position, event.gap_to_leader, event.interval)
    car = race.cars.get(event.number)
    if car is None or all(each is None for each in values):
        return
    gap_s, gap_laps = seconds_and_laps(car.gap_to_leader)
    interval_s, interval_laps = seconds_and_laps(car.interval)
    row = TimingRecord(
        at=event.sent_at,
        seq=seq,
        car=car.number,
        position=car.position,
        gap_laps=gap_laps,
        interval_laps=interval_laps,
        is_leader=isinstance(car.gap_to_leader, LeaderLap),
        gap_s=gap_s,
        interval_s=interval_s,
    )
    batch.timing.append(row)


def _add_control(batch: Batch, seq: int, nth: int, event: race_events.ControlSaid) -> None:
    message = event.message
    row = ControlRecord(
        at=event.sent_at,
        seq=seq,
        nth=nth,
        stamped_at=message.at,
        category=message.category,
        message=message.message,
        flag=message.flag,
        scope=message.scope,
        sector=message.sector,
        lap=message.lap_number,
        car=message.driver_number,
    )
    batch.control.append(row)


def lap(number: DriverNumber, record: LapRecord) -> LapRow:
    """Return the row of a completed lap; trap speeds left over from an earlier lap are None."""
    i1, i2, fl, st = (
        None if trap in record.stale_traps else record.speeds_kmh.get(trap)
        for trap in ("I1", "I2", "FL", "ST")
    )
    sector_1, sector_2, sector_3 = record.sectors_s
    return LapRow(
        car=number,
        lap=record.lap_number,
        completed_at=record.completed_at,
        lap_time_s=record.lap_time_s,
        sector_1_s=sector_1,
        sector_2_s=sector_2,
        sector_3_s=sector_3,
        i1_kmh=i1,
        i2_kmh=i2,
        fl_kmh=fl,
        st_kmh=st,
        pitted=record.pitted,
        track_clear=record.track_clear,
        lap_type=None if record.lap_type is None else record.lap_type.value,
        part=record.part,
        deleted=record.deleted,
    )


def standings(race: RaceState) -> dict[int, StandingRecord]:
    """Return the rows of the classification of qualifying or practice; none in a race."""
    found = classify(race)
    rows: dict[int, StandingRecord] = {}
    for standing in found.standings if found else ():
        car = standing.car
        first, second, third = (*standing.part_bests_s, None, None, None)[:3]
        rows[car.number] = StandingRecord(
            car=car.number,
            position=car.position or 0,
            best_lap_s=standing.best_lap_s,
            best_lap=standing.best_lap_number,
            part_1_s=first,
            part_2_s=second,
            part_3_s=third,
            overall_best_s=standing.overall_best_s,
            gap_to_best_s=standing.gap_to_best_s,
            laps=car.laps_completed,
            deleted_laps=standing.deleted_laps,
            out_in=standing.out_in,
        )
    return rows


def new_stints(car: CarState, before: Sequence[Stint]) -> Iterator[StintRecord]:
    """Yield each stint that differs from those before."""
    for index, stint in enumerate(car.stints):
        if index >= len(before) or before[index] is not stint:
            yield StintRecord(
                car=car.number,
                stint=stint.stint_number,
                from_lap=stint.from_lap or 1,
                compound=stint.compound.value,
                fresh_tyre=stint.fresh_tyre,
                start_laps=stint.start_laps,
                tyre_life_laps=stint.tyre_life_laps,
            )


def sample(number: DriverNumber, reading: CarSample) -> SampleRecord:
    """Return the row of one reading of a car's telemetry."""
    return SampleRecord(
        reading.at,
        number,
        reading.speed_kmh,
        reading.rpm,
        reading.throttle_pct,
        reading.brake_pct,
        reading.gear,
        reading.drs,
    )


def prediction(
    state: EngineState,
    battle: Battle,
    p_overtake: float,
    forecast: Forecast,
    model_version: str,
) -> PredictionRecord:
    """Return the row of a battle's forecast of `p_overtake`, made at the grid point of `state`."""
    row = PredictionRecord(
        attacker=battle.attacker,
        defender=battle.defender,
        lap=state.race.lap,
        made_at=state.grid_at,
        position=battle.position,
        interval_s=battle.interval_s,
        p_overtake=p_overtake,
        model_version=model_version,
        condition=forecast.condition.value,
    )
    mixed = forecast.mixed
    return row if mixed is None else row._replace(**_mixture_columns(mixed))


def _mixture_columns(mixed: MixedForecast) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: getattr(mixed, name)
        for name in (
            "p_overtake_3", "p_low", "p_high", "p_pit", "p_neutralised", "p_retired", "p_kept",
        )
    }  # fmt: skip
    for each in mixed.experts:
        values |= {
            f"p_{each.expert}": each.p_overtake,
            f"w_{each.expert}": each.weight,
            f"c_{each.expert}": each.contribution,
        }
    return values | {"c_base": mixed.base}


def ending(ended: Ended) -> EndingRecord:
    """Return the row of a battle that ended."""
    battle = ended.battle.battle
    return EndingRecord(
        ended_at=ended.battle.ended_at,
        attacker=battle.attacker,
        defender=battle.defender,
        opened_at=battle.opened_at,
        position=battle.position,
        reason=ended.battle.reason.value,
        taken_back=ended.taken_back,
        p_overtake=ended.p_overtake_before,
    )


def shifted(batch: Batch, by: int) -> Batch:
    """Return the batch with its messages' places moved on, for a live feed that counts anew."""
    for name in _BY_SEQ:
        rows = getattr(batch, name)
        setattr(batch, name, [row._replace(seq=row.seq + by) for row in rows])
    batch.samples = [(seq + by, row) for seq, row in batch.samples]
    batch.keyframes.clear()  # they count messages themselves
    batch.messages_through += by
    return batch


def without(batch: Batch, stored: int) -> Batch:
    """Return the batch without the rows of the first `stored` messages."""
    if 0 < batch.messages_through <= stored:
        # All rows are older than the stored ones, and the store has newer laps and stints.
        for rows in (batch.entries, batch.laps, batch.stints, batch.standings, batch.endings):
            rows.clear()
        batch.last_at = None
    before = [message for message in batch.messages if message.seq < stored]
    for name in _BY_SEQ:
        setattr(batch, name, [row for row in getattr(batch, name) if row.seq >= stored])
    batch.samples = [(seq, row) for seq, row in batch.samples if seq >= stored]
    if before:
        # Predictions up to the last stored message were stored with it.
        until = before[-1].sent_at
        batch.predictions = {k: row for k, row in batch.predictions.items() if k[0] >= until}
    return batch


def joined(first: Batch, then: Batch) -> Batch:
    """Return two batches as one; where both hold a row, the later one counts."""
    for name in (*_BY_SEQ, "samples", "outcomes"):
        getattr(first, name).extend(getattr(then, name))
    for name in ("entries", "laps", "stints", "standings", "predictions", "endings"):
        getattr(first, name).update(getattr(then, name))
    first.info = then.info if then.info.race_id else first.info
    first.messages_through = max(first.messages_through, then.messages_through)
    first.last_at = then.last_at or first.last_at
    first.lap = max(first.lap, then.lap)
    first.total_laps = then.total_laps or first.total_laps
    first.dropped += then.dropped
    return first
