"""Advance one race: take raw messages, follow its battles and forecast them.

The engine reads no clock. It follows battles every quarter of a second of the *race's* time and
forecasts them every second, so that the same messages give the same battles and forecasts live,
in a replay at any speed, and in a benchmark.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from pitwall.domain.battles import (
    DEFAULT_RULES,
    Battle,
    BattleRules,
    EndedBattle,
    EndReason,
    end_without_cars,
    follow_battles,
)
from pitwall.domain.endings import WAITS, judged, stood, why_taken_back
from pitwall.domain.events import CarRemoved, RaceDescribed, TimingEvent
from pitwall.domain.race import START_OF_TIME, Phase, RaceState
from pitwall.domain.reducer import apply
from pitwall.engine.attention import NO_ATTENTION, Attention, attend
from pitwall.engine.battle_traces import BattleTrace, Pair, noted
from pitwall.ports.forecasts import Predictor
from pitwall.prediction.forecast import Answers, Forecast
from pitwall.prediction.memory import NO_MEMORY, Memory
from pitwall.wire.decode import decode
from pitwall.wire.message import RawMessage
from pitwall.wire.values import is_plausible

_FAILED = Forecast(None, no_forecast_because="an internal error")
_NO_MODEL = Forecast(None, no_forecast_because="no model is loaded")


def ask(
    predictor: Predictor, race: RaceState, battles: Sequence[Battle], memory: Memory
) -> tuple[Answers, Exception | None]:
    """Return a forecast of each battle, and the error that prevented some of them.

    All battles are forecast at once. Where that fails, each is forecast alone.
    """
    try:
        return predictor.forecast(race, battles, memory), None
    except Exception as error:  # noqa: BLE001  one car must not cost the field its forecasts
        first = error
    forecasts: list[Forecast] = []
    for battle in battles if len(battles) > 1 else ():
        try:
            answers = predictor.forecast(race, [battle], memory)
        except Exception:  # noqa: BLE001  counted, and logged once
            forecasts.append(_FAILED)
        else:
            memory = answers.memory
            forecasts += answers.forecasts
    return Answers(forecasts or [_FAILED] * len(battles), memory), first


log = logging.getLogger(__name__)

STEP = timedelta(milliseconds=250)  # of race time; frames have their own pace, `FRAME_EVERY_S`

STEPS_A_FORECAST = 4

STEPS_A_READING = 8

ENDED_KEPT = 8

_INSTANT = timedelta(microseconds=1)

_LONGEST_WALK = timedelta(minutes=2)  # after a longer silence of the feed, skip the rest of it

_LOSES_CARS = frozenset({CarRemoved, RaceDescribed})


@dataclass(frozen=True, slots=True)
class Ended:
    """A battle that ended, and its last forecast.

    `taken_back` marks one that was first told as a pass.
    """

    battle: EndedBattle
    laps: int
    p_overtake_before: float | None
    taken_back: bool = False

    @property
    def pair(self) -> Pair:
        """The two cars, the attacker first."""
        return self.battle.battle.attacker, self.battle.battle.defender


@dataclass(frozen=True, slots=True)
class Held:
    """An ending that hindsight has yet to judge, and the trace with which the battle may go on."""

    ended: Ended
    trace: BattleTrace

    @property
    def is_pass(self) -> bool:
        """Whether it looks like a pass so far."""
        return self.ended.battle.reason is EndReason.PASSED


@dataclass(frozen=True, slots=True)
class EngineState:
    """Everything the engine knows at one instant; a playback stores it to seek back to.

    Attributes:
        race: The field.
        sent_at: When the newest message was sent, whether or not it changed anything.
        taken: Messages taken so far.
        grid_at: The grid point up to which battles were followed.
        battles: Battles under way, front of the field first.
        forecasts: The newest forecast of each battle under way.
        histories: The trace of each battle under way.
        ended: Battles that ended, the last told first, at most eight.
        faults: Parts of messages skipped because they broke the format, by kind.
        memory: What the predictor remembers of this race.
        held: Endings that wait for hindsight, oldest first.
        passes: All passes that were told and stand, oldest first.
        attention: In which order battles are shown, and which chance of each.
    """

    race: RaceState = field(default_factory=RaceState)
    sent_at: datetime | None = None
    taken: int = 0
    grid_at: datetime = START_OF_TIME
    battles: tuple[Battle, ...] = ()
    forecasts: Mapping[Pair, Forecast] = field(default_factory=dict)
    histories: Mapping[Pair, BattleTrace] = field(default_factory=dict)
    ended: tuple[Ended, ...] = ()
    faults: Mapping[str, int] = field(default_factory=dict)
    memory: Memory = NO_MEMORY
    held: tuple[Held, ...] = ()
    passes: tuple[Ended, ...] = ()
    attention: Attention = NO_ATTENTION


class EngineObserver(Protocol):
    """Receives what the engine does, in the engine's thread; its methods must not block."""

    def took(self, message: RawMessage, events: Sequence[TimingEvent], state: EngineState) -> None:
        """Receive a message, the events decoded from it, and the state after it."""
        ...

    def forecast(self, state: EngineState) -> None:
        """Receive the state after a second of the race: every battle has a new forecast."""
        ...

    def ended(self, told: Sequence[Ended]) -> None:
        """Receive endings that are told now, or taken back: each in its newest form."""


