"""Replay one race of the timing archive and read its state at chosen instants."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pitwall.domain.battles import Battle
from pitwall.domain.events import CarTimed
from pitwall.domain.race import DriverNumber, RaceState
from pitwall.domain.reducer import apply
from pitwall.feeds.timing.tables import read_rows, read_sessions, zero_of
from pitwall.wire.decode import decode
from pitwall.wire.message import RawMessage

LATEST_REPORT = timedelta(seconds=3)
NAMES: Final = ("attacker_code", "defender_code", "attacker_team", "defender_team")
"""The columns of `names_of`."""


def zero_of_race(archive: Path, session_id: int) -> datetime:
    """Return the instant of `t_ms` 0, as `TimingFeed` stamps its messages."""
    session = next(row for row in read_sessions(archive) if row["session_id"] == session_id)
    return zero_of(session, read_rows(archive, "session_status", session_id, ["t_ms", "status"]))


class RaceStory:
    """The events of one race, and its state at instants that only move forward."""

    def __init__(self, messages: Iterable[RawMessage]) -> None:
        self._events = [event for message in messages for event in decode(message).events]
        self._crossings = {
            (event.number, event.laps_completed): event
            for event in self._events
            if isinstance(event, CarTimed) and event.laps_completed is not None
        }
        self._next = 0
        self._race = RaceState()

    def at(self, instant: datetime) -> RaceState:
        """Return the state after all messages sent up to an instant, and none later."""
        while self._next < len(self._events) and self._events[self._next].sent_at <= instant:
            self._race = apply(self._race, self._events[self._next])
            self._next += 1
        return self._race

    def at_crossing(self, instant: datetime, lap: int, cars: Iterable[DriverNumber]) -> RaceState:
        """Return the state at an instant by which `cars` had crossed the line to complete `lap`."""
        race = self.at(instant)
        for number in cars:
            crossing = self._crossings.get((number, lap))
            late = crossing is not None and instant < crossing.sent_at <= instant + LATEST_REPORT
            if crossing is not None and late:
                race = apply(race, replace(crossing, sent_at=instant))
        return race


def battle_of(row: Mapping[Hashable, object], at: datetime) -> Battle:
    """Return the battle that a row of the evaluation table describes, at the line or elsewhere."""
    age = timedelta(milliseconds=float(str(row.get("gap_age_ms", 0))))
    number = {name: int(str(row[name])) for name in ("attacker", "defender", "lap")}
    return Battle(
        attacker=DriverNumber(number["attacker"]),
        defender=DriverNumber(number["defender"]),
        position=int(str(row["attacker_pos"])) - 1,
        interval_s=float(str(row["gap_ms"])) / 1000,
        interval_at=at - age,
        opened_at=at,
        opened_lap=number["lap"],
    )


def names_of(race: RaceState, battle: Battle) -> tuple[str, str, str, str]:
    """Return the drivers' codes and teams of a battle; empty for a car that is not in the race."""
    attacker, defender = (race.cars.get(one) for one in (battle.attacker, battle.defender))
    return (
        attacker.driver.code if attacker else "",
        defender.driver.code if defender else "",
        attacker.driver.team if attacker else "",
        defender.driver.team if defender else "",
    )
