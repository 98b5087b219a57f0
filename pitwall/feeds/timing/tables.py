"""Read the rows of one race from the timing archive's parquet tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pitwall.errors import FeedUnavailableError
from pitwall.wire.session import race_id_of

SESSIONS = "sessions"
# From the announced start to the status Started, which ends the formation lap: the median
# of the 125 races of the archive whose clock is known; half of them within 16 s of it.
USUAL_DELAY = timedelta(seconds=208)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RaceEntry:
    """One race or sprint of the archive.

    Attributes:
        race_id: Such as `2025-dutch-grand-prix-race`.
        session_id: The archive's own number.
        kind: `Race` or `Sprint`.
        quality: How reliable the order is: `good`, `fair` or `bad`.
        has_clock: Whether its clock rests on race control, not on the announced start.
    """

    race_id: str
    session_id: int
    year: int
    name: str
    kind: str
    circuit: str
    quality: str
    has_clock: bool


def read_rows(archive: Path, table: str, session_id: int, columns: list[str]) -> list[Row]:
    """Return one race's rows of a table, instants as milliseconds from 1970.

    Raises:
        FeedUnavailableError: The table is missing or is not a parquet file.
    """
    table_rows = _read(archive, table, columns, [("session_id", "=", session_id)])
    return table_rows.to_pylist()  # type: ignore[no-any-return]


def read_sessions(archive: Path) -> list[Row]:
    """Return every race of the archive, instants as milliseconds from 1970.

    Raises:
        FeedUnavailableError: There is no archive here.
    """
    return _read(archive, SESSIONS, None, None).to_pylist()  # type: ignore[no-any-return]


def _read(
    archive: Path, table: str, columns: list[str] | None, filters: list[tuple[Any, ...]] | None
) -> Any:  # noqa: ANN401  # pyarrow has no types
    file = archive / f"{table}.parquet"
    try:
        table_rows = pq.read_table(file, columns=columns, filters=filters)
    except (OSError, pa.ArrowException) as error:
        message = f"The timing archive has no readable {file}: {table}.parquet was expected."
        raise FeedUnavailableError(message) from error
    for index, field in enumerate(table_rows.schema):
        if pa.types.is_timestamp(field.type):
            instants = (
                table_rows.column(index).cast(pa.timestamp("ms"), safe=False).cast(pa.int64())
            )
            table_rows = table_rows.set_column(index, field.name, instants)
    return table_rows


def entry_of(session: Row) -> RaceEntry:
    """Return what the list of races shows of a row of `sessions`."""
    return RaceEntry(
        race_id=race_id_of(session["year"], session["event"], session["session"]),
        session_id=session["session_id"],
        year=session["year"],
        name=session["event"],
        kind=session["session"],
        circuit=session["circuit"],
        quality=session["pos_quality"],
        has_clock=session["t0_utc"] is not None,
    )


def zero_of(session: Row, statuses: list[Row]) -> datetime:
    """Return the UTC instant of `t_ms` 0, to the millisecond.

    Without race control it is estimated from the announced start: half of such
    estimates are within 16 s, one in twenty is off by five minutes or more.
    """
    if session["t0_utc"] is not None:
        return from_ms(session["t0_utc"])
    started = min((row["t_ms"] for row in statuses if row["status"] == "Started"), default=0)
    scheduled = from_ms(session["start_local"]) - timedelta(seconds=session["gmt_offset_s"])
    return scheduled + USUAL_DELAY - timedelta(milliseconds=started)


def from_ms(since_epoch_ms: int) -> datetime:
    """Return an aware UTC instant from milliseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=since_epoch_ms)


def by_car(rows: list[Row]) -> Iterator[tuple[int, list[Row]]]:
    """Yield each car and its rows, both as they come in the table."""
    cars: dict[int, list[Row]] = {}
    for row in rows:
        cars.setdefault(row["car"], []).append(row)
    yield from cars.items()
