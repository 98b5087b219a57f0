"""Convert times in requests, which have an offset, to UTC."""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime
from pydantic_core import PydanticCustomError


def in_utc(instant: datetime) -> datetime:
    """Return the same instant in UTC.

    Raises:
        PydanticCustomError: The time is so near an end of the calendar that its offset, or
            arithmetic with it, would leave the calendar.

    Example:
        >>> in_utc(datetime.fromisoformat("2026-03-01T12:00:00+02:00")).hour
        10
    """
    # Within a day of either end, an offset or an hour subtracted could leave the calendar.
    if not 1 < instant.year < MAXYEAR:
        raise PydanticCustomError("moment", "No race was held in that year")
    return instant.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]
