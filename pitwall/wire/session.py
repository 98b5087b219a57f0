"""Decode topics about the whole session: its identity, phase, flags, laps and weather."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from pitwall.domain.events import (
    ClockTold,
    ControlSaid,
    FolderNamed,
    LapCounted,
    PartTold,
    PhaseChanged,
    RaceDescribed,
    StatusRepeated,
    TrackStatusChanged,
    WeatherMeasured,
)
from pitwall.domain.names import slug
from pitwall.domain.race import ControlMessage, DriverNumber, Phase, RaceInfo, TrackStatus, Weather
from pitwall.domain.sessions import kind_of
from pitwall.wire.containers import each_item, read_field
from pitwall.wire.decode_result import Findings
from pitwall.wire.team_radio import read_path
from pitwall.wire.texts import read_message, read_name, read_word
from pitwall.wire.values import (
    NotAValueError,
    read_count,
    read_driver_number,
    read_duration,
    read_flag,
    read_instant,
    read_number,
    read_text,
)

_TRACK_STATUSES = {
    "1": TrackStatus.CLEAR,
    "2": TrackStatus.YELLOW,
    "4": TrackStatus.SAFETY_CAR,
    "5": TrackStatus.RED,
    "6": TrackStatus.VIRTUAL_SAFETY_CAR,
    "7": TrackStatus.VSC_ENDING,
}
_PHASES = {phase.value: phase for phase in Phase} | {
    "resumed": Phase.STARTED,
    "restarted": Phase.STARTED,
    "suspended": Phase.ABORTED,
    "finalized": Phase.FINALISED,
    "ended": Phase.ENDS,
}
# `SessionData` names the track's status in words.
_TRACK_WORDS = {
    "allclear": TrackStatus.CLEAR,
    "clear": TrackStatus.CLEAR,
    "yellow": TrackStatus.YELLOW,
    "scdeployed": TrackStatus.SAFETY_CAR,
    "red": TrackStatus.RED,
    "vscdeployed": TrackStatus.VIRTUAL_SAFETY_CAR,
    "vscending": TrackStatus.VSC_ENDING,
}
_OFFSET = re.compile(r"([+-]?)(\d{1,2}):(\d{2})(?::(\d{2}))?\Z", re.ASCII)
_WEATHER = {
    "AirTemp": "air_c",
    "TrackTemp": "track_c",
    "Humidity": "humidity_pct",
    "Pressure": "pressure_hpa",
    "WindSpeed": "wind_mps",
    "WindDirection": "wind_direction_deg",
}


_MOST_PARTS = 9
INFERRED = "_inferred"  # marks a session that a recording does not name: see `feeds.recording`


def race_id_of(year: int, meeting: str, kind: str) -> str:
    """Return pitwall's key of a race: ASCII, lower case, words joined by hyphens.

    Example:
        >>> race_id_of(2024, "São Paulo Grand Prix", "Sprint")
        '2024-sao-paulo-grand-prix-sprint'
    """
    return slug(f"{year} {meeting} {kind}")


def decode_session_info(payload: dict[str, object], findings: Findings) -> None:
    """Add the identity of the race; a delta without meeting and session adds nothing."""
    meeting = payload.get("Meeting")
    if meeting is None and "Name" not in payload:
        return
    if not isinstance(meeting, dict):
        findings.fault("session_info", meeting)
        return
    name = read_field(meeting, "Name", read_name, "session_info", findings)
    session = read_field(payload, "Name", read_word, "session_info", findings)
    starts = read_field(payload, "StartDate", read_instant, "session_info", findings)
    if name is None or session is None or starts is None:
        findings.fault("session_info", payload)
        return
    kind = kind_of(session, payload.get("Type"))
    offset = read_field(payload, "GmtOffset", read_offset, "gmt_offset", findings)
    info = RaceInfo(
        race_id=race_id_of(starts.year, name, kind),
        name=name,
        kind=kind,
        circuit=_circuit(meeting, findings),
        year=starts.year,
        starts_at=_starts_at(starts, offset, findings),
        utc_offset_s=None if offset is None else round(offset.total_seconds()),
    )
    findings.add(RaceDescribed(findings.sent_at, info, payload.get(INFERRED) is True))
    folder = read_field(payload, "Path", read_path, "session_path", findings)
    if folder:
        findings.add(FolderNamed(findings.sent_at, folder))


def _circuit(meeting: dict[str, object], findings: Findings) -> str:
    circuit = meeting.get("Circuit")
    if not isinstance(circuit, dict):
        return ""
    return read_field(circuit, "ShortName", read_name, "session_info", findings) or ""


def _starts_at(local: datetime, offset: timedelta | None, findings: Findings) -> datetime | None:
    if offset is None:
        return None
    try:
        return local - offset
    except OverflowError:
        findings.fault("session_info", local)
        return None


def read_offset(value: object) -> timedelta:
    """Return an offset from UTC such as `04:00:00` or `-06:00:00`.

    Raises:
        NotAValueError: It is something else.
    """
    match = _OFFSET.match(value) if isinstance(value, str) else None
    if match is None:
        raise NotAValueError
    size = timedelta(hours=int(match[2]), minutes=int(match[3]), seconds=int(match[4] or 0))
    return -size if match[1] == "-" else size


def decode_session_status(payload: dict[str, object], findings: Findings) -> None:
    """Add the phase of the session."""
    phase = read_field(payload, "Status", _phase, "session_status", findings)
    if phase is not None:
        findings.add(PhaseChanged(findings.sent_at, phase))


def _phase(value: object) -> Phase:
    phase = _PHASES.get(read_text(value).lower())
    if phase is None:
        raise NotAValueError
    return phase


def decode_track_status(payload: dict[str, object], findings: Findings) -> None:
    """Add the track status; 3 occurs in no public record, so it is a fault."""
    status = read_field(payload, "Status", _track_status, "track_status", findings)
    if status is not None:
        findings.add(TrackStatusChanged(findings.sent_at, status))


def _track_status(value: object) -> TrackStatus:
    status = _TRACK_STATUSES.get(str(value)[:4])
    if status is None:
        raise NotAValueError
    return status


def decode_session_data(payload: dict[str, object], findings: Findings) -> None:
    """Add the newest phase, track status, lap and part; a snapshot has the whole past of them."""
    newest: dict[str, StatusRepeated] = {}
    part: int | None = None
    for entry in _told_so_far(payload, findings):
        part = read_field(entry, "QualifyingPart", _part, "session_part", findings) or part
        for event in _repeated(entry, findings):
            kind = "phase" if event.phase else "track" if event.track_status else "lap"
            if kind not in newest or newest[kind].told_at <= event.told_at:
                newest[kind] = event
    for event in sorted(newest.values(), key=lambda each: each.told_at):
        findings.add(event)
    if part is not None:
        findings.add(PartTold(findings.sent_at, part, is_repeated=True))


def _told_so_far(payload: dict[str, object], findings: Findings) -> Iterator[dict[str, object]]:
    for series in ("StatusSeries", "Series"):
        if payload.get(series) is not None:
            for _, entry in each_item(payload[series], findings, "session_data"):
                if isinstance(entry, dict):
                    yield entry


def _part(value: object) -> int:
    return read_count(value, most=_MOST_PARTS)


def _repeated(entry: dict[str, object], findings: Findings) -> Iterator[StatusRepeated]:
    at = read_field(entry, "Utc", read_instant, "session_data", findings) or findings.sent_at
    phase = read_field(entry, "SessionStatus", _phase, "session_status", findings)
    track = read_field(entry, "TrackStatus", _track_word, "track_status", findings)
    lap = read_field(entry, "Lap", read_count, "lap_count", findings)
    if phase is not None:
        yield StatusRepeated(findings.sent_at, at, phase=phase)
    if track is not None:
        yield StatusRepeated(findings.sent_at, at, track_status=track)
    if lap is not None:
        yield StatusRepeated(findings.sent_at, at, lap=lap)


def _track_word(value: object) -> TrackStatus:
    text = str(value)[:40]
    status = _TRACK_WORDS.get(text.lower().replace(" ", "")) or _TRACK_STATUSES.get(text)
    if status is None:
        raise NotAValueError
    return status


def decode_lap_count(payload: dict[str, object], findings: Findings) -> None:
    """Add the leader's lap and the announced distance."""
    lap = read_field(payload, "CurrentLap", read_count, "lap_count", findings)
    total = read_field(payload, "TotalLaps", read_count, "lap_count", findings)
    if lap is not None or total is not None:
        findings.add(LapCounted(findings.sent_at, lap, total))


