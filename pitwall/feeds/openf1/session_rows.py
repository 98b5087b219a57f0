"""Rewrite the rows that describe a session: `sessions`, `meetings` and `drivers`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from pitwall.domain.sessions import SessionType, kind_of, type_of
from pitwall.feeds.openf1.measured_rows import message
from pitwall.feeds.openf1.rows import Row, car_of, instant_of, text_of
from pitwall.wire.message import RawMessage
from pitwall.wire.session import read_offset
from pitwall.wire.values import NotAValueError

_DRIVER = {
    "Tla": "name_acronym",
    "BroadcastName": "broadcast_name",
    "FullName": "full_name",
    "FirstName": "first_name",
    "LastName": "last_name",
    "TeamName": "team_name",
    "TeamColour": "team_colour",
}


def session_message(at: datetime, session: Row, meeting: Row) -> RawMessage | None:
    """Return `SessionInfo`; None when the session has no name or no time.

    Without its meeting a race is named after its country, which is not always its name.
    """
    starts, offset = instant_of(session, "date_start"), _offset(session)
    name = text_of(session, "session_name")
    if starts is None or name is None:
        return None
    country = text_of(session, "country_name") or text_of(meeting, "country_name") or ""
    payload: dict[str, Any] = {
        "Meeting": {
            "Key": session.get("meeting_key"),
            "Name": text_of(meeting, "meeting_name") or f"{country} Grand Prix".strip(),
            "Location": text_of(session, "location") or "",
            "Country": {"Name": country},
            "Circuit": {
                "Key": session.get("circuit_key"),
                "ShortName": text_of(session, "circuit_short_name") or "",
            },
        },
        "Key": session.get("session_key"),
        "Type": text_of(session, "session_type") or name,
        "Name": name,
        "StartDate": (starts + offset).replace(tzinfo=None).isoformat(),
        "GmtOffset": _offset_text(offset),
    }
    return message(at, "SessionInfo", payload)


def _offset(session: Row) -> timedelta:
    try:
        return read_offset(session.get("gmt_offset"))
    except NotAValueError:
        return timedelta(0)


def _offset_text(offset: timedelta) -> str:
    minutes = round(abs(offset) / timedelta(minutes=1))
    sign = "-" if offset < timedelta(0) else ""
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}:00"


def is_timed(session: Row) -> bool:
    """Return whether cars drive for a lap time in a session, as in qualifying and practice."""
    name = text_of(session, "session_name") or ""
    kind = kind_of(name, text_of(session, "session_type") or name)
    return type_of(kind) is not SessionType.RACE


def drivers_message(at: datetime, rows: Iterable[Row]) -> RawMessage | None:
    """Return `DriverList`; None without a driver."""
    payload = {}
    for row in rows:
        car = car_of(row)
        if car is not None:
            texts = {name: text_of(row, field) for name, field in _DRIVER.items()}
            line = {name: value for name, value in texts.items() if value is not None}
            payload[str(car)] = {"RacingNumber": str(car), **line}
    return message(at, "DriverList", payload) if payload else None
