"""Test that the simulated feed has the wire format and pace, and reports the true events."""

from __future__ import annotations

import tracemalloc
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, pairwise
from statistics import mean, quantiles

import orjson
import pytest

from pitwall.domain.events import (
    CarClassified,
    CarsLocated,
    CarsSampled,
    CarTimed,
    PhaseChanged,
    RaceDescribed,
)
from pitwall.domain.gaps import TimeGap
from pitwall.domain.race import DriverNumber, Phase
from pitwall.domain.sessions import Source
from pitwall.feeds.simulated import SimulatedFeed, Truth
from pitwall.feeds.simulated.events import LapDone
from pitwall.ports.feeds import RecordedFeed
from pitwall.wire.decode import decode
from pitwall.wire.message import RawMessage

SEED = 7


@pytest.fixture(scope="module")
def feed() -> SimulatedFeed:
    return SimulatedFeed(SEED, telemetry=False)


@pytest.fixture(scope="module")
def messages(feed: SimulatedFeed) -> list[RawMessage]:
    return list(feed.messages())


@pytest.fixture(scope="module")
def truth(feed: SimulatedFeed) -> Truth:
    return feed.truth()


@dataclass
class Heard:
    """What a listener who merges the deltas knows of one car at the end."""

    position: int = 0
    laps: int = 0
    pit_stops: int = 0
    retired: bool = False
    interval_s: float | None = None
    said_at: list[float] = field(default_factory=list)
    at_line: list[tuple[int, datetime]] = field(default_factory=list)
    intervals: list[tuple[datetime, float | None]] = field(default_factory=list)


def listen(messages: list[RawMessage]) -> dict[DriverNumber, Heard]:
    heard: dict[DriverNumber, Heard] = defaultdict(Heard)
    for message in messages:
        if message.topic != "TimingData":
            continue
        for event in decode(message).events:
            if isinstance(event, CarClassified):  # a best lap that is not there yet
                continue
            assert isinstance(event, CarTimed)
            _hear(heard[event.number], event)
    return heard


def _hear(car: Heard, event: CarTimed) -> None:
    car.position = event.position or car.position
    car.pit_stops = event.pit_stops or car.pit_stops
    car.retired = car.retired if event.retired is None else event.retired
    if event.interval is not None:
        gap = event.interval
        car.interval_s = gap.seconds if isinstance(gap, TimeGap) else None
        car.intervals.append((event.sent_at, car.interval_s))
        car.said_at.append(event.sent_at.timestamp())
    if event.laps_completed:
        car.laps = event.laps_completed
        car.at_line.append((event.laps_completed, event.sent_at))


def test_it_is_a_recorded_feed(feed: SimulatedFeed) -> None:
    recorded: RecordedFeed = feed

    assert recorded.name == f"simulated:{SEED}"
    assert recorded.source is Source.SIMULATED


def test_every_message_decodes_without_a_fault(messages: list[RawMessage]) -> None:
    faults = Counter(fault for message in messages for fault in decode(message).faults)

    assert not faults


def test_messages_come_in_order_of_sent_at(messages: list[RawMessage]) -> None:
    assert all(a.sent_at <= b.sent_at for a, b in pairwise(messages))


def test_the_same_seed_gives_the_same_bytes() -> None:
    first = list(SimulatedFeed(3, laps=6).messages())
    feed = SimulatedFeed(3, laps=6)

    assert list(feed.messages()) == first
    assert list(feed.messages()) == first


def test_another_seed_gives_another_race() -> None:
    a = [m.body for m in SimulatedFeed(3, laps=3, telemetry=False).messages()]
    b = [m.body for m in SimulatedFeed(4, laps=3, telemetry=False).messages()]

    assert a != b


def test_telemetry_changes_nothing_else() -> None:
    with_it = SimulatedFeed(5, laps=5).messages()
    without = SimulatedFeed(5, laps=5, telemetry=False).messages()

    assert [m for m in with_it if not m.topic.endswith(".z")] == list(without)


