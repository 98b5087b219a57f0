"""Collect the rows of a race for the store while the engine plays it.

The engine passes each message and each round of forecasts; the recorder takes the collected batches
from another thread. Nothing here waits, because it runs in the engine's thread.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pitwall.domain import events as race_events
from pitwall.domain.events import CarTimed, ControlSaid, LapCounted
from pitwall.domain.names import driver_id_of
from pitwall.domain.race import (
    START_OF_TIME,
    CarState,
    DriverNumber,
    LapRecord,
    Phase,
    RaceInfo,
    RaceState,
)
from pitwall.domain.race import Stint as StintState
from pitwall.domain.records import (
    Batch,
    EntryRecord,
    KeyframeRecord,
    MessageRecord,
    OutcomeRecord,
    StandingRecord,
)
from pitwall.domain.timed_reducer import ruled_lap
from pitwall.engine.keyframes import encode_keyframe
from pitwall.engine.outcomes import OutcomeTracker
from pitwall.engine.race_engine import Ended, EngineState
from pitwall.recording import record_rows
from pitwall.wire.decode import every_car_sample
from pitwall.wire.message import RawMessage

# A seek decodes one keyframe (20 ms) and plays at most this much; see `docs/performance.md`.
KEYFRAME_EVERY = timedelta(seconds=45)


# Reached only if a write hangs and nothing can be moved to files: a race with telemetry has 40,000.
MOST_MESSAGES = 120_000


class BatchCollector:
    """Collects the rows of one race; implements `pitwall.engine.race_engine.EngineObserver`.

    Args:
        model_version: Stored with every prediction.
        most_messages: How many messages are held while nobody takes them; more are dropped.
    """

    def __init__(self, model_version: str, most_messages: int = MOST_MESSAGES) -> None:
        self.info = RaceInfo()
        self._model_version = model_version
        self._most = most_messages
        self._lock = threading.Lock()
        self._batch = Batch()
        self._outcomes = OutcomeTracker()
        self._keyframe_at: datetime | None = None
        # By car, what was collected last: another object means that there is something new.
        self._entries: dict[DriverNumber, tuple[object, object]] = {}
        self._laps: dict[DriverNumber, LapRecord] = {}
        self._stints: dict[DriverNumber, tuple[StintState, ...]] = {}
        self._taken_back: dict[DriverNumber, int] = {}  # how many laps of before a red flag
        self._sampled: dict[DriverNumber, datetime] = {}
        self._timed: RaceState | None = None  # the newest state of qualifying or practice
        self._standings: dict[int, StandingRecord] = {}
        self._closed: list[Batch] = []
        # None until a message is collected: what changed before it was told before it.
        self._statuses: dict[str, str] | None = None
        self._base = 0  # messages that the engine had taken before this race began
        self._skips = 0
        self._seq_from = 0

    def resume(self, race_id: str, stored: int, *, continues: bool) -> None:
        """Leave out what is stored already.

        Args:
            race_id: The race; without effect if the feed has moved on to another race.
            stored: How many messages of this race are in the store.
            continues: Whether the feed goes on where it is, as a live feed does. If not, it
                repeats the race from its first message, and the first `stored` are left out.
        """
        with self._lock:
            if race_id != self.info.race_id:
                return
            self._statuses = None
            if continues:
                self._seq_from = stored
                self._batch = record_rows.shifted(self._batch, stored)
            else:
                self._skips = stored
                self._batch = record_rows.without(self._batch, stored)

    def took(
        self, message: RawMessage, events: Sequence[race_events.TimingEvent], state: EngineState
    ) -> None:
        """Collect one message and the rows of what it changed."""
        with self._lock:
            info = state.race.info
            if info.race_id and info.race_id != self.info.race_id:
                self._turn_to(info, state)
            self._note_cars(message, events, state)
            if self._is_new(state):
                self._add_message(message, events, state)
            if len(self._batch.messages) > self._most:
                self._drop_rows()
            if state.race.phase is not Phase.STARTED:
                self._settle(state, message.sent_at)

    def _turn_to(self, info: RaceInfo, state: EngineState) -> None:
        """Begin another race; messages from before the first race belong to that race."""
        if self.info.race_id:
            self._note_standings()
            self._closed.append(self._batch)
            self._batch, self._outcomes = Batch(), OutcomeTracker()
            self._base, self._skips, self._seq_from = state.taken - 1, 0, 0
            self._keyframe_at = None
            # The new race may begin with what was told of it before it was named.
            self._statuses = record_rows.statuses_of(RaceState())
            for known in (self._entries, self._laps, self._stints, self._sampled, self._standings):
                known.clear()
            self._taken_back.clear()
            self._timed = None
        self.info = self._batch.info = info

    def _is_new(self, state: EngineState) -> bool:
        """Whether the newest message is not in the store already."""
        return state.taken - self._base > self._skips

    def forecast(self, state: EngineState) -> None:
        """Collect a round of forecasts, and the outcomes that are known by now."""
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
                    row = record_rows.prediction(
                        state, battle, forecast.p_overtake, forecast, self._model_version
                    )
                    self._batch.predictions[row.made_at, row.attacker, row.defender] = row

    def ended(self, told: Sequence[Ended]) -> None:
        """Collect endings; one that is taken back replaces what was told before."""
        with self._lock:
            for each in told:
                row = record_rows.ending(each)
                self._batch.endings[row.ended_at, row.attacker, row.defender] = row

    @property
    def keyframe_due(self) -> datetime | None:
        """When the next keyframe is due; None where it is taken with the next message."""
        return None if self._keyframe_at is None else self._keyframe_at + KEYFRAME_EVERY

    @property
    def waiting(self) -> int:
        """How many messages were collected since the last take."""
        with self._lock:
            return sum(len(batch.messages) for batch in (*self._closed, self._batch))

    def take_batches(self) -> list[Batch]:
        """Return what was collected since the last call: one batch for each race, usually one."""
        with self._lock:
            self._note_standings()
            batches = [*self._closed, self._batch]
            self._closed, self._batch = [], Batch(info=self.info)
            return [batch for batch in batches if not batch.is_empty]

    def put_back(self, batch: Batch) -> None:
        """Take back a batch that could not be written, so that it comes before newer rows."""
        with self._lock:
            if batch.info.race_id == self.info.race_id or not batch.info.race_id:
                self._batch = record_rows.joined(batch, self._batch)
            else:
                self._closed.insert(0, batch)
            if len(self._batch.messages) > self._most:
                self._drop_rows()

    def _add_message(
        self, message: RawMessage, events: Sequence[race_events.TimingEvent], state: EngineState
    ) -> None:
        batch, race = self._batch, state.race
        seq = state.taken - 1 - self._base + self._seq_from
        batch.messages.append(MessageRecord(seq, message.sent_at, message.topic, message.body))
        batch.messages_through = seq + 1
        batch.last_at = state.sent_at
        batch.lap, batch.total_laps = race.lap, race.total_laps
        record_rows.add_events(batch, seq, events, race)
        statuses = record_rows.statuses_of(race)
        if statuses != self._statuses:
            if self._statuses is not None:
                record_rows.add_inferred(batch, seq, events, self._statuses, statuses)
            self._statuses = statuses
        at = message.sent_at
        if self._keyframe_at is None or at - self._keyframe_at >= KEYFRAME_EVERY:
            # After a restart during a live race the engine has taken fewer messages than are
            # stored, so that its keyframes do not fit.
            if not self._seq_from:
                batch.keyframes.append(KeyframeRecord(seq + 1, at, encode_keyframe(state)))
            self._keyframe_at = at

    def _note_cars(
        self, message: RawMessage, events: Sequence[race_events.TimingEvent], state: EngineState
    ) -> None:
        """Collect what changed in cars' entries, laps, stints and telemetry."""
        is_new, cars = self._is_new(state), state.race.cars
        if state.race.timed is not None and is_new:
            self._note_timed(events, state.race)
        for event in events:
            self._note_laps_before_restart(event, cars, is_new=is_new)
            car = cars.get(getattr(event, "number", DriverNumber(0)))
            # In practice the feed also tells tyres of cars of other series, which take no part.
            is_ghost = state.race.timed is not None and car is not None and _is_nobody(car)
            if car is not None and not is_ghost:
                self._note_car(car, is_new=is_new)
        for number, sample in every_car_sample(message):
            if number in cars and sample.at > self._sampled.get(number, START_OF_TIME):
                self._sampled[number] = sample.at
                if is_new:
                    seq = state.taken - 1 - self._base + self._seq_from
                    self._batch.samples.append((seq, record_rows.sample(number, sample)))

    def _note_timed(self, events: Sequence[race_events.TimingEvent], race: RaceState) -> None:
        """Collect laps of qualifying and practice that were deleted, reinstated or taken back."""
        self._timed = race
        for event in events:
            ruled = ruled_lap(race, event.message) if type(event) is ControlSaid else None
            if ruled is not None:
                car, lap = ruled
                row = record_rows.lap(car.number, lap)
                self._batch.laps[row.car, row.lap] = row
            car_now = race.cars.get(getattr(event, "number", DriverNumber(0)))
            last = self._laps.get(car_now.number) if car_now is not None else None
            if car_now is None or last is None or type(event) is not CarTimed:
                continue
            if last.lap_number > car_now.laps_completed:  # the feed no longer counts it
                row = record_rows.lap(car_now.number, replace(last, deleted=True))
                self._batch.laps[row.car, row.lap] = row

    def _note_standings(self) -> None:
        """Collect the standings that have changed since they were last collected."""
        if self._timed is None or not self._batch.messages:
            return
        rows = record_rows.standings(self._timed)
        changed = {car: row for car, row in rows.items() if self._standings.get(car) != row}
        self._batch.standings.update(changed)
        self._standings = rows

    def _note_car(self, car: CarState, *, is_new: bool) -> None:
        number, batch = car.number, self._batch
        entry = (car.driver, car.grid_position)
        if self._entries.get(number) != entry:
            self._entries[number] = entry
            driver, grid = car.driver, car.grid_position
            # An entry repeated after a restart does no harm, and predictions need it.
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
            if is_new:
                lap = record_rows.lap(number, car.laps[-1])
                batch.laps[number, lap.lap] = lap
        if self._stints.get(number) is not car.stints:
            for stint in record_rows.new_stints(car, self._stints.get(number, ())):
                if is_new:
                    batch.stints[number, stint.stint] = stint
            self._stints[number] = car.stints

    def _note_laps_before_restart(
        self,
        event: race_events.TimingEvent,
        cars: Mapping[DriverNumber, CarState],
        *,
        is_new: bool,
    ) -> None:
        """Mark laps that a red flag took back; one that is driven again replaces its row."""
        if type(event) is LapCounted:  # where the leader's lap begins anew, every car's does
            concerned = list(cars.values())
        elif type(event) is CarTimed and event.number in cars:
            concerned = [cars[event.number]]
        else:
            return
        for car in concerned:
            taken_back = car.laps_before_restart[self._taken_back.get(car.number, 0) :]
            if taken_back:
                self._taken_back[car.number] = len(car.laps_before_restart)
            for lap in taken_back if is_new else ():
                row = record_rows.lap(car.number, replace(lap, deleted=True))
                self._batch.laps[row.car, row.lap] = row

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

    def _drop_rows(self) -> None:
        """Drop all rows except entries and counts, because the buffer is full."""
        held, self._batch = self._batch, Batch(info=self.info)
        self._batch.entries = held.entries
        self._batch.messages_through = held.messages_through
        self._batch.dropped = held.dropped + len(held.messages)


def _is_nobody(car: CarState) -> bool:
    """Whether neither a place nor a driver of a car has been told."""
    return car.position is None and not (car.driver.code or car.driver.name)
