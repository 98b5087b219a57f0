"""Measure how much faster than real time the engine plays a whole race, stage by stage.

Everything runs in one thread. Each stage contains the ones before it, so the difference of two
stages is the cost of the later one. The races are a simulated one with car telemetry, and the
recordings beside the checkout, if there are any.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pitwall.app.container import load_predictor
from pitwall.app.settings import Settings
from pitwall.domain.race import RaceState
from pitwall.domain.reducer import apply
from pitwall.engine.race_engine import RaceEngine
from pitwall.feeds.recording import RecordingFeed
from pitwall.feeds.simulated import SimulatedFeed
from pitwall.feeds.timing import TimingFeed
from pitwall.ports.feeds import RecordedFeed
from pitwall.wire.decode import decode
from pitwall.wire.message import RawMessage

SHARED = Path(os.environ.get("PITWALL_SHARED", Path(__file__).parents[2] / "shared"))
RUNS = 3
Messages = Sequence[RawMessage]


def main() -> None:
    """Print the table, then what takes the time in the last stage."""
    sys.stdout.write("\nOne race through one core: times real time, median of 3 runs\n")
    for feed in _feeds():
        messages = list(feed.messages())
        race_s = (messages[-1].sent_at - messages[0].sent_at).total_seconds()
        size_mb = sum(len(message.body) for message in messages) / 1e6
        sys.stdout.write(
            f"\n{feed.name}: {race_s:.0f} s, {len(messages)} messages, {size_mb:.1f} MB\n"
        )
        last = None
        for name, stage in STAGES.items():
            taken_s = statistics.median(_timed(stage, messages) for _ in range(RUNS))
            share = "" if last is None else f"  x{taken_s / last:.2f} the time of the row above"
            sys.stdout.write(f"  {name:34s} {race_s / taken_s:8.0f} x{share}\n")
            last = taken_s
    _profile(list(SimulatedFeed(1).messages()))


def _feeds() -> list[RecordedFeed]:
    feeds: list[RecordedFeed] = [SimulatedFeed(1)]
    static = SHARED / "data" / "wire" / "static"
    if static.is_dir():
        feeds += [
            RecordingFeed(static / "2018_Azerbaijan_Grand_Prix_Race"),
            RecordingFeed(static / "2023_Azerbaijan_Grand_Prix_Sprint"),
            RecordingFeed(static / "2025_Mexico_Qualifying"),
            TimingFeed(SHARED / "data" / "timing", "2025-dutch-grand-prix-race"),
        ]
    return feeds


def _decode(messages: Messages) -> None:
    for message in messages:
        decode(message)


def _decode_and_apply(messages: Messages) -> None:
    race = RaceState()
    for message in messages:
        for event in decode(message).events:
            race = apply(race, event)


def _with_battles(messages: Messages) -> None:
    engine = RaceEngine(None)
    for message in messages:
        engine.take(message)


def _with_forecasts(messages: Messages) -> None:
    engine = RaceEngine(load_predictor(Settings()))
    for message in messages:
        engine.take(message)


STAGES: dict[str, Callable[[Messages], None]] = {
    "decode": _decode,
    "decode, apply": _decode_and_apply,
    "decode, apply, battles at 4 Hz": _with_battles,
    "... and a forecast every second": _with_forecasts,
}


def _timed(stage: Callable[[Messages], None], messages: Messages) -> float:
    began = time.perf_counter()
    stage(messages)
    return time.perf_counter() - began


def _profile(messages: Messages) -> None:
    profile = cProfile.Profile()
    profile.runcall(_with_forecasts, messages)
    sys.stdout.write("\nWhat bounds it (own time, simulated race with telemetry)\n")
    rows = sorted(pstats.Stats(profile).stats.items(), key=lambda row: -row[1][2])  # type: ignore[attr-defined]
    whole_s = sum(row[1][2] for row in rows)
    for (file, line, name), (_, calls, own_s, _, _) in rows[:12]:
        place = f"{Path(file).name}:{line}" if line else ""
        sys.stdout.write(f"  {own_s / whole_s:5.1%}  {calls:>9,} calls  {name} {place}\n")