def decode_clock(payload: dict[str, object], findings: Findings) -> None:
    """Add the session's clock."""
    at = read_field(payload, "Utc", read_instant, "clock", findings)
    remaining_s = read_field(payload, "Remaining", read_duration, "clock", findings)
    runs = read_field(payload, "Extrapolating", read_flag, "clock", findings)
    if remaining_s is not None or runs is not None:
        findings.add(ClockTold(findings.sent_at, at or findings.sent_at, remaining_s, runs))


def decode_weather(payload: dict[str, object], findings: Findings) -> None:
    """Add a weather reading; the feed always sends complete ones."""
    weather = _weather(payload, findings)
    if weather is not None:
        findings.add(WeatherMeasured(findings.sent_at, weather))


def decode_weather_series(payload: dict[str, object], findings: Findings) -> None:
    """Add the newest reading of a list of all of them, which repeats those of `WeatherData`."""
    series = payload.get("Series")
    if series is None:
        return
    newest: tuple[datetime, Weather] | None = None
    for _, entry in each_item(series, findings, "weather_series"):
        if not isinstance(entry, dict) or not isinstance(entry.get("Weather"), dict):
            findings.fault("weather_series_entry", entry)
            continue
        at = read_field(entry, "Timestamp", read_instant, "weather_series_time", findings)
        weather = _weather(entry["Weather"], findings)
        if at is not None and weather is not None and (newest is None or newest[0] <= at):
            newest = at, weather
    if newest is not None:
        findings.add(WeatherMeasured(findings.sent_at, newest[1], measured_at=newest[0]))


