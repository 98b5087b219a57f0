"""Count the passes of a recorded race in hindsight, from its running order and pit lane alone.

Nothing of the engine is used for the count: the messages are read as JSON, and each change of order
of two cars is judged with what came after it. `python -m tests.recordings.pass_count WHAT...`,
where WHAT is what `pitwall import` takes, compares it with the passes that the engine announces
while it plays the race.
"""

from __future__ import annotations

import json
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pitwall.cli.import_races import feeds_at
from pitwall.domain.battles import EndReason
from pitwall.engine.race_engine import Ended, RaceEngine
from pitwall.wire.message import RawMessage

IN_RANGE_S: Final = 2.0
"""A battle opens below this interval, so only a car that came this close can be announced."""

_CLOSE_FOR = timedelta(seconds=30)  # how long before the change of order it may have been so close
_PIT_BEFORE = timedelta(seconds=3)
_PIT_AFTER = timedelta(seconds=8)  # the place changes up to some seconds before the feed says InPit
_STANDS_FOR = timedelta(seconds=4)
_RUNS_ON_FOR = timedelta(seconds=30)  # a car that stops within it was not overtaken
_RACING_TRACK = frozenset({"1", "2"})

Spells = list[tuple[datetime, datetime]]


@dataclass(frozen=True, slots=True, order=True)
class Counted:
    """One pass: the attacker was behind until `at` and stayed ahead afterwards.

    `in_range` says whether the attacker was seen directly behind the defender, close enough for a
    battle, within the half minute before: others happen, but nobody can announce them.
    """

    at: datetime
    attacker: int
    defender: int
    in_range: bool


@dataclass
class _Facts:
    """What the messages of a race say of order, pit lane, signs of life and flags."""

    places: list[tuple[datetime, int, int]] = field(default_factory=list)
    pits: dict[int, list[tuple[datetime, bool]]] = field(default_factory=lambda: defaultdict(list))
    out: dict[int, list[tuple[datetime, bool]]] = field(default_factory=lambda: defaultdict(list))
    placed: dict[int, int] = field(default_factory=dict)
    close: dict[tuple[int, int], list[datetime]] = field(default_factory=lambda: defaultdict(list))
    alive: dict[int, datetime] = field(default_factory=dict)
    phase: list[tuple[datetime, bool]] = field(default_factory=list)
    track: list[tuple[datetime, bool]] = field(default_factory=list)
    raced_from: datetime | None = None


def count_passes(messages: Iterable[RawMessage]) -> list[Counted]:
    """Return the passes on the track from lap 2 on, in order of time."""
    facts = _read(messages)
    return sorted(
        Counted(at, attacker, defender, _was_close(facts, at, attacker, defender))
        for at, attacker, defender in _reversals(facts.places)
        if _is_pass(facts, at, attacker, defender)
    )


def _read(messages: Iterable[RawMessage]) -> _Facts:
    facts = _Facts()
    for message in messages:
        if message.topic in {"TimingData", "SessionStatus", "TrackStatus", "LapCount"}:
            _read_message(facts, message.sent_at, message.topic, json.loads(message.body))
    return facts


def _read_message(facts: _Facts, at: datetime, topic: str, payload: dict[str, Any]) -> None:
    if topic == "SessionStatus" and "Status" in payload:
        facts.phase.append((at, payload["Status"] == "Started"))
    elif topic == "TrackStatus" and "Status" in payload:
        facts.track.append((at, str(payload["Status"]) in _RACING_TRACK))
    elif topic == "LapCount" and int(payload.get("CurrentLap") or 0) >= 2:
        facts.raced_from = facts.raced_from or at
    elif topic == "TimingData" and isinstance(payload.get("Lines"), dict):
        for number, line in payload["Lines"].items():
            if number.isdecimal() and isinstance(line, dict):
                _read_line(facts, at, int(number), line)


def _read_line(facts: _Facts, at: datetime, car: int, line: dict[str, Any]) -> None:
    if "Line" in line:
        facts.placed[car] = int(line["Line"])
        facts.places.append((at, car, facts.placed[car]))
    if "InPit" in line:
        facts.pits[car].append((at, bool(line["InPit"])))
    for name in {"Retired", "Stopped"} & line.keys():
        facts.out[car].append((at, bool(line[name])))
    interval = line.get("IntervalToPositionAhead")
    text = interval.get("Value") if isinstance(interval, dict) else interval
    if text and _seconds(str(text)) < IN_RANGE_S:
        directly_ahead = facts.placed.get(car, 0) - 1
        for other in [other for other, place in facts.placed.items() if place == directly_ahead]:
            facts.close[car, other].append(at)
    if line.keys() & {"GapToLeader", "IntervalToPositionAhead", "Sectors", "NumberOfLaps"}:
        facts.alive[car] = at


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")


