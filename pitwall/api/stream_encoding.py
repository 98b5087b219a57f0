"""Encode the moments of a race as server-sent events, each part once for all readers.

The head of a frame, each battle and each event are encoded once. What a filter asks for is then
selected and joined, and that too once for all readers with the same filter: a reader with a filter
of its own costs a selection, not an encoding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from pitwall.api.live_schemas import BattleOut, BattlesOut
from pitwall.api.stream_schemas import FrameBattleOut, FrameOut, HeartbeatOut, event_out
from pitwall.domain.frames import BattleLine, LiveFrame
from pitwall.live.event_ring import Backlog, FrameNews
from pitwall.live.event_stream import message
from pitwall.live.race_events import RaceEvent


class StreamEvent(StrEnum):
    """The kinds of events of the stream."""

    FRAME = "frame"
    BATTLE_OPENED = "battle_opened"
    BATTLE_ENDED = "battle_ended"
    PASSED = "passed"
    FLAG = "flag"
    HEARTBEAT = "heartbeat"
    MISSED = "missed"


class Detail(StrEnum):
    """How much a `frame` says."""

    BRIEF = "brief"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader asked for; readers that ask for the same share each encoding.

    Attributes:
        min_p: Only battles with at least this forecast.
        drivers: Only battles of these cars, by their three letters or numbers; empty for all.
        events: Only these kinds; empty for all. Heartbeats always come.
        fading: Whether battles that are only kept open are in frames.
        detail: How much frames say.
    """

    min_p: float = 0.0
    drivers: frozenset[str] = frozenset()
    events: frozenset[StreamEvent] = frozenset()
    fading: bool = False
    detail: Detail = Detail.BRIEF

    def has(self, kind: StreamEvent) -> bool:
        """Whether events of a kind are wanted."""
        return not self.events or kind in self.events

    def takes_event(self, event: RaceEvent, names: CarNames) -> bool:
        """Whether an event is wanted."""
        if not self.has(StreamEvent(event.kind)):
            return False
        pair = event.pair
        if pair is None:
            return True
        # A battle opens before its first forecast: what is not known yet is told, not hidden.
        p = event.p_overtake
        return (p is None or p >= self.min_p) and self._takes_pair(*pair, names)

    def takes_battle(self, battle: BattleLine, names: CarNames) -> bool:
        """Whether a battle is wanted in frames."""
        return (
            (self.fading or not battle.fading)
            and (battle.p_overtake or 0.0) >= self.min_p
            and self._takes_pair(battle.attacker, battle.defender, names)
        )

    def _takes_pair(self, attacker: int, defender: int, names: CarNames) -> bool:
        if not self.drivers:
            return True
        return not all(
            self.drivers.isdisjoint(names.get(number, (str(number),)))
            for number in (attacker, defender)
        )


CarNames = dict[int, frozenset[str]]
"""Number and three letters of each car, by number."""


class _Parts:
    """The parts of a moment, each encoded when it is first asked for."""

    def __init__(self, moment: FrameNews) -> None:
        self._moment = moment
        self._cars = {int(line.number): line for line in moment.frame.tower}
        self.names: CarNames = {number: line.names for number, line in self._cars.items()}
        self._heads: dict[Detail, bytes] = {}
        self._battles: dict[tuple[Detail, int], bytes] = {}
        self._events: dict[int, bytes] = {}

    def frame(self, filters: Wanted) -> bytes:
        """Return the JSON of the frame with the battles that are wanted."""
        detail = filters.detail
        battles = b",".join(
            self._battle(place, battle, detail)
            for place, battle in enumerate(self._moment.frame.battles)
            if filters.takes_battle(battle, self.names)
        )
        return b"%b%b]}" % (self._head(detail), battles)

    def event(self, place: int) -> bytes:
        """Return the JSON of the event at a place in the moment."""
        known = self._events.get(place)
        if known is None:
            made = event_out(self._moment.events[place]).model_dump_json().encode()
            known = self._events[place] = made
        return known

    def _head(self, detail: Detail) -> bytes:
        known = self._heads.get(detail)
        if known is None:
            known = self._heads[detail] = _open_list(_without_battles(self._moment.frame, detail))
        return known

    def _battle(self, place: int, battle: BattleLine, detail: Detail) -> bytes:
        known = self._battles.get((detail, place))
        if known is None:
            if detail is Detail.FULL:
                text = BattleOut.of(battle, self._cars).model_dump_json()
            else:
                text = FrameBattleOut.of(battle, self._cars).model_dump_json(exclude_defaults=True)
            known = self._battles[detail, place] = text.encode()
        return known


def _without_battles(frame: LiveFrame, detail: Detail) -> BattlesOut | FrameOut:
    if detail is Detail.FULL:
        return BattlesOut.with_battles(frame, ())
    return FrameOut.of(frame)


def _open_list(frame: BattlesOut | FrameOut) -> bytes:
    """Return the JSON of a frame up to its battles, which come last."""
    text = frame.model_dump_json(exclude={"battles"})
    return text.removesuffix("}").encode() + b',"battles":['


def encoded(moment: FrameNews, filters: Wanted, *, frame: bool) -> bytes:
    """Return the events of a moment as a reader is sent them, and its frame if asked for."""
    return moment.encoded.get(
        (filters, frame), lambda: b"".join(_messages(moment, filters, frame=frame))
    )


def _messages(moment: FrameNews, filters: Wanted, *, frame: bool) -> Iterator[bytes]:
    """Yield the messages of a moment; the last one has its id, so that a cut repeats them all."""
    parts = moment.prepared.get("parts", lambda: _Parts(moment))
    messages = [
        (StreamEvent(event.kind), parts.event(place))
        for place, event in enumerate(moment.events)
        if filters.takes_event(event, parts.names)
    ]
    if frame and filters.has(StreamEvent.FRAME):
        messages.append((StreamEvent.FRAME, parts.frame(filters)))
    for place, (kind, data) in enumerate(messages, start=1):
        yield message(data, kind, moment.id if place == len(messages) else "")


def unseen(backlog: Backlog, filters: Wanted) -> bytes:
    """Return what a reader has not seen: every event, and the newest frame alone."""
    *earlier, newest = backlog.moments
    pieces = [] if backlog.is_whole else [message(b"{}", StreamEvent.MISSED)]
    pieces += [encoded(each, filters, frame=False) for each in earlier]
    pieces.append(encoded(newest, filters, frame=True))
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def heartbeat(newest: LiveFrame | None) -> bytes:
    """Return the event that tells a reader that the server is there."""
    state = None if newest is None else newest.header.feed_state
    beat = HeartbeatOut(at=datetime.now(UTC), feed_state=state)
    return message(beat.model_dump_json().encode(), StreamEvent.HEARTBEAT)
