"""Collect what is worth storing of a race while the engine plays it.

The engine tells each message and each forecast round; out come batches for the store. Nothing
here waits: it runs in the engine's thread, and the recorder takes what has gathered.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from pitwall.domain import events as race_events
from pitwall.domain.names import driver_id_of
from pitwall.domain.race import START_OF_TIME, CarState, DriverNumber, LapRecord, Phase, RaceInfo
from pitwall.domain.race import Stint as StintState
from pitwall.domain.records import Batch, EntryRecord, KeyframeRecord, MessageRecord, OutcomeRecord
from pitwall.engine.keyframes import encode_keyframe
from pitwall.engine.outcomes import OutcomeTracker
from pitwall.engine.race_engine import EngineState
from pitwall.recording import record_rows
from pitwall.wire.decode import every_car_sample
from pitwall.wire.message import RawMessage

# A seek decodes one keyframe, 20 ms, and plays at most this much; see `docs/performance.md`.
KEYFRAME_EVERY = timedelta(seconds=45)


# Only while a write hangs and none of it can be moved to a file: a race with telemetry has 40,000.
MOST_MESSAGES = 120_000


class BatchCollector:
    """Gathers one race; implements `pitwall.engine.race_engine.EngineObserver`.

    Args:
        model_version: Said in every prediction.
        most_messages: More than these are not held when nobody takes them: the oldest go.
    """

    def __init__(self, model_version: str, most_messages: int = MOST_MESSAGES) -> None:
        self.info = RaceInfo()
        self._model_version = model_version
        self._most = most_messages
        self._lock = threading.Lock()
        self._batch = Batch()
        self._outcomes = OutcomeTracker()
        self._keyframe_at: datetime | None = None
        # What was told already, by car: identity says whether there is more.
        self._entries: dict[DriverNumber, tuple[object, object]] = {}
        self._laps: dict[DriverNumber, LapRecord] = {}
        self._stints: dict[DriverNumber, tuple[StintState, ...]] = {}
        self._sampled: dict[DriverNumber, datetime] = {}
        self._closed: list[Batch] = []
        self._base = 0  # messages that the engine had taken before this race began
        self._skips = 0
        self._seq_from = 0

    def resume(self, race_id: str, kept: int, *, continues: bool) -> None:
        """Leave out what is kept already.

        Args:
            race_id: Of which race; without effect where the feed has moved on to another.
            kept: Messages of this race in the store.
            continues: Whether the feed goes on where it is, as a live one; else it tells the
                race again from its first message, and the first `kept` are left out.
        """
        with self._lock:
            if race_id != self.info.race_id:
                return
            if continues:
                self._seq_from = kept
                self._batch = record_rows.shifted(self._batch, kept)
            else:
                self._skips = kept
                self._batch = record_rows.without(self._batch, kept)

    def took(
        self, message: RawMessage, events: Sequence[race_events.TimingEvent], state: EngineState
    ) -> None:
        """Keep one message and what it changed."""
        with self._lock:
            told = state.race.info
            if told.race_id and told.race_id != self.info.race_id:
                self._turn_to(told, state)
            self._note_cars(message, events, state)
            if self._is_new(state):
                self._keep(message, events, state)
            if len(self._batch.messages) > self._most:
                self._drop()
            if state.race.phase is not Phase.STARTED:
                self._settle(state, message.sent_at)

    def _turn_to(self, info: RaceInfo, state: EngineState) -> None:
        """Begin another race where the feed moves on to one; what came before any is its own."""
        if self.info.race_id:
            self._closed.append(self._batch)
            self._batch, self._outcomes = Batch(), OutcomeTracker()
            self._base, self._skips, self._seq_from = state.taken - 1, 0, 0
            self._keyframe_at = None
            for told in (self._entries, self._laps, self._stints, self._sampled):
                told.clear()
        self.info = self._batch.info = info

    def _is_new(self, state: EngineState) -> bool:
        """Whether the newest message taken is not kept in the store already."""
        return state.taken - self._base > self._skips

    def forecast(self, state: EngineState) -> None:
        """Keep a round of forecasts, and the outcomes that are known by now."""
        with self._lock:
            self._settle(state, state.grid_at)
            race = state.race
            for battle in state.battles:
                forecast = state.forecasts[battle.attacker, battle.defender]
                attacker = race.cars.get(battle.attacker)
                if forecast.p_overtake is None or attacker is None:
                    continue
                self._outcomes.follow(state.grid_at, attacker, battle.defender)
                if state.taken - self._base >= self._skips:
                    p, mixed = forecast.p_overtake, forecast.mixed
                    row = record_rows.prediction(state, battle, p, mixed, self._model_version)
                    self._batch.predictions[row.made_at, row.attacker, row.defender] = row

    @property
    def waiting(self) -> int:
        """How many messages have gathered since they were last taken."""
        with self._lock:
            return sum(len(batch.messages) for batch in (*self._closed, self._batch))

    def take_batches(self) -> list[Batch]:
        """Return what has gathered since the last call: a batch for each race, most often one."""
        with self._lock:
            gathered = [*self._closed, self._batch]
            self._closed, self._batch = [], Batch(info=self.info)
            return [batch for batch in gathered if not batch.is_empty]

    def put_back(self, batch: Batch) -> None:
        """Take a batch back that could not be written; it comes again before what is newer."""
        with self._lock:
            if batch.info.race_id == self.info.race_id or not batch.info.race_id:
                self._batch = record_rows.joined(batch, self._batch)
            else:
                self._closed.insert(0, batch)
            if len(self._batch.messages) > self._most:
                self._drop()

    def _keep(
        self, message: RawMessage, events: Sequence[race_events.TimingEvent], state: EngineState
    ) -> None:
        batch, race = self._batch, state.race
        seq = state.taken - 1 - self._base + self._seq_from
        batch.messages.append(MessageRecord(seq, message.sent_at, message.topic, message.body))
        batch.messages_through = seq + 1
        batch.last_at = state.sent_at
        batch.lap, batch.total_laps = race.lap, race.total_laps
        record_rows.add_events(batch, seq, events, race)
        at = message.sent_at
        if self._keyframe_at is None or at - self._keyframe_at >= KEYFRAME_EVERY:
            # A live feed after a restart has taken fewer messages than the store has kept.
            if not self._seq_from:
                batch.keyframes.append(KeyframeRecord(seq + 1, at, encode_keyframe(state)))
            self._keyframe_at = at

    def _note_cars(
        self, message: RawMessage, events: Sequence[race_events.TimingEvent], state: EngineState
    ) -> None:
        """Keep what is told of a car's entry, laps, stints and channels."""
        kept, cars = self._is_new(state), state.race.cars
        for event in events:
            car = cars.get(getattr(event, "number", DriverNumber(0)))
            if car is not None:
                self._note_car(car, kept=kept)
        for number, sample in every_car_sample(message):
            if number in cars and sample.at > self._sampled.get(number, START_OF_TIME):
                self._sampled[number] = sample.at
                if kept:
                    seq = state.taken - 1 - self._base + self._seq_from
                    self._batch.samples.append((seq, record_rows.sample(number, sample)))

    def _note_car(self, car: CarState, *, kept: bool) -> None:
        number, batch = car.number, self._batch
        entry = (car.driver, car.grid_position)
        if self._entries.get(number) != entry:
            self._entries[number] = entry
            driver, grid = car.driver, car.grid_position
            # Named again after a restart does no harm, and predictions need the name.
            batch.entries[number] = EntryRecord(
                number,
                driver_id_of(car),
                driver.code,
                driver.name,
                driver.team,
                driver.team_colour,
                grid,
            )
        if car.laps and self._laps.get(number) is not car.laps[-1]:
            self._laps[number] = car.laps[-1]
            if kept:
                lap = record_rows.lap(number, car.laps[-1])
                batch.laps[number, lap.lap] = lap
        if self._stints.get(number) is not car.stints:
            for stint in record_rows.new_stints(car, self._stints.get(number, ())):
                if kept:
                    batch.stints[number, stint.stint] = stint
            self._stints[number] = car.stints

    def _settle(self, state: EngineState, now: datetime) -> None:
        for settled in self._outcomes.settle(state.race, now):
            key = (settled.made_at, int(settled.attacker), int(settled.defender))
            open_row = self._batch.predictions.get(key)
            if open_row is not None:
                self._batch.predictions[key] = open_row._replace(
                    outcome=settled.outcome.value, settled_at=settled.settled_at
                )
            elif state.taken - self._base >= self._skips:
                self._batch.outcomes.append(
                    OutcomeRecord(settled.outcome.value, settled.settled_at, *key)
                )

    def _drop(self) -> None:
        """Let go of all that was held, except who drives: newest words of laps come again."""
        held, self._batch = self._batch, Batch(info=self.info)
        self._batch.entries = held.entries
        self._batch.messages_through = held.messages_through
        self._batch.dropped = held.dropped + len(held.messages)
