"""Break messages of every topic and check that the race goes on, for as long as asked.

Run `python -m tests.wire --minutes 60`.

Messages of a simulated race, and of the recordings where they are, are changed at random and by
seed, and played through decoder, engine, frame, its JSON, the API's answer and the store's rows.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pitwall.api.live_schemas import BattlesOut
from pitwall.cache.frame_file import frame_from_json, frame_to_json
from pitwall.domain.frames import FeedState, LiveFrame
from pitwall.domain.records import Batch
from pitwall.engine.frame_builder import FeedView, Stamp, build_frame
from pitwall.engine.race_engine import EngineState, RaceEngine
from pitwall.feeds.recording import RecordingFeed
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.ports.forecasts import Predictor
from pitwall.recording.batch_collector import BatchCollector
from pitwall.wire.message import RawMessage
from tests.makers import shipped
from tests.wire.mutations import mutated

SLOWEST_S = 1.0  # of the process's own time
_AN_EPISODE = 200  # messages, about half of them broken
_A_LOOK = 20  # messages between two frames
_VIEW = FeedView("recorded", "recording:made", FeedState.FLOWING)
_LOOKED_AT = datetime(2025, 7, 6, 14, tzinfo=UTC)


@dataclass
class Tally:
    """The results of the broken messages.

    Attributes:
        played, broken: Messages in all, and those of them that were broken.
        frames, slowest_s: Frames looked at; the longest step, of the process's own time.
        faults: By kind.
        wrong: What must never be, with the seed of its episode.
    """

    played: int = 0
    broken: int = 0
    frames: int = 0
    slowest_s: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def took(self, where: str, seconds: float) -> None:
        """Record how long a step took."""
        self.slowest_s = max(self.slowest_s, seconds)
        if seconds > SLOWEST_S:
            self.wrong.append(f"{where}: took {seconds:.1f} s")


@dataclass(frozen=True)
class Stretch:
    """A race up to some moment, and the messages that follow it."""

    name: str
    state: EngineState
    messages: tuple[RawMessage, ...]


def simulated() -> Stretch:
    """Return a short simulated race from its third lap on."""
    return _stretch("simulated", list(SimulatedFeed(seed=3, laps=7).messages()), from_lap=4)


def recorded(shared: Path) -> Iterator[Stretch]:
    """Yield the middle of every recording that exists."""
    wire = shared / "data" / "wire"
    folders = [*sorted(wire.glob("static/*")), *sorted(wire.glob("merged/*.txt"))]
    for path in [*folders, *sorted(wire.glob("signalr/*_signalr"))]:
        yield _stretch(path.name, list(RecordingFeed(path).messages()), from_lap=8)


def _stretch(name: str, messages: Sequence[RawMessage], from_lap: int) -> Stretch:
    engine = RaceEngine(None)
    for place, message in enumerate(messages):
        engine.take(message)
        if engine.state.race.lap >= from_lap or place > len(messages) // 2:
            break
    return Stretch(name, engine.state, tuple(messages[place + 1 : place + 4000]))


def episode(stretch: Stretch, seed: int, predictor: Predictor | None, tally: Tally) -> None:
    """Play part of a race with about every second message broken."""
    rng = random.Random(seed)
    collector = BatchCollector("m")
    engine = RaceEngine(predictor, observer=collector)
    engine.state = replace(stretch.state, faults={})
    begin = rng.randrange(max(1, len(stretch.messages) - _AN_EPISODE))
    for place, message in enumerate(stretch.messages[begin : begin + _AN_EPISODE]):
        is_broken = rng.random() < 0.5
        given = mutated(message, rng) if is_broken else message
        tally.played += 1
        tally.broken += is_broken
        where = f"{stretch.name} seed {seed} message {place} {given.topic[:30]}"
        began = time.thread_time()
        try:
            engine.take(given)
            if place % _A_LOOK == 0 or (is_broken and rng.random() < 0.05):
                engine.settle(engine.state.grid_at + timedelta(seconds=0.3))
                tally.frames += 1
                tally.wrong += [f"{where}: {what}" for what in _amiss(engine.state)]
        except Exception as error:  # noqa: BLE001  errors are what this looks for
            tally.wrong.append(f"{where}: {error!r}")
        tally.took(where, time.thread_time() - began)
    tally.faults.update(engine.state.faults)
    amiss = [kind for kind in engine.state.faults if kind.startswith("internal")]
    amiss += _rows_amiss(collector.take_batches())
    tally.wrong += [f"{stretch.name} seed {seed}: {what}" for what in amiss]


def _amiss(state: EngineState) -> Iterator[str]:
    """Yield what is wrong with the frame of a state."""
    frame = build_frame(state, _VIEW, Stamp(1, _LOOKED_AT, 0.0), "m")
    again = frame_from_json(frame_to_json(frame))
    if len(again.tower) != len(frame.tower):
        yield "the frame is another after JSON"
    BattlesOut.of(frame, below_s=9.0, min_p=0.0).model_dump_json()
    numbers = [line.number for line in frame.tower]
    if len(numbers) != len(set(numbers)):
        yield "a car is twice in the tower"
    if not all({each.attacker, each.defender} <= set(numbers) for each in frame.battles):
        yield "a battle of a car that is not in the tower"
    defenders = [each.defender for each in frame.battles]
    if len(defenders) != len(set(defenders)):
        yield "two battles for one car's place"
    if [line.position for line in frame.tower] != sorted(line.position for line in frame.tower):
        yield "the tower is out of order"
    positions = {car.number: car.position for car in state.race.cars.values()}
    if any(positions[line.number] != line.position for line in frame.tower):
        yield "a place that the feed did not tell"
    yield from _texts_amiss(frame)
    yield from _numbers_amiss(frame)


def _numbers_amiss(frame: LiveFrame) -> Iterator[str]:
    numbers_told = [
        *(
            value
            for line in frame.tower
            for value in (line.gap_to_leader_s, line.interval_s, line.last_lap_s, line.best_lap_s)
        ),
        *(
            value
            for each in frame.battles
            for value in (each.interval_s, each.interval_age_s, each.p_overtake, each.heat)
        ),
    ]
    for value in numbers_told:
        if value is not None and not (math.isfinite(value) and value >= 0):
            yield "a number that is negative or not finite"


def _texts_amiss(frame: LiveFrame) -> Iterator[str]:
    texts = [frame.header.name, frame.header.latest_control, *(line.code for line in frame.tower)]
    if not all(text.isprintable() for text in texts):
        yield "a text that is not printable"
    if any(len(line.code) > 8 for line in frame.tower):
        yield "a code that is too long"


def _rows_amiss(batches: Sequence[Batch]) -> Iterator[str]:
    for batch in batches:
        rows: list[object] = [
            *(*batch.timing, *batch.laps.values(), *batch.stints.values(), *batch.control),
            *(*batch.weather, *batch.predictions.values(), *batch.outcomes, *batch.statuses),
            *(row for _, row in batch.samples),
        ]
        for row in rows:
            if not isinstance(row, tuple):
                continue
            for value in row:
                if isinstance(value, float) and not math.isfinite(value):
                    yield f"a row with {value}: {type(row).__name__}"
                if isinstance(value, int) and not -(2**31) <= value < 2**31:
                    yield f"a row with a number too large: {type(row).__name__}"


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def main() -> int:
    """Break messages for some minutes; return exit code 1 if anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.wire", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--first", type=int, default=0, help="seed of the first episode")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    shared = Path(os.environ.get("PITWALL_SHARED") or Path(__file__).parents[3] / "shared")
    stretches = [simulated(), *recorded(shared)]
    _say(f"{len(stretches)} races: " + ", ".join(each.name for each in stretches))
    tally, seed = Tally(), chosen.first
    until = time.monotonic() + 60 * chosen.minutes
    reported_at = time.monotonic()
    while time.monotonic() < until:
        # The shipped model reads the laps anew in each episode, which takes most of its time.
        predictor = shipped() if seed % 4 == 0 else None
        episode(stretches[seed % len(stretches)], seed, predictor, tally)
        seed += 1
        if time.monotonic() - reported_at > 30:
            reported_at = time.monotonic()
            _say(f"seed {seed}: {tally.broken:,} broken, {len(tally.wrong)} wrong")
    _say(f"{seed - chosen.first:,} episodes, {tally.played:,} messages, {tally.broken:,} broken")
    _say(f"{tally.frames:,} frames; the slowest step took {tally.slowest_s:.2f} s")
    _say("faults: " + ", ".join(f"{n:,} {kind}" for kind, n in tally.faults.most_common()))
    for what, count in Counter(tally.wrong).most_common(40):
        sys.stderr.write(f"{count} x {what}\n")
    return 1 if tally.wrong else 0
