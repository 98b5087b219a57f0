"""Store instants as UTC to the microsecond, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from pitwall.domain.race import START_OF_TIME

_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant: `timestamptz` on PostgreSQL, microseconds since 1970 on SQLite.

    SQLite has no type for instants; a number is exact, sorts and takes eight bytes where
    text takes 27. `datetime(created_at / 1e6, 'unixepoch')` shows it to people.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of the database."""
        is_sqlite = dialect.name == "sqlite"
        return dialect.type_descriptor(BigInteger() if is_sqlite else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ANN401
        """Return the value for the driver.

        Raises:
            ValueError: The instant has no time zone, so that it is ambiguous.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"an instant needs a time zone, was {value!r}"
            raise ValueError(message)
        return to_micros(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401
        """Return the instant that the driver's value stands for."""
        if value is None:
            return None
        return from_micros(value) if dialect.name == "sqlite" else value.astimezone(UTC)


def to_micros(instant: datetime) -> int:
    """Return whole microseconds since 1970.

    Example:
        >>> to_micros(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
        1000000
    """
    return (instant - START_OF_TIME) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the aware UTC instant; the inverse of `to_micros`."""
    return START_OF_TIME + timedelta(microseconds=micros)


def utc_now() -> datetime:
    """Return the present, aware, for columns filled at insertion."""
    return datetime.now(UTC)
