"""Batches of races for tests of the store, made by the engine from real and simulated feeds."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from pitwall.domain.records import Batch
from pitwall.pipeline import rows
from pitwall.pipeline.chronicle import Chronicle
from pitwall.pipeline.engine import RaceEngine
from pitwall.ports import RecordedFeed
from pitwall.race_ports import RaceWriter
from pitwall.wire.message import RawMessage
from tests.makers import shipped

PREDICTOR = shipped()


def chronicle_of(messages: Iterable[RawMessage], *, forecasts: bool = True) -> Chronicle:
    """Return what gathers while messages are played."""
    chronicle = Chronicle("test-model", most_messages=10**9)
    engine = RaceEngine(PREDICTOR if forecasts else None, witness=chronicle)
    for message in messages:
        engine.take(message)
    return chronicle


def batch_of(feed: RecordedFeed, messages: int | None = None, *, forecasts: bool = True) -> Batch:
    """Return one batch of a feed's first messages."""
    (batch,) = chronicle_of(islice(feed.messages(), messages), forecasts=forecasts).take_batches()
    return batch


async def keep(writer: RaceWriter, feed: RecordedFeed, batch: Batch) -> None:
    """Write a batch as a finished race, leaving the batch as it is."""
    mark = await writer.begin(batch.info, feed.source.value, feed.name)
    await writer.append(mark, rows.joined(Batch(info=batch.info), batch))
    await writer.finish(mark, "finished")