class PastForecasts(Protocol):
    """Looks up stored forecasts, so that a race that is played again need not make them."""

    def recalled(
        self, grid_at: datetime, state: EngineState, battles: Sequence[Battle]
    ) -> dict[Pair, Forecast]:
        """Return the known forecasts of a grid point; the engine makes the others."""
        ...


class RaceEngine:
    """Takes the messages of one race in order and updates its state.

    Args:
        predictor: Forecasts the battles; None follows battles without forecasts. The engine takes
            a predictor for one playback from it, so that no two engines share a feature cache.
        rules: When battles open and close.
        observer: Receives every message and every round of forecasts.
        past_forecasts: Looks up stored forecasts; with None the engine makes all of them.
    """

    def __init__(
        self,
        predictor: Predictor | None,
        rules: BattleRules = DEFAULT_RULES,
        observer: EngineObserver | None = None,
        past_forecasts: PastForecasts | None = None,
    ) -> None:
        self.predictor = predictor.for_playback() if predictor is not None else None
        self._past_forecasts = past_forecasts
        self._observer = observer
        self.state = EngineState()
        self._rules = rules
        self._reported: set[str] = set()

    def take(self, message: RawMessage) -> None:
        """Follow battles up to the message's time, then apply the message.

        Parts that break the format are counted, logged once for each kind, and skipped.
        An implausible time stamp is replaced by that of the message before. An internal error
        loses this message alone: the race stays as it was before it.
        """
        if not is_plausible(message.sent_at):
            self.state = self._noting(self.state, "stamp", message.sent_at.isoformat())
            if self.state.sent_at is None:  # nothing to place it by
                self.state = replace(self.state, taken=self.state.taken + 1)
                return
            message = replace(message, sent_at=self.state.sent_at)
        # A message at exactly a grid point counts before it, as it does for `settle`.
        state = self._follow_until(self.state, message.sent_at - _INSTANT)
        sent_at = message.sent_at if state.sent_at is None else max(state.sent_at, message.sent_at)
        events: Sequence[TimingEvent] = ()
        try:
            events, state = self._applied(state, message, sent_at)
        except Exception:  # noqa: BLE001  counted, and logged once
            state = self._failing(state, "internal_message", message.topic)
            state = replace(state, sent_at=sent_at, taken=state.taken + 1)
        self.state = state
        if self._observer is not None:
            try:
                self._observer.took(message, events, self.state)
            except Exception:  # noqa: BLE001  counted, and logged once
                self.state = self._failing(self.state, "internal_keeping", message.topic)

    def _applied(
        self, state: EngineState, message: RawMessage, sent_at: datetime
    ) -> tuple[Sequence[TimingEvent], EngineState]:
        decoded = decode(message)
        race, loses_cars = state.race, False
        for event in decoded.events:
            race = apply(race, event)
            loses_cars = loses_cars or type(event) in _LOSES_CARS
        for fault in decoded.faults:
            state = self._noting(state, fault.kind, fault.detail, message.topic)
        if race.as_of < sent_at:
            race = replace(race, as_of=sent_at)
        if loses_cars and state.battles:
            state = self._without_lost_cars(state, race)
        taken = state.taken + 1
        return decoded.events, replace(state, race=race, sent_at=sent_at, taken=taken)

    def settle(self, now: datetime) -> None:
        """Follow battles up to `now` when no message came."""
        self.state = self._follow_until(self.state, now)

    def replace_race(self, race: RaceState) -> None:
        """Continue from another state of this race; battles of cars missing from it end."""
        self.state = self._without_lost_cars(self.state, race)

    def _without_lost_cars(self, state: EngineState, race: RaceState) -> EngineState:
        battles, lost = end_without_cars(race, state.battles)
        if not lost:
            return replace(state, race=race)
        pairs = [(battle.attacker, battle.defender) for battle in battles]
        ended = tuple(_ended(state, battle) for battle in lost)
        state = self._telling(state, ended)
        return replace(
            state,
            race=race,
            battles=battles,
            forecasts={pair: state.forecasts[pair] for pair in pairs},
            histories={pair: state.histories[pair] for pair in pairs},
            ended=(*ended, *state.ended)[:ENDED_KEPT],
        )

    def _telling(self, state: EngineState, told: Sequence[Ended]) -> EngineState:
        try:
            if told and self._observer is not None:
                self._observer.ended(told)
        except Exception:  # noqa: BLE001  counted, and logged once
            return self._failing(state, "internal_keeping")
        return state

    def _noting(self, state: EngineState, kind: str, detail: str, topic: str = "") -> EngineState:
        """Return the state with one more fault of a kind; the first of a kind is logged."""
        if kind not in self._reported:
            self._reported.add(kind)
            log.warning("malformed part skipped", extra={"kind": kind, "topic": topic})
            log.debug("first malformed part: %s: %s", kind, detail[:200])
        return replace(state, faults={**state.faults, kind: state.faults.get(kind, 0) + 1})

    def _failing(
        self, state: EngineState, kind: str, topic: str = "", error: Exception | None = None
    ) -> EngineState:
        """Return the state with an internal error counted: `error`, or the one being handled."""
        if kind not in self._reported:
            self._reported.add(kind)
            extra = {"kind": kind, "topic": topic}
            log.error("an internal error was set aside", exc_info=error or True, extra=extra)
        return replace(state, faults={**state.faults, kind: state.faults.get(kind, 0) + 1})

    def _follow_until(self, state: EngineState, until: datetime) -> EngineState:
        """Step through the grid points up to `until`; jump when there is nothing to follow."""
        if until < state.grid_at + STEP:  # true for most messages: no new grid point
            return state
        last = _grid(until)
        race = state.race
        racing = race.phase is Phase.STARTED and race.timed is None
        if not racing and not state.battles and not state.held:
            return state if last <= state.grid_at else replace(state, grid_at=last)
        if last - state.grid_at > _LONGEST_WALK:
            state = replace(state, grid_at=last - _LONGEST_WALK)
        while state.grid_at < last:
            grid_at = state.grid_at + STEP
            try:
                state = self._step(state, grid_at)
                if self._observer is not None and _due(grid_at, STEPS_A_FORECAST):
                    self._observer.forecast(state)
            except Exception:  # noqa: BLE001  counted, and logged once
                state = self._failing(replace(state, grid_at=grid_at), "internal_step")
        return state

    def _step(self, state: EngineState, grid_at: datetime) -> EngineState:
        battles, just_ended = follow_battles(state.race, state.battles, self._rules)
        if not (battles or state.battles or state.held or state.ended):
            return replace(state, grid_at=grid_at)
        waiting = {
            held.ended.pair: held
            for held in state.held
            if not stood(held.ended.battle, grid_at)  # if it has, this is another battle
        }
        if waiting:
            battles = tuple(_resumed(battle, waiting) for battle in battles)
        pairs = [(battle.attacker, battle.defender) for battle in battles]
        if not _due(grid_at, STEPS_A_FORECAST):
            known = {pair: state.forecasts[pair] for pair in pairs if pair in state.forecasts}
        elif self._past_forecasts is not None:
            known = self._past_forecasts.recalled(grid_at, state, battles)
        else:
            known = {}
        traces = {**state.histories, **{pair: held.trace for pair, held in waiting.items()}}
        ended, told, still_held = _endings(state, grid_at, just_ended, set(pairs))
        state = self._telling(state, told)
        forecasts, memory, error = self._forecast(state, battles, pairs, known)
        if error is not None:
            state = self._failing(state, "internal_forecast", error=error)
        histories = {pair: traces.get(pair, BattleTrace()) for pair in pairs}
        if _due(grid_at, STEPS_A_READING) or any(not history.at for history in histories.values()):
            histories = noted(grid_at, battles, forecasts, histories)
        is_tick = _due(grid_at, STEPS_A_FORECAST)
        attention = attend(state.attention, battles, forecasts, grid_at, is_tick=is_tick)
        return replace(
            state,
            grid_at=grid_at,
            battles=battles,
            forecasts=forecasts,
            histories=histories,
            ended=ended,
            memory=memory,
            held=still_held,
            passes=passes_after(state.passes, ended) if ended is not state.ended else state.passes,
            attention=attention,
        )

    def _forecast(
        self,
        state: EngineState,
        battles: tuple[Battle, ...],
        pairs: list[Pair],
        known: dict[Pair, Forecast],
    ) -> tuple[dict[Pair, Forecast], Memory, Exception | None]:
        """Return a forecast of every battle, the memory, and the error that prevented some.

        Battles without a known forecast are forecast: all when due, else those that just opened.
        """
        memory, error = state.memory, None
        if self.predictor is None:
            return dict.fromkeys(pairs, _NO_MODEL), memory, None
        asked = [battle for battle, pair in zip(battles, pairs, strict=True) if pair not in known]
        if asked:
            answers, error = ask(self.predictor, state.race, asked, memory)
            memory = answers.memory
            for battle, answer in zip(asked, answers.forecasts, strict=True):
                known[(battle.attacker, battle.defender)] = answer
        return {pair: known[pair] for pair in pairs}, memory, error


