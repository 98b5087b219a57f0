"""Format what the page header says about the race and the feed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pitwall import __version__
from pitwall.domain.countdown import countdown
from pitwall.domain.frames import FeedState, FrameHeader, LiveFrame
from pitwall.domain.race import Inferred, Phase, TrackStatus
from pitwall.domain.sessions import SessionType, Source
from pitwall.web.shared.display_text import SENTENCE, cut

_FLAGS = {
    TrackStatus.CLEAR: ("clear", "Track clear"),
    TrackStatus.YELLOW: ("yellow", "Yellow flag"),
    TrackStatus.SAFETY_CAR: ("safety", "Safety car"),
    TrackStatus.RED: ("red", "Red flag"),
    TrackStatus.VIRTUAL_SAFETY_CAR: ("safety", "Virtual safety car"),
    TrackStatus.VSC_ENDING: ("safety", "VSC ending"),
}
_SOURCES: dict[str, str] = {
    Source.LIVE: "Live",
    Source.RECORDED: "Recorded race",
    Source.RECONSTRUCTED: "Reconstructed from timing archive",
    Source.SIMULATED: "Simulated race",
}
_FIRST_YEAR_WITHOUT_DRS = 2026


@dataclass
class HeaderRow:
    """The race header; `flag`, `source` and `overtake` are CSS classes, the rest is text.

    `lap_number` is the lap as a number, 0 while it is not known. `clock` is UTC, on `day`, from
    which the page makes the time in the visitor's zone.
    """

    race: str = ""
    venue: str = ""
    lap: str = "--"
    total_laps: str = "--"
    flag: str = "unknown"
    flag_word: str = "No signal"
    clock: str = "--:--:--"
    source: str = "unknown"
    source_word: str = "Connecting"
    pace: str = ""
    overtake: str = "unknown"
    overtake_label: str = "Overtake mode"
    overtake_word: str = "unknown"
    control: str = ""
    feed: str = ""
    skipped: str = ""
    model: str = ""
    why: str = ""
    skew: str = ""
    gaps: str = ""
    inferred: str = ""
    next_race: str = ""
    lap_number: int = 0
    day: str = ""
    utc_offset_s: int | None = None
    release: str = ""


@dataclass
class PulseRow:
    """What the watchdog in the browser reads: changes with every frame, -1 when unknown."""

    sequence: int = -1
    age_s: float = -1.0
    feed: str = "waiting"


@dataclass
class NoticeRow:
    """A sentence across the page; `title` is "" when there is nothing to say."""

    tone: str = ""
    title: str = ""
    detail: str = ""


def header_row(frame: LiveFrame) -> HeaderRow:
    """Format the race header."""
    header = frame.header
    flag, flag_word = _flag(header)
    label, overtake, overtake_word = _overtake_aid(header)
    skipped = header.malformed
    return HeaderRow(
        race=_title(header),
        venue=" · ".join(
            cut(str(part)) for part in (header.kind, header.circuit, header.year) if part
        ),
        lap="--" if header.lap is None else str(header.lap),
        total_laps="--" if header.total_laps is None else str(header.total_laps),
        flag=flag,
        flag_word=flag_word,
        clock="--:--:--" if header.as_of is None else f"{header.as_of:%H:%M:%S}",
        source=header.source,
        source_word=_source_word(header),
        pace=_pace(header),
        overtake=overtake,
        overtake_label=label,
        overtake_word=overtake_word,
        control=cut(header.latest_control, SENTENCE),
        feed=header.feed,
        skipped=f"{skipped} malformed message part{'' if skipped == 1 else 's'} skipped"
        if skipped
        else "",
        model=frame.model_version,
        why=header.why,
        skew=_skew(header.clock_skew_s),
        gaps=f"{header.gaps} connection gap{'' if header.gaps == 1 else 's'} bridged"
        if header.gaps
        else "",
        inferred=_inferred(header),
        next_race=_next_race(header, frame.published_at),
        lap_number=header.lap or 0,
        day="" if header.as_of is None else f"{header.as_of:%Y-%m-%d}",
        utc_offset_s=header.utc_offset_s,
        release=__version__,
    )


def _title(header: FrameHeader) -> str:
    """Return the name of the meeting, and of the session where it is no race."""
    name = cut(header.name)
    if not name:
        is_starting = header.feed_state is FeedState.CONNECTING
        return "Opening the race" if is_starting else "Race name not known yet"
    if header.session_type is SessionType.RACE:
        return name
    return cut(f"{name} · {header.kind or 'Qualifying'}")


def _source_word(header: FrameHeader) -> str:
    if header.source == Source.RECORDED and header.session_type is not SessionType.RACE:
        return "Recorded session"
    return _SOURCES.get(header.source, header.source)


def pulse_row(frame: LiveFrame) -> PulseRow:
    """Return what the watchdog needs to tell fresh data from stale."""
    age = frame.data_age_s
    return PulseRow(
        sequence=frame.sequence,
        age_s=-1.0 if age is None else round(age, 1),
        feed=frame.header.feed_state.value,
    )


def notice_row(header: FrameHeader, cache_fault: str = "") -> NoticeRow:
    """Return what is wrong with the feed, else with the shared cache; empty when nothing is.

    A stale feed is left to the watchdog, which counts the age of the data in the browser.
    """
    detail = cut(header.feed_detail, SENTENCE)
    match header.feed_state:
        case FeedState.FAILED:
            reason = detail or "The feed gave no reason."
            return NoticeRow("failed", f"Feed {header.feed} failed", reason)
        case FeedState.PAUSED:
            return NoticeRow("paused", "Replay paused", detail)
        case FeedState.ENDED:
            return NoticeRow("ended", "The feed has ended: this is the last picture", detail)
        case _:
            if detail:
                return NoticeRow("told", detail)
            return (
                NoticeRow("told", "Shared cache unavailable", cache_fault)
                if cache_fault
                else NoticeRow()
            )


_INFERRED = {
    Inferred.SESSION: "session named after the recording",
    Inferred.PHASE: "phase inferred from line crossings",
    Inferred.LAP: "lap inferred from line crossings",
    Inferred.TRACK_STATUS: "flags inferred from race control",
}


def _inferred(header: FrameHeader) -> str:
    """Return what of the header no topic has told."""
    return ", ".join(_INFERRED[each] for each in header.inferred)


def _flag(header: FrameHeader) -> tuple[str, str]:
    if header.as_of is None:
        is_starting = header.feed_state is FeedState.CONNECTING
        return "unknown", "Starting" if is_starting else "No signal"
    if header.phase.is_over:
        return "chequered", "Chequered flag"
    if header.phase is Phase.ABORTED:
        return _FLAGS[TrackStatus.RED]
    if header.phase is Phase.INACTIVE and header.track_status.allows_overtaking:
        return "waiting", "Not started"
    return _FLAGS[header.track_status]


def _overtake_aid(header: FrameHeader) -> tuple[str, str, str]:
    label = "DRS" if 0 < header.year < _FIRST_YEAR_WITHOUT_DRS else "Overtake mode"
    if header.overtake_enabled is None:
        return label, "unknown", "unknown"
    return (label, "on", "enabled") if header.overtake_enabled else (label, "off", "disabled")


def _skew(skew_s: float | None) -> str:
    """Return how far the feed's clock is from ours, as text.

    The time of delivery, which is never negative, is part of it.
    """
    if skew_s is None:
        return ""
    if skew_s < 0:
        return f"clock {-skew_s:.1f} s ahead of this server's"
    return f"clock and delivery {skew_s:.1f} s behind this server's"


def _next_race(header: FrameHeader, now: datetime) -> str:
    if header.next_race_at is None:
        return header.race_moved
    until = f"Next: {header.next_race} in {countdown(header.next_race_at - now)}"
    return f"{until}. {header.race_moved}" if header.race_moved else until


def _pace(header: FrameHeader) -> str:
    if header.source == Source.LIVE:
        return ""
    speed = f"\N{MULTIPLICATION SIGN}{header.speed:g}"
    return speed if header.source == Source.SIMULATED else f"Replay {speed}"
