"""One race in motion: raw messages in, battles with forecasts out.

The engine reads no clock. Battles are followed on a grid of a quarter of a second, and
forecast on a grid of one second, of the *race's* time, so that the same messages give the
same battles and forecasts live, in replay at any speed, and in a benchmark.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from pitwall.domain.applying import apply
from pitwall.domain.battles import (
    DEFAULT_RULES,
    Battle,
    BattleRules,
    EndedBattle,
    follow_battles,
)
from pitwall.domain.events import TimingEvent
from pitwall.domain.race import START_OF_TIME, DriverNumber, Phase, RaceState
from pitwall.ports import Predictor
from pitwall.prediction.forecast import Forecast
from pitwall.prediction.memory import NO_MEMORY, Memory
from pitwall.wire.decode import decode
from pitwall.wire.message import RawMessage

log = logging.getLogger(__name__)

STEP = timedelta(milliseconds=250)  # of race time; not the pace of frames: `FRAME_EVERY_S`
STEPS_A_FORECAST = 4
STEPS_A_READING = 8
READINGS_KEPT = 90
ENDED_KEPT = 8
_INSTANT = timedelta(microseconds=1)
_LONGEST_WALK = timedelta(minutes=2)  # a feed that was away: do not relive the silence

Pair = tuple[DriverNumber, DriverNumber]


@dataclass(frozen=True, slots=True)
class History:
    """A battle's last three minutes, oldest first; a point every two seconds of race time.

    Frames share these tuples instead of copying them: five minutes of frames are kept.

    Attributes:
        at: When each point was taken.
        interval_s: The interval at each point, rounded to the millisecond.
        p_overtake: The forecasts made at these points; points without one are left out.
    """

    at: tuple[datetime, ...] = ()
    interval_s: tuple[float, ...] = ()
    p_overtake: tuple[float, ...] = ()

    def with_point(self, at: datetime, interval_s: float, p_overtake: float | None) -> History:
        """Return the history with one more point, and without those too old to keep."""
        kept = -(READINGS_KEPT - 1)
        forecasts = self.p_overtake
        if p_overtake is not None:
            forecasts = (*forecasts[kept:], round(p_overtake, 4))
        return History(
            (*self.at[kept:], at), (*self.interval_s[kept:], round(interval_s, 3)), forecasts
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """A battle that ended, and the last forecast made of it."""

    battle: EndedBattle
    laps: int
    p_overtake_before: float | None


@dataclass(frozen=True, slots=True)
class EngineState:
    """Everything the engine knows at one instant; kept whole to seek back to.

    Attributes:
        race: The field.
        sent_at: When the newest message was sent, whether or not it changed anything.
        taken: Messages taken so far.
        grid_at: The grid point up to which battles were followed.
        battles: Battles under way, front of the field first.
        forecasts: The newest forecast of each battle under way.
        histories: The last minutes of each battle under way.
        ended: Battles that ended, newest first, at most eight.
        faults: Parts of messages skipped because they broke the format, by kind.
        memory: What the predictor remembers of this race.
    """

    race: RaceState = field(default_factory=RaceState)
    sent_at: datetime | None = None
    taken: int = 0
    grid_at: datetime = START_OF_TIME
    battles: tuple[Battle, ...] = ()
    forecasts: Mapping[Pair, Forecast] = field(default_factory=dict)
    histories: Mapping[Pair, History] = field(default_factory=dict)
    ended: tuple[Ended, ...] = ()
    faults: Mapping[str, int] = field(default_factory=dict)
    memory: Memory = NO_MEMORY


class Witness(Protocol):
    """Is told what the engine does, in its thread; it must not wait."""

    def took(self, message: RawMessage, events: Sequence[TimingEvent], state: EngineState) -> None:
        """`message` was taken and told `events`; `state` is after it."""
        ...

    def forecast(self, state: EngineState) -> None:
        """A second of the race is over: every battle in `state` has a new forecast."""
        ...


class Recollection(Protocol):
    """Knows forecasts that were made before: a race that is played again need not make them."""

    def recalled(
        self, grid_at: datetime, state: EngineState, battles: Sequence[Battle]
    ) -> dict[Pair, Forecast]:
        """Return the forecasts of a grid point that are known; the others are made."""
        ...


class RaceEngine:
    """Takes messages in order and keeps the state up to date.

    Args:
        predictor: Forecasts the battles; None follows battles without forecasts.
        rules: When battles open and close.
        witness: Is told of every message and every round of forecasts.
        recollection: Knows forecasts; None makes all of them.
    """

    def __init__(
        self,
        predictor: Predictor | None,
        rules: BattleRules = DEFAULT_RULES,
        witness: Witness | None = None,
        recollection: Recollection | None = None,
    ) -> None:
        self.predictor = predictor
        self._recollection = recollection
        self._witness = witness
        self.state = EngineState()
        self._rules = rules
        self._reported: set[str] = set()

    def take(self, message: RawMessage) -> None:
        """Follow battles up to the message's time, then apply the message.

        Parts of it that break the format are counted, logged once for each kind, and skipped.
        """
        # A message at exactly a grid point belongs before it: `settle` would see it so too.
        state = self._follow_until(self.state, message.sent_at - _INSTANT)
        decoded = decode(message)
        race = state.race
        for event in decoded.events:
            race = apply(race, event)
        faults = state.faults
        if decoded.faults:
            faults = dict(Counter(faults) + Counter(fault.kind for fault in decoded.faults))
            for fault in decoded.faults:
                self._report(fault.kind, fault.detail, message.topic)
        sent_at = message.sent_at if state.sent_at is None else max(state.sent_at, message.sent_at)
        if race.as_of < sent_at:
            race = replace(race, as_of=sent_at)
        self.state = replace(
            state, race=race, sent_at=sent_at, taken=state.taken + 1, faults=faults
        )
        if self._witness is not None:
            self._witness.took(message, decoded.events, self.state)

    def settle(self, now: datetime) -> None:
        """Follow battles up to `now` although no message came."""
        self.state = self._follow_until(self.state, now)

    def _report(self, kind: str, detail: str, topic: str) -> None:
        if kind not in self._reported:
            self._reported.add(kind)
            log.warning("malformed part skipped", extra={"kind": kind, "topic": topic})
            log.debug("first malformed part: %s: %s", kind, detail[:200])

    def _follow_until(self, state: EngineState, until: datetime) -> EngineState:
        """Step through the grid points up to `until`; jump where there is nothing to follow."""
        last = _grid(until)
        if state.race.phase is not Phase.STARTED and not state.battles:
            return state if last <= state.grid_at else replace(state, grid_at=last)
        if last - state.grid_at > _LONGEST_WALK:
            state = replace(state, grid_at=last - _LONGEST_WALK)
        while state.grid_at < last:
            state = self._step(state, state.grid_at + STEP)
            if self._witness is not None and _due(state.grid_at, STEPS_A_FORECAST):
                self._witness.forecast(state)
        return state

    def _step(self, state: EngineState, grid_at: datetime) -> EngineState:
        battles, just_ended = follow_battles(state.race, state.battles, self._rules)
        if not battles and not state.battles:
            return replace(state, grid_at=grid_at)
        pairs = [(battle.attacker, battle.defender) for battle in battles]
        if not _due(grid_at, STEPS_A_FORECAST):
            known = {pair: state.forecasts[pair] for pair in pairs if pair in state.forecasts}
        elif self._recollection is not None:
            known = self._recollection.recalled(grid_at, state, battles)
        else:
            known = {}
        forecasts, memory = self._forecast(state, battles, pairs, known)
        histories = {pair: state.histories.get(pair, History()) for pair in pairs}
        if _due(grid_at, STEPS_A_READING) or any(not history.at for history in histories.values()):
            histories = _noted(grid_at, battles, forecasts, histories)
        ended = tuple(_ended(state, battle) for battle in just_ended)
        return replace(
            state,
            grid_at=grid_at,
            battles=battles,
            forecasts=forecasts,
            histories=histories,
            ended=(*ended, *state.ended)[:ENDED_KEPT] if ended else state.ended,
            memory=memory,
        )

    def _forecast(
        self,
        state: EngineState,
        battles: tuple[Battle, ...],
        pairs: list[Pair],
        known: dict[Pair, Forecast],
    ) -> tuple[dict[Pair, Forecast], Memory]:
        """Forecast every battle that is not known: all when due, else those that just opened."""
        memory = state.memory
        if self.predictor is None:
            none = Forecast(None, no_forecast_because="no model is loaded")
            return dict.fromkeys(pairs, none), memory
        asked = [battle for battle, pair in zip(battles, pairs, strict=True) if pair not in known]
        if asked:
            answers = self.predictor.forecast(state.race, asked, memory)
            memory = answers.memory
            for battle, answer in zip(asked, answers.forecasts, strict=True):
                known[(battle.attacker, battle.defender)] = answer
        return {pair: known[pair] for pair in pairs}, memory


def _grid(moment: datetime) -> datetime:
    """Return the last grid point at or before `moment`."""
    return START_OF_TIME + ((moment - START_OF_TIME) // STEP) * STEP


def _due(grid_at: datetime, steps: int) -> bool:
    """Whether `grid_at` is one of every `steps` grid points."""
    return not (grid_at - START_OF_TIME) % (STEP * steps)


def _noted(
    grid_at: datetime,
    battles: tuple[Battle, ...],
    forecasts: Mapping[Pair, Forecast],
    histories: Mapping[Pair, History],
) -> dict[Pair, History]:
    noted = {}
    for battle in battles:
        pair = (battle.attacker, battle.defender)
        p_overtake = forecasts[pair].p_overtake
        noted[pair] = histories[pair].with_point(grid_at, battle.interval_s, p_overtake)
    return noted


def _ended(state: EngineState, ended: EndedBattle) -> Ended:
    battle = ended.battle
    forecast = state.forecasts.get((battle.attacker, battle.defender))
    attacker = state.race.cars.get(battle.attacker)
    laps = attacker.laps_completed - battle.opened_lap if attacker else 0
    return Ended(ended, laps, forecast.p_overtake if forecast else None)
