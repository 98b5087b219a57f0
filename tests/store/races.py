"""Make batches of races for tests of the store, with the engine and real or simulated feeds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice

from pitwall.domain.race import RaceInfo
from pitwall.domain.records import (
    Batch,
    ControlRecord,
    EntryRecord,
    LapRow,
    MessageRecord,
    PredictionRecord,
    SampleRecord,
    StintRecord,
    TimingRecord,
)
from pitwall.engine.race_engine import RaceEngine
from pitwall.ports.feeds import RecordedFeed
from pitwall.ports.races import RaceReader
from pitwall.recording import record_rows
from pitwall.recording.batch_collector import BatchCollector
from pitwall.replay.moments import RaceMoments
from pitwall.replay.service import ReplayService
from pitwall.replay.source import shortcuts
from pitwall.store.database import Database
from pitwall.store.race_writer import SqlRaceWriter
from pitwall.wire.message import RawMessage
from tests.makers import shipped

PREDICTOR = shipped()


def moments_of(reader: RaceReader) -> RaceMoments:
    """Return stored races at any moment, with the shipped model."""
    return RaceMoments(reader, ReplayService(reader, PREDICTOR, shortcuts(PREDICTOR)))


def collector_of(messages: Iterable[RawMessage], *, forecasts: bool = True) -> BatchCollector:
    """Return the batch that is collected while messages are played."""
    collector = BatchCollector("test-model", most_messages=10**9)
    engine = RaceEngine(PREDICTOR if forecasts else None, observer=collector)
    for message in messages:
        engine.take(message)
    return collector


def batch_of(feed: RecordedFeed, messages: int | None = None, *, forecasts: bool = True) -> Batch:
    """Return one batch of a feed's first messages."""
    (batch,) = collector_of(islice(feed.messages(), messages), forecasts=forecasts).take_batches()
    return batch


async def keep(writer: SqlRaceWriter, feed: RecordedFeed, batch: Batch) -> None:
    """Write a batch as a finished race, leaving the batch as it is."""
    mark = await writer.begin(batch.info, feed.source.value, feed.name)
    await writer.append(mark, record_rows.joined(Batch(info=batch.info), batch))
    await writer.finish(mark, "finished")


LIGHTS_OUT = datetime(2026, 7, 5, 13, 0, 0, 123_000, tzinfo=UTC)
SMALL = RaceInfo("2026-a-grand-prix-race", "A Grand Prix", "Race", "Somewhere", 2026, LIGHTS_OUT)


def small_batch(seconds: int = 60) -> Batch:
    """Return a made-up race of two cars, a row a second in every table that has time."""
    batch = Batch(info=SMALL, messages_through=seconds, lap=2, total_laps=50)
    for car, (driver, code) in enumerate((("ada-byron", "BYR"), ("=mary-somer", "MAR")), 1):
        batch.entries[car] = EntryRecord(
            car, driver.strip("="), code, driver, "Team", "ff0000", car
        )
        batch.laps[car, 1] = LapRow(
            *(car, 1, LIGHTS_OUT + timedelta(seconds=30 + car), 90.125 + car, 30.0, None, 30.1),
            *(280.0, 290.0, None, 310.0, False, True),
        )
        batch.stints[car, 1] = StintRecord(car, 1, 1, "SOFT", True, 0, 3)
    for second in range(seconds):
        at = LIGHTS_OUT + timedelta(seconds=second)
        batch.messages.append(MessageRecord(second, at, "Heartbeat", b'{"Utc":"%d"}' % second))
        batch.timing.append(TimingRecord(at, second, 2, 2, None, None, False, 0.7, second / 8))
        batch.samples.append((second, SampleRecord(at, 1, 301.0, 11_500.0, 100.0, 0.0, 8, 0)))
        row = PredictionRecord(2, 1, 2, at, 1, second / 8, 1 / (second + 2), "small-model")
        batch.predictions[at, 2, 1] = row
    batch.control.append(
        ControlRecord(LIGHTS_OUT, 0, 0, LIGHTS_OUT, "Flag", "GREEN LIGHT", "GREEN", *[None] * 4)
    )
    batch.last_at = batch.messages[-1].sent_at
    return batch


async def keep_small(database: Database) -> Batch:
    """Store the made-up race, and return it."""
    writer, batch = SqlRaceWriter(database), small_batch()
    mark = await writer.begin(SMALL, "recorded", "recording:small")
    await writer.append(mark, record_rows.joined(Batch(info=SMALL), batch))
    await writer.finish(mark, "finished")
    return batch
