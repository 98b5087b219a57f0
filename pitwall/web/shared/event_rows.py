"""Format recent events: battles that ended, and sentences for screen readers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pitwall.domain.battles import DEFAULT_RULES, EndReason
from pitwall.domain.frames import EndedLine, FeedState, LiveFrame
from pitwall.domain.race import Phase
from pitwall.web.shared.battle_rows import battle_key, stake_words
from pitwall.web.shared.car_rows import DriverCodes, driver_codes
from pitwall.web.shared.control_rows import pinned_flag
from pitwall.web.shared.header_rows import NoticeRow

ANNOUNCED_FOR = timedelta(seconds=30)
_REASONS = {
    EndReason.PASSED: ("Passed", "passed"),
    EndReason.DROPPED_BACK: ("Dropped back", "dropped back from"),
    EndReason.SEPARATED: ("Separated", "is separated from"),
    EndReason.PITTED: ("Pitted", "is, after a pit stop, no longer attacking"),
    EndReason.RETIRED: ("Retired", "is, after a retirement, no longer attacking"),
    EndReason.NEUTRALISED: ("Neutralised", "may not, while the race is neutralised, attack"),
    EndReason.FINISHED: ("Finished", "took the flag behind"),
}

_NO_FIELD = NoticeRow(
    "waiting", "Waiting for the first timing data", "The cars appear as soon as it arrives."
)
_FAILED = NoticeRow("red", "No data", "The feed could not be opened. The bar above says why.")
_FIRST_LAP = NoticeRow(
    "waiting",
    "Battles open on lap 2",
    "On the first lap every car is close to the next, and the gaps say little yet.",
)
_BEFORE_START = NoticeRow(
    "waiting",
    "Before lights out",
    "The cars are on the grid or on their way to it. Battles open on lap 2.",
)
_STANDS = NoticeRow("waiting", "The race is not running", "Battles open again when the cars race.")
_CALM = NoticeRow("calm", "No battle right now", "No car is within two seconds of the car ahead.")
_CLOSE = NoticeRow(
    "calm",
    "No battle right now",
    "Cars that are close have a gap too old to count, or one of the two is in the pits.",
)


@dataclass
class EndedRow:
    """A battle that ended; `tone` is `passed` for an overtake, else `over`."""

    key: str
    pair: str
    reason: str
    stake: str
    detail: str
    tone: str


@dataclass
class SpokenRow:
    """One sentence for the live region; the key keeps it from being read twice."""

    key: str
    words: str


def ended_rows(frame: LiveFrame) -> list[EndedRow]:
    """Format the battles that ended lately, newest first."""
    codes = driver_codes(frame)
    return [_ended_row(ended, codes) for ended in frame.ended]


def spoken_rows(frame: LiveFrame) -> list[SpokenRow]:
    """Return sentences on battles that opened or ended in the last half minute, oldest first."""
    now = frame.header.as_of
    if now is None:
        return []
    codes = driver_codes(frame)
    sentences = [
        (
            battle.opened_at,
            "open",
            battle_key(battle.attacker, battle.defender),
            f"{codes[battle.attacker]} attacks {codes[battle.defender]} "
            f"for {stake_words(battle.position)}.",
        )
        for battle in frame.battles
    ] + [
        (
            ended.ended_at,
            "back" if ended.taken_back else "end",
            battle_key(ended.attacker, ended.defender),
            _spoken_end(ended, codes),
        )
        for ended in frame.ended
    ]
    return [
        SpokenRow(key=f"{kind}-{pair}-{at:%H%M%S}", words=words)
        for at, kind, pair, words in sorted(sentences)
        if now - at <= ANNOUNCED_FOR
    ]


def empty_row(frame: LiveFrame) -> NoticeRow:
    """Return why there is no battle.

    An empty row while there is one, in qualifying, and where a panel of its own says more: behind
    a safety car, after a red flag and when the race is over.
    """
    header = frame.header
    if frame.battles or frame.timed is not None:
        return NoticeRow()
    if not frame.tower:
        return _FAILED if header.feed_state is FeedState.FAILED else _NO_FIELD
    if header.phase.is_over or pinned_flag(frame)[0] in {"safety", "red"}:
        return NoticeRow()
    if header.phase is not Phase.STARTED:
        return _STANDS if (header.lap or 0) >= DEFAULT_RULES.first_lap else _BEFORE_START
    if (header.lap or 0) < DEFAULT_RULES.first_lap:
        return _FIRST_LAP
    return _CLOSE if _any_close(frame) else _CALM


def _any_close(frame: LiveFrame) -> bool:
    """Whether the tower shows an interval at which a battle would open."""
    limit_s = DEFAULT_RULES.opens_below_s
    return any(
        car.interval_s is not None and car.interval_s < limit_s
        for car in frame.tower[1:]
        if not (car.retired or car.stopped)
    )


def _spoken_end(ended: EndedLine, codes: DriverCodes) -> str:
    sentence = (
        f"{codes[ended.attacker]} {_REASONS[ended.reason][1]} "
        f"{codes[ended.defender]} for {stake_words(ended.position)}."
    )
    return f"That was no pass: {sentence}" if ended.taken_back else sentence


def _ended_row(ended: EndedLine, codes: DriverCodes) -> EndedRow:
    forecast = ended.p_overtake_before
    passed = ended.reason is EndReason.PASSED
    details = [f"{ended.laps} lap{'' if ended.laps == 1 else 's'}"]
    if forecast is not None:
        details.append("was under 1 %" if forecast < 0.01 else f"was {round(100 * forecast)} %")
    if ended.taken_back:
        details.insert(0, "no pass, as was told")
    return EndedRow(
        key=f"{battle_key(ended.attacker, ended.defender)}-{ended.ended_at:%H%M%S}",
        pair=f"{codes[ended.attacker]} → {codes[ended.defender]}",
        reason=_REASONS[ended.reason][0],
        stake=f"for {stake_words(ended.position)}",
        detail=" · ".join(details),
        tone="passed" if passed else "over",
    )
