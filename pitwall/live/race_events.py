"""Derive what happened in a race from two frames that follow each other.

Push channels tell these events. A reader that skips frames loses none of them but a battle that
opened and ended in between, because each frame holds what ended recently.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pitwall.domain.battles import EndReason
from pitwall.domain.frames import BattleLine, EndedLine, FrameHeader, LiveFrame


class EventKind(StrEnum):
    """What happened."""

    BATTLE_OPENED = "battle_opened"
    BATTLE_ENDED = "battle_ended"  # but for passes
    PASSED = "passed"
    FLAG = "flag"  # the track's state or the phase of the race changed


@dataclass(frozen=True, slots=True)
class RaceEvent:
    """One thing that happened between two frames.

    Attributes:
        kind: What happened.
        opened: The battle that opened; None for other kinds.
        ended: The battle that ended, or a correction of how; None for other kinds.
        frame: The frame that told it, with both cars and the state of the track.
    """

    kind: EventKind
    frame: LiveFrame
    opened: BattleLine | None = None
    ended: EndedLine | None = None

    @property
    def pair(self) -> tuple[int, int] | None:
        """The car numbers of attacker and defender; None for a flag."""
        battle = self.opened or self.ended
        return None if battle is None else (battle.attacker, battle.defender)

    @property
    def p_overtake(self) -> float | None:
        """The forecast of the battle: as it opened, or the last before it ended."""
        if self.opened is not None:
            return self.opened.p_overtake
        return None if self.ended is None else self.ended.p_overtake_before


def events_between(earlier: LiveFrame | None, later: LiveFrame) -> Iterator[RaceEvent]:
    """Yield what happened after one frame, up to the next: ends first, then flags, then openings.

    Nothing is yielded for the first frame, nor where another race or a jump in time lies between
    the two: what a reader finds there did not happen just now.
    """
    if earlier is None or not _follows(earlier.header, later.header):
        return
    told = set(earlier.ended)
    for ended in reversed(later.ended):
        if ended not in told:
            passed = ended.reason is EndReason.PASSED
            kind = EventKind.PASSED if passed else EventKind.BATTLE_ENDED
            yield RaceEvent(kind, later, ended=ended)
    if _flags(earlier.header) != _flags(later.header):
        yield RaceEvent(EventKind.FLAG, later)
    under_way = {_key(battle) for battle in earlier.battles}
    for battle in later.battles:
        if _key(battle) not in under_way:
            yield RaceEvent(EventKind.BATTLE_OPENED, later, opened=battle)


def _follows(earlier: FrameHeader, later: FrameHeader) -> bool:
    """Whether the second header shows the same race, at the same moment or later."""
    if (earlier.race_id, earlier.feed) != (later.race_id, later.feed):
        return False
    return earlier.as_of is None or (later.as_of is not None and later.as_of >= earlier.as_of)


def _flags(header: FrameHeader) -> tuple[object, ...]:
    return header.track_status, header.phase, header.overtake_enabled


def _key(battle: BattleLine) -> tuple[object, ...]:
    return battle.attacker, battle.defender, battle.opened_at