def _reversals(
    places: Sequence[tuple[datetime, int, int]],
) -> Iterator[tuple[datetime, int, int]]:
    """Yield every lasting change of order of a pair, when it was complete.

    While two cars share a place only half of the change has been told.
    """
    for pair, turns in _turns(places).items():
        stood = turns[0][1]
        for index, (at, first_leads) in enumerate(turns):
            until = turns[index + 1][0] if index + 1 < len(turns) else None
            if first_leads is stood or (until is not None and until - at < _STANDS_FOR):
                continue
            stood = first_leads
            yield (at, *(pair if first_leads else pair[::-1]))


def _turns(
    places: Sequence[tuple[datetime, int, int]],
) -> dict[tuple[int, int], list[tuple[datetime, bool]]]:
    """Return for each pair, the lower number first, when its order changed and who led then."""
    standing: dict[int, int] = {}
    turns: dict[tuple[int, int], list[tuple[datetime, bool]]] = defaultdict(list)
    for at, car, place in places:
        standing[car] = place
        for other, its_place in standing.items():
            if its_place == place:
                continue
            first, second = pair = (min(car, other), max(car, other))
            first_leads = standing[first] < standing[second]
            if not turns[pair] or turns[pair][-1][1] is not first_leads:
                turns[pair].append((at, first_leads))
    return turns


def _is_pass(facts: _Facts, at: datetime, attacker: int, defender: int) -> bool:
    if facts.raced_from is None or at < facts.raced_from:
        return False
    if not (_value_at(facts.phase, at, default=False) and _value_at(facts.track, at, default=True)):
        return False
    for car in (attacker, defender):
        pits = facts.pits[car]
        if any(at - _PIT_BEFORE < moment <= at + _PIT_AFTER for moment, _ in pits):
            return False
        if _value_at(pits, at, default=False):
            return False
        if any(out and moment <= at + _RUNS_ON_FOR for moment, out in facts.out[car][-1:]):
            return False
    return facts.alive[defender] >= at + _RUNS_ON_FOR


def _was_close(facts: _Facts, at: datetime, attacker: int, defender: int) -> bool:
    moments = facts.close[attacker, defender]
    return any(at - _CLOSE_FOR < moment <= at for moment in moments)


def _value_at(values: Sequence[tuple[datetime, bool]], at: datetime, *, default: bool) -> bool:
    index = bisect_right(values, at, key=lambda each: each[0]) - 1
    return values[index][1] if index >= 0 else default


@dataclass(frozen=True, slots=True)
class Comparison:
    """The passes that the engine announced, beside those that were counted.

    Attributes:
        counted: Those in range.
        missed: Those of them that were never announced.
        right, wrong: Those announced, whether they were counted (in range or not), or were not.
        taken_back: How many of the wrong ones the engine took back afterwards.
    """

    counted: int
    missed: tuple[Counted, ...]
    right: int
    wrong: tuple[tuple[datetime, int, int], ...]
    taken_back: int

    @property
    def precision(self) -> float:
        """Share of the announced passes that were counted."""
        return self.right / max(1, self.right + len(self.wrong))

    @property
    def recall(self) -> float:
        """Share of the passes in range that were announced."""
        return 1 - len(self.missed) / max(1, self.counted)


_SAME_WITHIN = timedelta(seconds=12)


def compare(messages: Sequence[RawMessage]) -> Comparison:
    """Play a race and compare the passes announced with the passes counted."""
    counted = count_passes(messages)
    open_ = list(counted)
    right, wrong, taken_back = 0, [], 0
    for ended in endings_told(messages):
        at, battle = ended.battle.ended_at, ended.battle.battle
        if ended.taken_back:
            taken_back += 1
        if ended.battle.reason is not EndReason.PASSED:
            continue
        pair = (int(battle.attacker), int(battle.defender))
        same = (
            each
            for each in open_
            if (each.attacker, each.defender) == pair and abs(each.at - at) <= _SAME_WITHIN
        )
        if found := next(same, None):
            open_.remove(found)
            right += 1
        else:
            wrong.append((at, *pair))
    in_range = [each for each in counted if each.in_range]
    missed = tuple(each for each in in_range if each in open_)
    return Comparison(len(in_range), missed, right, tuple(wrong), taken_back)


def endings_told(messages: Iterable[RawMessage]) -> Iterator[Ended]:
    """Yield every ending when it is first told, and again when it is taken back."""
    engine = RaceEngine(None)
    seen: tuple[Ended, ...] = ()
    for message in messages:
        engine.take(message)
        told = engine.state.ended
        if told is not seen:
            yield from reversed([each for each in told if each not in seen])
            seen = told


def main() -> None:
    """Print precision and recall of each race that the arguments name."""
    for what in sys.argv[1:]:
        for feed in feeds_at(what):
            found = compare(list(feed.messages()))
            sys.stdout.write(
                f"{feed.name}: precision {found.precision:.3f}, recall {found.recall:.3f}; "
                f"{found.right + len(found.wrong)} announced, {found.taken_back} taken back, "
                f"{found.counted} counted; wrong {found.wrong}; missed {found.missed}\n"
            )


if __name__ == "__main__":
    main()
