"""Format race control: its log, what is pinned of it, and what hangs over each car."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import Final

from pitwall.domain.frames import FrameHeader, LiveFrame, TowerLine
from pitwall.domain.race import ControlMessage, DriverNumber, Phase, TrackStatus
from pitwall.domain.rulings import (
    ControlKind,
    Matter,
    Penalty,
    RulingStep,
    message_kind,
    open_matters,
)
from pitwall.web.shared.car_rows import DriverCodes, driver_codes
from pitwall.web.shared.display_text import SENTENCE, cut

PAGE: Final = 32
"""Messages that are sent again with each new one; earlier ones are sent once in so many."""

_MANY_DELETED: Final = 2

_LONGEST: Final = 600  # three times the longest of eight seasons: a bound, not a cut

_FLAGS: Final = {
    TrackStatus.YELLOW: ("yellow", "Yellow flag"),
    TrackStatus.SAFETY_CAR: ("safety", "Safety car"),
    TrackStatus.RED: ("red", "Red flag"),
    TrackStatus.VIRTUAL_SAFETY_CAR: ("safety", "Virtual safety car"),
    TrackStatus.VSC_ENDING: ("safety", "Virtual safety car ending"),
}


@dataclass
class LogRow:
    """One message of the log; `kind` is a CSS class and `at` the time of day, UTC."""

    key: str
    at: str
    lap: str
    kind: str
    text: str


@dataclass
class PinnedRow:
    """What stays in view of race control.

    `flag` is a CSS class, "" on a clear track; `title` names the flag and its sectors, and `cause`
    is what race control said happened. `latest` is the newest message that is no blue flag.
    """

    flag: str = ""
    title: str = ""
    cause: str = ""
    latest: str = ""
    latest_at: str = ""


@dataclass
class HangRow:
    """What hangs over one car: in a few letters, in words, and as a CSS class."""

    short: str
    words: str
    tone: str


LogParts = tuple[list[dict[str, str]], list[dict[str, str]]]


def log_rows(frame: LiveFrame) -> LogParts:
    """Format the whole log, newest first: the messages since the last full page, and all before.

    The first part changes with each message and is short; the second changes once a page. Both are
    `LogRow`s as JSON, and the same lists as long as there is no new message: late in a race, making
    300 of them four times a second would be the costliest part of a frame.
    """
    known = _logs.get(id(frame.control))
    if known is not None and known[0] is frame.control:
        return known[1]
    rows = [asdict(_log_row(index, each)) for index, each in enumerate(frame.control)]
    full = len(rows) // PAGE * PAGE
    parts = rows[full:][::-1], rows[:full][::-1]
    _logs[id(frame.control)] = (frame.control, parts)
    while len(_logs) > _LOGS_HELD:
        _logs.popitem(last=False)
    return parts


_LOGS_HELD: Final = 16  # the live race, delayed tabs and replays have logs of their own
_logs: OrderedDict[int, tuple[tuple[ControlMessage, ...], LogParts]] = OrderedDict()


def control_row(frame: LiveFrame) -> PinnedRow:
    """Format what stays in view: the flag with its cause, and the newest message."""
    flag, title = pinned_flag(frame)
    newest = next(
        (each for each in reversed(frame.control) if message_kind(each) is not ControlKind.BLUE),
        None,
    )
    return PinnedRow(
        flag=flag,
        title=title,
        cause=cut(frame.flag_cause.message, SENTENCE) if flag and frame.flag_cause else "",
        latest=cut(newest.message, _LONGEST) if newest else cut(frame.header.latest_control, 240),
        latest_at=f"{newest.at:%H:%M:%S}" if newest else "",
    )


def pinned_flag(frame: LiveFrame) -> tuple[str, str]:
    """Return the CSS class of the flag that is out and its words, with the sectors of a yellow."""
    header = frame.header
    if header.phase.is_over or header.as_of is None:
        return "", ""
    if header.phase is Phase.ABORTED:
        return _FLAGS[TrackStatus.RED]
    if header.track_status not in _FLAGS:
        return "", ""
    flag, title = _FLAGS[header.track_status]
    sectors = header.yellow_sectors
    if header.track_status is not TrackStatus.YELLOW or not sectors:
        return flag, title
    word = "Double yellow flag" if header.double_yellow_sectors else title
    named = " and ".join(map(str, sorted(sectors)))
    return flag, f"{word} in sector{'' if len(sectors) == 1 else 's'} {named}"


def hang_rows(frame: LiveFrame) -> dict[str, HangRow]:
    """Format what hangs over each car; cars over which nothing hangs are left out."""
    codes = driver_codes(frame)
    rows = ((car.number, _hang_row(car, frame.header, codes)) for car in frame.tower)
    return {str(number): row for number, row in rows if row is not None}


def _log_row(index: int, message: ControlMessage) -> LogRow:
    return LogRow(
        key=str(index),
        at=f"{message.at:%H:%M:%S}",
        lap=str(message.lap_number or ""),
        kind=message_kind(message).value,
        text=cut(message.message, _LONGEST),
    )


def _hang_row(car: TowerLine, header: FrameHeader, codes: DriverCodes) -> HangRow | None:
    rulings = car.rulings
    matters = open_matters(rulings, header.as_of)
    due = [penalty for penalty in rulings.penalties if not penalty.is_served]
    short = [penalty.words for penalty in due]
    short += dict.fromkeys(_SHORT[matter.step] for matter in matters)
    if rulings.is_ordered_in:
        short.append("Repair")
    if rulings.warning and not due:
        short.append("B/W")
    if rulings.deleted_laps >= _MANY_DELETED:
        short.append(f"{rulings.deleted_laps} del.")
    words = [_penalty_words(penalty) for penalty in rulings.penalties]
    words += [_matter_words(matter, car.number, codes) for matter in reversed(matters)]
    if rulings.is_ordered_in:
        words.append("Must come in for repairs")
    if rulings.warning:
        words.append(f"Black-and-white flag: {rulings.warning}")
    if rulings.deleted_laps:
        words.append(f"{rulings.deleted_laps} lap{_s(rulings.deleted_laps)} deleted")
    if not words:
        return None
    under = any(matter.step is not RulingStep.NOTED for matter in matters)
    return HangRow(
        short=" ".join(short[:3]),
        words=cut(". ".join(words) + ".", 300),
        tone="penalty" if due else "under" if under else "noted",
    )


_SHORT: Final = {
    RulingStep.NOTED: "Noted",
    RulingStep.INVESTIGATED: "Inv.",
    RulingStep.AFTER_RACE: "Inv. later",
}
_LONG: Final = {
    RulingStep.NOTED: "Incident noted",
    RulingStep.INVESTIGATED: "Under investigation",
    RulingStep.AFTER_RACE: "To be investigated after the session",
}


def _penalty_words(penalty: Penalty) -> str:
    named = f"{penalty.seconds} s penalty" if penalty.seconds else penalty.words
    reason = f" for {penalty.reason}" if penalty.reason else ""
    return cut(f"{named}{reason}, {'served' if penalty.is_served else 'not served yet'}", 120)


def _matter_words(matter: Matter, car: DriverNumber, codes: DriverCodes) -> str:
    others = [codes[other] for other in matter.cars if other != car]
    told = [
        matter.reason,
        f"with {' and '.join(others)}" if others else "",
        matter.place.capitalize() if "TURN" in matter.place else matter.place.lower(),
    ]
    return cut(f"{_LONG[matter.step]}: {', '.join(filter(None, told)) or 'no more is told'}", 120)


def _s(count: int) -> str:
    return "" if count == 1 else "s"
