"""Turn what happens in a race into what a webhook is told: whom it concerns, as words and as JSON.

A piece of news has a key that says what it is about and nothing about who saw it. Two workers that
see the same thing thereby make the same delivery, which is stored once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import UUID, uuid5

from pitwall.domain.battles import EndReason
from pitwall.domain.flags import TrackStatus
from pitwall.domain.frames import BattleLine, EndedLine, FrameHeader, LiveFrame, TowerLine
from pitwall.domain.sessions import Source
from pitwall.domain.webhooks import Delivery, DriverRole, HookEvent, HookFilter, Webhook
from pitwall.live.race_events import RaceEvent

_MADE_UP_S: Final = 600  # a made-up race that begins again within this is taken for the same
_LONGEST_WORDS: Final = 300
_OVERTAKE_MODE_FROM: Final = 2026
_STATUS: Final = {
    TrackStatus.CLEAR: "Track clear",
    TrackStatus.YELLOW: "Yellow flag",
    TrackStatus.SAFETY_CAR: "Safety car",
    TrackStatus.RED: "Red flag",
    TrackStatus.VIRTUAL_SAFETY_CAR: "Virtual safety car",
    TrackStatus.VSC_ENDING: "Virtual safety car ending",
}
_BECAUSE: Final = {
    EndReason.PASSED: "passed",
    EndReason.DROPPED_BACK: "dropped back",
    EndReason.SEPARATED: "separated",
    EndReason.PITTED: "a stop in the pits",
    EndReason.RETIRED: "retired",
    EndReason.NEUTRALISED: "the race is neutralised",
    EndReason.FINISHED: "the race is over",
}


@dataclass(frozen=True)
class News:
    """One thing that webhooks may be told of.

    Attributes:
        event: What kind of thing.
        key: What it is about, the same in every worker.
        frame: The frame that told it.
        opened, ended: The battle that it is about; None where it is about another kind.
    """

    event: HookEvent
    key: str
    frame: LiveFrame
    opened: BattleLine | None = None
    ended: EndedLine | None = None

    @property
    def battle(self) -> BattleLine | EndedLine | None:
        """The battle that it is about; None for a flag."""
        return self.opened or self.ended

    @cached_property
    def words(self) -> str:
        """The news as a sentence without a full stop."""
        battle = self.battle
        words = self._flag() if battle is None else self._of_battle(battle)
        return words[:_LONGEST_WORDS]

    @cached_property
    def body(self) -> str:
        """The news as JSON, in the structure that Standard Webhooks recommends."""
        header = self.frame.header
        data: dict[str, Any] = {
            "words": self.words,
            "race": header.name,
            "race_id": header.race_id,
            "source": header.source,
            "as_of": _text(header.as_of),
            "lap": header.lap,
            "total_laps": header.total_laps,
            "track_status": header.track_status.value,
            "phase": header.phase.value,
        }
        if self.battle is not None:
            data |= self._battle_data(self.battle)
        at = self.frame.published_at
        return json.dumps(
            {"type": self.event.value, "timestamp": _text(at), "data": data}, ensure_ascii=False
        )

    def is_for(self, wanted: HookFilter) -> bool:
        """Whether a webhook wants to be told."""
        if wanted.only_live and self.frame.header.source != Source.LIVE:
            return False
        taken_back = self.ended is not None and self.ended.taken_back
        if self.event not in wanted.events and not (
            taken_back and HookEvent.PASSED in wanted.events  # it was told of the pass before
        ):
            return False
        if self.event is HookEvent.PASSED or taken_back:
            before = self.ended.p_overtake_before if self.ended else None
            limit = wanted.pass_below
            if limit is not None and (before is None or before >= limit):
                return False
        return self._concerns(wanted)

    def for_hook(self, hook: Webhook, now: datetime, place: int = 0) -> Delivery:
        """Return the delivery of this to a webhook; its id follows from both.

        Args:
            hook: The webhook.
            now: When it may be sent.
            place: Among the news of its frame, so that they are sent in their order.
        """
        at = self.frame.published_at + timedelta(microseconds=place)
        return Delivery(
            uuid5(hook.id, self.key), hook.id, self.event, self.words, self.body, at, now
        )

    def _concerns(self, wanted: HookFilter) -> bool:
        battle = self.battle
        if battle is None or not wanted.drivers:
            return True
        sides = {
            DriverRole.ANY: (battle.attacker, battle.defender),
            DriverRole.ATTACKER: (battle.attacker,),
            DriverRole.DEFENDER: (battle.defender,),
        }[wanted.role]
        names = {str(number) for number in sides}
        names.update(*(line.names for line in self.frame.tower if line.number in sides))
        return not names.isdisjoint(wanted.drivers)

    def _of_battle(self, battle: BattleLine | EndedLine) -> str:
        attacker, defender = self._name(battle.attacker), self._name(battle.defender)
        place = "the lead" if battle.position == 1 else f"P{battle.position}"
        if isinstance(battle, BattleLine):
            interval = f"{battle.interval_s:.1f} s behind"
            if self.event is HookEvent.CHANCE_ABOVE and battle.p_overtake is not None:
                chance = _percent(battle.p_overtake)
                return f"{attacker} has {chance} to pass {defender} for {place}, {interval}"
            return f"{attacker} attacks {defender} for {place}, {interval}"
        if self.event is HookEvent.PASSED:
            before = battle.p_overtake_before
            given = "" if before is None else f"; it was given {_percent(before)}"
            return f"{attacker} has passed {defender} for {place}{given}"
        because = _BECAUSE[battle.reason]
        if battle.taken_back:
            return f"{attacker} has not passed {defender} after all: {because}"
        return f"The battle of {attacker} and {defender} for {place} is over: {because}"

    def _flag(self) -> str:
        header = self.frame.header
        if header.phase.is_over:
            return "The race is over"
        words = _STATUS.get(header.track_status, header.track_status.value.replace("_", " "))
        if header.overtake_enabled is None:
            return words
        aid = "DRS" if 0 < header.year < _OVERTAKE_MODE_FROM else "Overtake Mode"
        return f"{words}; {aid} {'enabled' if header.overtake_enabled else 'disabled'}"

    def _battle_data(self, battle: BattleLine | EndedLine) -> dict[str, Any]:
        data: dict[str, Any] = {
            "attacker": self._car(battle.attacker),
            "defender": self._car(battle.defender),
            "position": battle.position,
            "laps": battle.laps,
        }
        if isinstance(battle, BattleLine):
            return data | {
                "opened_at": _text(battle.opened_at),
                "interval_s": round(battle.interval_s, 3),
                "p_overtake": _rounded(battle.p_overtake),
            }
        return data | {
            "ended_at": _text(battle.ended_at),
            "reason": battle.reason.value,
            "p_overtake_before": _rounded(battle.p_overtake_before),
            "taken_back": battle.taken_back,
        }

    def _line(self, number: int) -> TowerLine | None:
        return next((line for line in self.frame.tower if line.number == number), None)

    def _name(self, number: int) -> str:
        line = self._line(number)
        return (line.name or line.code) if line else f"car {number}"

    def _car(self, number: int) -> dict[str, Any]:
        line = self._line(number)
        if line is None:
            return {"number": int(number), "code": str(number), "name": "", "team": ""}
        return {
            "number": int(number),
            "code": line.code,
            "name": line.name,
            "team": line.team,
        }


def news_of(event: RaceEvent) -> News:
    """Return the news of an event of the stream."""
    frame, kind = event.frame, HookEvent(event.kind)
    if event.opened is not None:
        return News(kind, _battle_key(frame, kind, event.opened), frame, opened=event.opened)
    if event.ended is None:
        return News(kind, _key(frame, kind, _text(frame.header.as_of)), frame)
    ended = event.ended
    what = (ended.attacker, ended.defender, _text(ended.ended_at), ended.reason, ended.taken_back)
    return News(kind, _key(frame, kind, *what), frame, ended=ended)


def likely_battles(frame: LiveFrame) -> Iterator[News]:
    """Yield each battle of a frame that has a forecast, as news that its chance is high."""
    kind = HookEvent.CHANCE_ABOVE
    for battle in frame.battles:
        if battle.p_overtake is not None:
            yield News(kind, _battle_key(frame, kind, battle), frame, opened=battle)


def track_of(header: FrameHeader) -> str:
    """Return the state of the track that flags are about, as a text to compare."""
    race = header.race_id or header.feed
    return f"{race}|{header.track_status}|{header.phase}|{header.overtake_enabled}"[:200]


def a_test(hook: Webhook, delivery_id: UUID, now: datetime) -> Delivery:
    """Return a delivery by which the owner of a webhook tries it."""
    words = "A test of your webhook: it works"
    body = {"type": "test", "timestamp": _text(now), "data": {"words": words}}
    text = json.dumps(body)
    return Delivery(delivery_id, hook.id, HookEvent.TEST, words, text, now, now)


def _battle_key(frame: LiveFrame, kind: HookEvent, battle: BattleLine) -> str:
    return _key(frame, kind, battle.attacker, battle.defender, _text(battle.opened_at))


def _key(frame: LiveFrame, *parts: object) -> str:
    header = frame.header
    # A recorded or simulated race has the same instants each time that it is played.
    run = int(frame.published_at.timestamp()) // _MADE_UP_S if header.source != Source.LIVE else 0
    return "|".join(map(str, (header.race_id or header.feed, run, *parts)))


def _percent(p: float) -> str:
    return f"{100 * p:.0f} %"


def _rounded(p: float | None) -> float | None:
    return None if p is None else round(p, 4)


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
