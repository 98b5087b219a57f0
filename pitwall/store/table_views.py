"""Define the public tables of a stored race: their columns, named with units, and their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlmodel import SQLModel

from pitwall.domain.stored_races import HistoryTable, RaceSummary
from pitwall.store import tables
from pitwall.store.row_writer import table_of

Column = ColumnElement[Any]

_entries = table_of(tables.EntryRow)
_drivers = table_of(tables.DriverRow)


@dataclass(frozen=True, slots=True)
class TableView:
    """One public table of a stored race.

    Attributes:
        columns: The columns in their public order, labelled with their public names.
        key: The columns that order and identify the rows.
        at: The instant of a row. None where rows have none.
        cars: Columns that hold a car number, or a driver's key for predictions.
        of_race: The column that names the race. None where `source` holds one race only.
        source: The table, join or subquery to select from.
    """

    columns: tuple[Column, ...]
    key: tuple[Column, ...]
    at: Column | None
    cars: tuple[Column, ...]
    of_race: Column | None
    source: Any

    @property
    def names(self) -> tuple[str, ...]:
        """The public names of the columns."""
        return tuple(column.name for column in self.columns)

    def rows_of(self, race: RaceSummary) -> Select[Any]:
        """Return the query of a race's rows, unordered."""
        query = select(*self.columns).select_from(self.source)
        if self.of_race is None:
            return query
        is_named = self.of_race.name == "race_id"
        return query.where(self.of_race == (race.id if is_named else race.number))

    @property
    def holds_numbers(self) -> bool:
        """Whether `cars` holds the numbers of cars, not the keys of drivers."""
        return all(column.name == "car" for column in self.cars)


def _view(
    model: type[SQLModel],
    names: str,
    key: Sequence[str],
    at: str | None = None,
    *,
    has_car: bool = True,
) -> TableView:
    """Return the view of one table; `names` are `column` or `column:public_name`.

    Where rows have a car, the driver's key follows it.
    """
    table = table_of(model)
    columns: list[Column] = []
    for word in names.split():
        name, _, public = word.partition(":")
        columns.append(table.c[name].label(public or name))
        if name == "car" and has_car and table is not _entries:
            columns.append(_entries.c.driver_id.label("driver"))
    source: Any = table
    if has_car and table is not _entries:
        of_car = (table.c.race_number == _entries.c.race_number) & (table.c.car == _entries.c.car)
        source = table.outerjoin(_entries, of_car)
    return TableView(
        tuple(columns),
        tuple(table.c[name] for name in key),
        table.c[at] if at else None,
        (table.c.car,) if has_car else (),
        table.c.race_number,
        source,
    )


def _entries_view() -> TableView:
    return TableView(
        columns=(
            _entries.c.car.label("car"),
            _entries.c.driver_id.label("driver"),
            _drivers.c.code.label("code"),
            _drivers.c.name.label("name"),
            _entries.c.team.label("team"),
            _entries.c.team_colour.label("team_colour"),
            _entries.c.grid_position.label("grid_position"),
        ),
        key=(_entries.c.car,),
        at=None,
        cars=(_entries.c.car,),
        of_race=_entries.c.race_number,
        source=_entries.join(_drivers, _entries.c.driver_id == _drivers.c.id),
    )


def _predictions_view() -> TableView:
    table = table_of(tables.Prediction)
    public = {
        "made_at": "made_at_utc",
        "settled_at": "settled_at_utc",
        "attacker_id": "attacker",
        "defender_id": "defender",
    }
    names = [each.name for each in table.columns if each.name not in {"race_id", "made_at"}]
    return TableView(
        columns=tuple(table.c[name].label(public.get(name, name)) for name in ("made_at", *names)),
        key=(table.c.made_at, table.c.id),
        at=table.c.made_at,
        cars=(table.c.attacker_id, table.c.defender_id),
        of_race=table.c.race_id,
        source=table,
    )


TABLE_VIEWS = {
    HistoryTable.ENTRIES: _entries_view(),
    HistoryTable.STATUSES: _view(
        tables.StatusRow, "at:at_utc kind value", ("at", "seq", "kind"), "at", has_car=False
    ),
    HistoryTable.RACE_CONTROL: _view(
        tables.ControlRow,
        "at:at_utc stamped_at:stamped_at_utc category message flag scope sector lap car",
        ("at", "seq", "nth"),
        "at",
    ),
    HistoryTable.WEATHER: _view(
        tables.WeatherRow,
        "at:at_utc air_c track_c humidity_pct pressure_hpa rainfall wind_mps wind_direction_deg",
        ("at", "seq"),
        "at",
        has_car=False,
    ),
    HistoryTable.STINTS: _view(
        tables.StintRow,
        "car stint from_lap compound fresh_tyre start_laps tyre_life_laps",
        ("car", "stint"),
    ),
    HistoryTable.STANDINGS: _view(
        tables.StandingRow,
        "position car best_lap_s best_lap part_1_s part_2_s part_3_s overall_best_s gap_to_best_s "
        "laps deleted_laps out_in",
        ("position", "car"),
    ),
    HistoryTable.LAPS: _view(
        tables.Lap,
        "completed_at:completed_at_utc car lap lap_time_s sector_1_s sector_2_s sector_3_s "
        "i1_kmh i2_kmh fl_kmh st_kmh pitted track_clear lap_type part deleted",
        ("completed_at", "car", "lap"),
        "completed_at",
    ),
    HistoryTable.TIMING: _view(
        tables.TimingRow,
        "at:at_utc car position is_leader gap_s:gap_to_leader_s gap_laps:gap_to_leader_laps "
        "interval_s interval_laps",
        ("at", "seq", "car"),
        "at",
    ),
    HistoryTable.PREDICTIONS: _predictions_view(),
    HistoryTable.TELEMETRY: _view(
        tables.CarSampleRow,
        "at:at_utc car speed_kmh rpm:engine_rpm gear throttle_pct brake_pct drs",
        ("at", "car"),
        "at",
    ),
}
