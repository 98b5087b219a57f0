"""Import a finished race: play it as fast as possible, and store the result."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pitwall.domain.records import Batch, RaceMark
from pitwall.engine.race_engine import RaceEngine
from pitwall.ports.feeds import RecordedFeed
from pitwall.ports.forecasts import Predictor
from pitwall.ports.races import RaceWriter
from pitwall.recording import record_rows
from pitwall.recording.batch_collector import BatchCollector
from pitwall.recording.race_recorder import is_of_another_feed, kept_as
from pitwall.recording.recording_report import RecordingReport, report_on
from pitwall.wire.message import RawMessage

AT_ONCE = 4_000  # messages in one transaction


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import.

    Attributes:
        race_id: The race; "" if the feed describes no race.
        outcome: `imported`; `known` if the whole race was stored already; `other_source` if it is
            stored from another source or feed and was left unchanged; `no_race` if the feed
            describes no race.
        messages: How many messages this import stored.
        predictions: How many predictions this import made.
        kept_of: The name of the feed that the race was first stored from; "" for `no_race`.
        faults: How many faults the feed had, by kind: lines left out, parts of messages skipped,
            time stamps replaced.
        findings: What the feed holds; None where it was not played to its end.
    """

    race_id: str
    outcome: Literal["imported", "known", "other_source", "no_race"]
    messages: int = 0
    predictions: int = 0
    kept_of: str = ""
    faults: Mapping[str, int] = field(default_factory=dict)
    findings: RecordingReport | None = None


@dataclass(frozen=True, slots=True)
class Importing:
    """Options of an import.

    Attributes:
        told: Called with the number of messages done and their total.
        replace: Whether to remove the stored race first.
    """

    told: Callable[[int, int], None] = lambda _done, _total: None
    replace: bool = False


async def import_race(
    feed: RecordedFeed, writer: RaceWriter, predictor: Predictor, how: Importing | None = None
) -> Imported:
    """Store a race from its feed, going on where an earlier import stopped.

    Args:
        feed: The feed of a finished race.
        writer: Writes the race to the store.
        predictor: Forecasts every battle of the race.
        how: Options. None for the defaults.

    Raises:
        FeedUnavailableError: The feed cannot be opened.
        StoreError: The database cannot be reached.
    """
    how = how or Importing()
    messages = await asyncio.to_thread(lambda: list(feed.messages()))
    collector = BatchCollector(predictor.version, most_messages=len(messages) + 1)
    engine = RaceEngine(predictor, observer=collector)
    mark: RaceMark | None = None
    stored = predictions = 0
    for done in range(0, len(messages), AT_ONCE):
        await asyncio.to_thread(_play, engine, messages[done : done + AT_ONCE])
        for batch in collector.take_batches():
            if mark is None and batch.info.race_id:
                mark = await _begin(feed, writer, batch, how)
                if (known := _known(mark, feed, len(messages))) is not None:
                    return known
                collector.resume(batch.info.race_id, mark.messages, continues=False)
            if mark is None:
                collector.put_back(batch)
                continue
            fresh = record_rows.without(batch, mark.messages)
            fresh.is_imported = True
            stored += len(fresh.messages)
            predictions += len(fresh.predictions)
            await writer.append(mark, fresh)
        how.told(min(done + AT_ONCE, len(messages)), len(messages))
    if mark is None:
        found = report_on(messages, engine.state.race)
        return Imported("", "no_race", faults=_faults(feed, engine), findings=found)
    await writer.finish(mark, "finished")
    faults = _faults(feed, engine)
    found = report_on(messages, engine.state.race)
    return Imported(mark.info.race_id, "imported", stored, predictions, mark.feed, faults, found)


def _faults(feed: RecordedFeed, engine: RaceEngine) -> Mapping[str, int]:
    """Return the faults of the file itself and of its messages, by kind."""
    return Counter(getattr(feed, "skipped", {})) + Counter(engine.state.faults)


async def _begin(feed: RecordedFeed, writer: RaceWriter, batch: Batch, how: Importing) -> RaceMark:
    info = kept_as(batch.info, feed.source, feed.name)
    if how.replace:
        await writer.remove(info.race_id)
    return await writer.begin(info, feed.source.value, feed.name)


def _known(mark: RaceMark, feed: RecordedFeed, messages: int) -> Imported | None:
    if is_of_another_feed(mark, feed.source, feed.name):
        return Imported(mark.info.race_id, "other_source", kept_of=mark.feed)
    if mark.state == "finished" and mark.messages >= messages:
        return Imported(mark.info.race_id, "known", kept_of=mark.feed)
    return None


def _play(engine: RaceEngine, messages: Sequence[RawMessage]) -> None:
    for message in messages:
        engine.take(message)