def _grid(moment: datetime) -> datetime:
    """Return the last grid point at or before `moment`."""
    return START_OF_TIME + ((moment - START_OF_TIME) // STEP) * STEP


def _due(grid_at: datetime, steps: int) -> bool:
    """Whether `grid_at` is one of every `steps` grid points."""
    return not (grid_at - START_OF_TIME) % (STEP * steps)


def _resumed(battle: Battle, waiting: Mapping[Pair, Held]) -> Battle:
    """Return a battle with the start it had before its two cars were apart for some seconds."""
    held = waiting.get((battle.attacker, battle.defender))
    if held is None:
        return battle
    before = held.ended.battle.battle
    return replace(battle, opened_at=before.opened_at, opened_lap=before.opened_lap)


def _endings(
    state: EngineState, now: datetime, just_ended: Iterable[EndedBattle], under_way: set[Pair]
) -> tuple[tuple[Ended, ...], list[Ended], tuple[Held, ...]]:
    """Return the newest eight endings, all that are told or taken back now, and those that wait."""
    told, held = list[Ended](), list[Held]()
    fresh = [each for each in state.held if each.is_pass and not stood(each.ended.battle, now)]
    undone = {each.ended.pair[::-1] for each in fresh}
    for each in state.held:
        has_stood = stood(each.ended.battle, now)
        if each.ended.pair in under_way and not has_stood:
            continue  # the two fight on
        battle, is_final = judged(state.race, each.ended.battle, now)
        ended = replace(each.ended, battle=battle)
        if is_final:
            told.insert(0, ended)
        else:
            held.append(replace(each, ended=ended))
    for battle in just_ended:
        each = _held(state, battle)
        if each.is_pass and each.ended.pair in undone:
            continue  # it only took back a place before that was told as lost
        if battle.reason in WAITS:
            held.append(each)
        else:
            told.insert(0, each.ended)
    before = tuple(_standing(state.race, each, now) for each in state.ended)
    if not told and before == state.ended:
        return state.ended, [], tuple(held)  # the same object: nothing changed
    told_now = [*told[::-1], *(new for new in before if new not in state.ended)]
    return (*told, *before)[:ENDED_KEPT], told_now, tuple(held)


def passes_after(known: tuple[Ended, ...], ended: tuple[Ended, ...]) -> tuple[Ended, ...]:
    """Return all passes that stand, after the endings that can still be seen."""
    seen = {(each.pair, each.battle.ended_at): each for each in ended}
    kept = tuple(each for each in known if (each.pair, each.battle.ended_at) not in seen)
    told = [each for each in reversed(ended) if each.battle.reason is EndReason.PASSED]
    return (*kept, *sorted(told, key=lambda each: each.battle.ended_at))


def _held(state: EngineState, ended: EndedBattle) -> Held:
    battle = ended.battle
    trace = state.histories.get((battle.attacker, battle.defender), BattleTrace())
    return Held(_ended(state, ended), trace)


def _standing(race: RaceState, told: Ended, now: datetime) -> Ended:
    """Return an ending that was told, taken back where it was told as a pass and was none."""
    if told.battle.reason is not EndReason.PASSED:
        return told
    why = why_taken_back(race, told.battle, now)
    if why is None:
        return told
    return replace(told, battle=replace(told.battle, reason=why), taken_back=True)


def _ended(state: EngineState, ended: EndedBattle) -> Ended:
    battle = ended.battle
    forecast = state.forecasts.get((battle.attacker, battle.defender))
    attacker = state.race.cars.get(battle.attacker)
    laps = max(0, attacker.laps_completed - battle.opened_lap) if attacker else 0
    return Ended(ended, laps, forecast.p_overtake if forecast else None)
