"""The whole race as one table in order of time: what `export.csv` holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Float, Integer, Select, SmallInteger, String, cast, literal, null, select
from sqlalchemy import union_all as put_together

from pitwall.domain.history import RaceSummary
from pitwall.store import tables
from pitwall.store.details import table_of
from pitwall.store.shelves import Column, Shelf

_timing = table_of(tables.TimingRow)
_laps = table_of(tables.Lap)
_control = table_of(tables.ControlRow)
_statuses = table_of(tables.StatusRow)
_weather = table_of(tables.WeatherRow)
_predictions = table_of(tables.Prediction)
_entries = table_of(tables.Entry)

# Name and type of each column; what a kind of row does not have stays empty.
_COLUMNS: dict[str, Any] = {
    "driver": String,
    "lap": Integer,
    "position": SmallInteger,
    "gap_to_leader_s": Float,
    "gap_to_leader_laps": SmallInteger,
    "interval_s": Float,
    "interval_laps": SmallInteger,
    "lap_time_s": Float,
    "defender": String,
    "p_overtake": Float,
    "outcome": String,
    "air_c": Float,
    "track_c": Float,
    "text": String,
}


def everything(race: RaceSummary) -> Shelf:
    """Return one table of all that happened in a race but the cars' own channels.

    `kind` says what a row is: `timing`, `lap`, `prediction`, `race_control`, `track`, `phase`,
    `lap_count` or `weather`.
    """
    own = put_together(
        _driven(_timing, "timing", _timing.c.at, _TIMING, race),
        _driven(_laps, "lap", _laps.c.completed_at, _LAPS, race),
        _row(literal("prediction"), _predictions.c.made_at, _PREDICTIONS).where(
            _predictions.c.race_id == race.id
        ),
        _driven(_control, "race_control", _control.c.at, _CONTROL, race),
        _row(_statuses.c.kind, _statuses.c.at, {"text": _statuses.c.value}).where(
            _statuses.c.race_number == race.number
        ),
        _row(literal("weather"), _weather.c.at, _WEATHER).where(
            _weather.c.race_number == race.number
        ),
    ).subquery("everything")
    columns = tuple(own.c)
    key = (own.c.at_utc, own.c.kind, own.c.driver, own.c.defender, own.c.text)
    return Shelf(columns, key, own.c.at_utc, (own.c.driver, own.c.defender), None, own)


_TIMING = {
    "position": _timing.c.position,
    "gap_to_leader_s": _timing.c.gap_s,
    "gap_to_leader_laps": _timing.c.gap_laps,
    "interval_s": _timing.c.interval_s,
    "interval_laps": _timing.c.interval_laps,
}
_LAPS = {"lap": _laps.c.lap, "lap_time_s": _laps.c.lap_time_s}
_PREDICTIONS = {
    "driver": _predictions.c.attacker_id,
    "defender": _predictions.c.defender_id,
    "lap": _predictions.c.lap,
    "position": _predictions.c.position,
    "interval_s": _predictions.c.interval_s,
    "p_overtake": _predictions.c.p_overtake,
    "outcome": _predictions.c.outcome,
}
_CONTROL = {"lap": _control.c.lap, "text": _control.c.message}
_WEATHER = {"air_c": _weather.c.air_c, "track_c": _weather.c.track_c}


def _row(kind: Column, at: Column, values: Mapping[str, Column]) -> Select[Any]:
    told = (
        (values[name] if name in values else cast(null(), type_)).label(name)
        for name, type_ in _COLUMNS.items()
    )
    return select(at.label("at_utc"), kind.label("kind"), *told)


def _driven(
    table: Any,  # noqa: ANN401  a table with a car
    kind: str,
    at: Column,
    values: Mapping[str, Column],
    race: RaceSummary,
) -> Select[Any]:
    of_car = (table.c.race_number == _entries.c.race_number) & (table.c.car == _entries.c.car)
    return (
        _row(literal(kind), at, {**values, "driver": _entries.c.driver_id})
        .select_from(table.outerjoin(_entries, of_car))
        .where(table.c.race_number == race.number)
    )
