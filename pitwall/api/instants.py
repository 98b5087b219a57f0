"""Instants as requests name them: with an offset, and still an instant in UTC."""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime
from pydantic_core import PydanticCustomError


def in_utc(instant: datetime) -> datetime:
    """Return the same instant in UTC.

    Raises:
        PydanticCustomError: It lies so near to an end of time that its offset leads out of the
            calendar, or arithmetic with it would.

    Example:
        >>> in_utc(datetime.fromisoformat("2026-03-01T12:00:00+02:00")).hour
        10
    """
    # A day from either end its offset, or an hour that is taken off, could leave the calendar.
    if not 1 < instant.year < MAXYEAR:
        raise PydanticCustomError("moment", "No race was held in that year")
    return instant.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]