def test_the_race_is_described_as_a_simulation(messages: list[RawMessage]) -> None:
    said = [e for m in messages[:10] for e in decode(m).events if isinstance(e, RaceDescribed)]

    assert "Simulated" in said[0].info.name
    assert said[0].info.year == 2026
    assert said[0].info.kind == "Race"


def test_the_session_runs_through_its_phases(messages: list[RawMessage]) -> None:
    said = [e.phase for m in messages for e in decode(m).events if isinstance(e, PhaseChanged)]

    assert said == [Phase.INACTIVE, Phase.STARTED, Phase.FINISHED, Phase.FINALISED, Phase.ENDS]


def test_what_is_heard_at_the_end_is_what_happened(
    messages: list[RawMessage], truth: Truth
) -> None:
    heard = listen(messages)

    by_place = sorted(heard, key=lambda number: heard[number].position)
    stops = Counter(stop.number for stop in truth.pit_stops)
    assert tuple(by_place) == truth.final_order
    for number, car in heard.items():
        assert car.laps == len(truth.laps_of(number))
        assert car.pit_stops == stops[number]
        assert car.retired == any(gone.number == number for gone in truth.retired)


def test_intervals_at_the_line_are_the_true_ones(messages: list[RawMessage], truth: Truth) -> None:
    true: dict[tuple[DriverNumber, int], LapDone] = {(d.number, d.lap): d for d in truth.laps_done}

    # As in the archive, some gaps at the line are reported just before the lap, some just after.
    errors = [
        abs(interval_s - told)
        for number, car in listen(messages).items()
        for lap, at in car.at_line
        for sent_at, interval_s in [min(car.intervals, key=lambda one: abs(one[0] - at))]
        if interval_s is not None and (told := true[number, lap].interval_s) is not None
    ]

    assert len(errors) > 500
    assert sum(error < 0.0011 for error in errors) > 0.99 * len(errors)


def test_gaps_come_about_every_3_7_seconds(messages: list[RawMessage]) -> None:
    waits = [
        after - before
        for car in listen(messages).values()
        for before, after in pairwise(car.said_at)
    ]
    waits = [wait for wait in waits if wait < 60.0]

    assert 3.2 < mean(waits) < 4.6
    assert quantiles(waits, n=10)[-1] < 6.0


def test_stints_come_as_a_list_first_and_then_as_patches(messages: list[RawMessage]) -> None:
    stints = [
        line["Stints"]
        for message in messages
        if message.topic == "TimingAppData"
        for line in orjson.loads(message.body)["Lines"].values()
    ]

    kinds = [type(value) for value in stints]
    assert kinds == [list] * 44 + [dict] * (len(kinds) - 44)


def test_telemetry_decodes_at_the_feed_s_pace() -> None:
    feed = SimulatedFeed(8, laps=6)  # its first laps run under green

    events = [e for m in feed.messages() if m.topic.endswith(".z") for e in decode(m).events]
    sampled = [e for e in events if isinstance(e, CarsSampled)]
    located = [e for e in events if isinstance(e, CarsLocated)]

    seconds = (sampled[-1].sent_at - sampled[0].sent_at).total_seconds()
    assert 0.85 < len(sampled) / seconds < 1.15
    assert len(located) == len(sampled)
    begins, ends = (feed.setup.lights_out_at + timedelta(seconds=s) for s in (20.0, 170.0))
    racing = [s.samples for s in sampled if begins < s.sent_at < ends]
    speeds = [sample.speed_kmh or 0.0 for cars in racing for sample in cars.values()]
    assert 130.0 < mean(speeds) < 280.0
    assert max(speeds) < 350.0


def test_the_first_messages_come_before_the_race_is_run() -> None:
    tracemalloc.start()
    try:
        first = list(islice(SimulatedFeed(SEED).messages(), 100))
        early = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert len(first) == 100
    assert early < 8_000_000


@pytest.mark.slow
def test_memory_stays_bounded_while_a_race_is_told() -> None:
    tracemalloc.start()
    try:
        told = sum(1 for _ in SimulatedFeed(SEED, telemetry=False).messages())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert told > 20_000
    assert peak < 12_000_000