def _weather(payload: dict[str, object], findings: Findings) -> Weather | None:
    values = {
        field: read_field(payload, key, read_number, "weather", findings)
        for key, field in _WEATHER.items()
    }
    rainfall = read_field(payload, "Rainfall", read_flag, "weather", findings)
    if rainfall is None and all(value is None for value in values.values()):
        return None
    return Weather(rainfall=rainfall, **values)


def decode_control(payload: dict[str, object], findings: Findings) -> None:
    """Add every race-control message, in the order of its index."""
    messages = payload.get("Messages")
    if messages is not None:
        _control_list(messages, findings, is_repeated=False)


def decode_control_series(payload: dict[str, object], findings: Findings) -> None:
    """Add the messages of a second topic, which repeats those of race control.

    No recording of it is known; a list under its usual names is read, any other shape is a fault.
    """
    messages = payload.get("Messages", payload.get("Series"))
    if messages is not None:
        _control_list(messages, findings, is_repeated=True)
    elif any(key[:1] != "_" for key in payload):
        findings.fault("control_series_shape", ", ".join(payload)[:80])


def _control_list(messages: object, findings: Findings, *, is_repeated: bool) -> None:
    for _, message in each_item(messages, findings, "control"):
        if not isinstance(message, dict):
            findings.fault("control_not_object", message)
            continue
        text = read_field(message, "Message", read_message, "control_text", findings)
        if text is not None:
            said = _control_message(text, message, findings)
            findings.add(ControlSaid(findings.sent_at, said, is_repeated))


def _control_message(text: str, message: dict[str, object], findings: Findings) -> ControlMessage:
    stamped_at = read_field(message, "Utc", read_instant, "control_utc", findings)
    driver = read_field(message, "RacingNumber", _driver, "control_field", findings)
    return ControlMessage(
        at=stamped_at or findings.sent_at,
        category=read_field(message, "Category", read_word, "control_field", findings) or "",
        message=text,
        flag=read_field(message, "Flag", read_word, "control_field", findings),
        scope=read_field(message, "Scope", read_word, "control_field", findings),
        sector=read_field(message, "Sector", read_count, "control_field", findings),
        lap_number=read_field(message, "Lap", read_count, "control_field", findings),
        driver_number=driver,
    )


def _driver(value: object) -> DriverNumber:
    return read_driver_number(str(value)[:8])
