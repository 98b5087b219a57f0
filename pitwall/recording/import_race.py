"""Import a finished race: play it as fast as possible, and store the result."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol

from pitwall.domain.records import Batch, RaceMark
from pitwall.engine.race_engine import RaceEngine
from pitwall.ports.feeds import RecordedFeed
from pitwall.ports.forecasts import Predictor, ReasoningPredictor
from pitwall.ports.races import RaceWriter
from pitwall.recording import record_rows
from pitwall.recording.batch_collector import BatchCollector
from pitwall.recording.race_recorder import is_of_another_feed, stored_info
from pitwall.recording.recording_report import RecordingReport, report_on
from pitwall.wire.message import RawMessage
from pitwall.wire.values import is_plausible

AT_ONCE = 4_000  # messages in one transaction
_FORECASTS_LAST = timedelta(seconds=2)  # one, and up to another until the next message comes


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
        stored_from: The name of the feed that the race was first stored from; "" for `no_race`.
        faults: How many faults the feed had, by kind: lines left out, parts of messages skipped,
            time stamps replaced.
        findings: What the feed holds; None where it was not played to its end.
    """

    race_id: str
    outcome: Literal["imported", "known", "other_source", "no_race"]
    messages: int = 0
    predictions: int = 0
    stored_from: str = ""
    faults: Mapping[str, int] = field(default_factory=dict)
    findings: RecordingReport | None = None


@dataclass(frozen=True, slots=True)
class PlayedPart:
    """A part of a race that was played.

    Attributes:
        batches: The rows that it adds; all belong to a race that is known by name.
        done: How many messages were played so far.
        total: How many messages the race has.
        faults: How many faults the race had so far, by kind.
        findings: What the feed holds, with the last part; None before.
    """

    batches: list[Batch]
    done: int
    total: int
    faults: Mapping[str, int]
    findings: RecordingReport | None = None


class RacePlay(Protocol):
    """A race that is played as fast as possible, here or in another process."""

    def parts(self) -> AsyncGenerator[PlayedPart, None]:
        """Yield the race part by part.

        Raises:
            FeedUnavailableError: The feed cannot be opened.
        """
        ...

    def resume(self, race_id: str, stored: int) -> None:
        """Leave out what the first messages of the race add: so many are stored."""
        ...


class PlayHere:
    """Plays a race in a thread of this process.

    Args:
        feed: The feed of a finished race.
        predictor: Forecasts every battle of the race.
    """

    def __init__(self, feed: RecordedFeed, predictor: Predictor) -> None:
        self._feed = feed
        self._predictor = predictor
        self._collector: BatchCollector | None = None

    def resume(self, race_id: str, stored: int) -> None:
        """Leave out what the first messages of the race add: so many are stored."""
        if self._collector is not None:
            self._collector.resume(race_id, stored, continues=False)

    async def parts(self) -> AsyncGenerator[PlayedPart, None]:
        """Yield the race part by part, while a thread plays it."""
        played = self.played()
        while (part := await asyncio.to_thread(next, played, None)) is not None:
            yield part

    def played(self) -> Iterator[PlayedPart]:
        """Yield the race part by part; blocks while it plays."""
        feed = self._feed
        messages = list(feed.messages())
        collector = BatchCollector(self._predictor.version, most_messages=len(messages) + 1)
        self._collector = collector
        engine = RaceEngine(self._predictor, observer=collector)
        reasons = _ReasonsForKeyframes(engine, collector, messages)
        for done in range(0, len(messages), AT_ONCE):
            for place in range(done, min(done + AT_ONCE, len(messages))):
                reasons.prepare(place)
                engine.take(messages[place])
            batches = []
            for batch in collector.take_batches():
                if batch.info.race_id:
                    batches.append(batch)
                else:
                    collector.put_back(batch)
            reached = min(done + AT_ONCE, len(messages))
            found = report_on(messages, engine.state.race) if reached == len(messages) else None
            yield PlayedPart(batches, reached, len(messages), _faults(feed, engine), found)


@dataclass(frozen=True, slots=True)
class Importing:
    """Options of an import.

    Attributes:
        on_progress: Called with the number of messages done and their total.
        replace: Whether to remove the stored race first.
        play: Plays the race; None to play it in this process.
    """

    on_progress: Callable[[int, int], None] = lambda _done, _total: None
    replace: bool = False
    play: RacePlay | None = None


async def import_race(
    feed: RecordedFeed,
    writer: RaceWriter,
    predictor: Predictor | None,
    how: Importing | None = None,
) -> Imported:
    """Store a race from its feed, going on where an earlier import stopped.

    Args:
        feed: The feed of a finished race.
        writer: Writes the race to the store.
        predictor: Forecasts every battle of the race. None where `how` plays it elsewhere.
        how: Options. None for the defaults.

    Raises:
        FeedUnavailableError: The feed cannot be opened.
        StoreError: The database cannot be reached.
    """
    how = how or Importing()
    play = how.play
    if play is None:
        assert predictor is not None  # noqa: S101  as promised
        play = PlayHere(feed, predictor)
    mark: RaceMark | None = None
    stored = predictions = 0
    faults: Mapping[str, int] = {}
    findings: RecordingReport | None = None
    async with aclosing(play.parts()) as parts:
        async for part in parts:
            faults, findings = part.faults, part.findings
            for batch in part.batches:
                if mark is None:
                    mark = await _begin(feed, writer, batch, how)
                    if (known := _known(mark, feed, part.total)) is not None:
                        return known
                    play.resume(batch.info.race_id, mark.messages)
                fresh = record_rows.without(batch, mark.messages)
                fresh.is_imported = True
                stored += len(fresh.messages)
                predictions += len(fresh.predictions)
                await writer.append(mark, fresh)
            how.on_progress(part.done, part.total)
    if mark is None:
        return Imported("", "no_race", faults=faults, findings=findings)
    await writer.finish(mark, "finished")
    return Imported(mark.info.race_id, "imported", stored, predictions, mark.feed, faults, findings)


def _faults(feed: RecordedFeed, engine: RaceEngine) -> Mapping[str, int]:
    """Return the faults of the file itself and of its messages, by kind."""
    return Counter(getattr(feed, "skipped", {})) + Counter(engine.state.faults)


async def _begin(feed: RecordedFeed, writer: RaceWriter, batch: Batch, how: Importing) -> RaceMark:
    info = stored_info(batch.info, feed.source, feed.name)
    if how.replace:
        await writer.remove(info.race_id)
    return await writer.begin(info, feed.source.value, feed.name)


def _known(mark: RaceMark, feed: RecordedFeed, messages: int) -> Imported | None:
    if is_of_another_feed(mark, feed.source, feed.name):
        return Imported(mark.info.race_id, "other_source", stored_from=mark.feed)
    if mark.state == "finished" and mark.messages >= messages:
        return Imported(mark.info.race_id, "known", stored_from=mark.feed)
    return None


class _ReasonsForKeyframes:
    """Has an engine give reasons only where a keyframe will hold them, as they cost time.

    Args:
        engine: Plays the race.
        collector: Takes the keyframes.
        messages: The whole race.
    """

    def __init__(
        self, engine: RaceEngine, collector: BatchCollector, messages: Sequence[RawMessage]
    ) -> None:
        self._engine = engine
        self._collector = collector
        self._messages = messages
        self._keyframe = 0  # the message with which the next keyframe is taken
        self._full = self._plain = engine.predictor
        if isinstance(engine.predictor, ReasoningPredictor):
            self._plain = engine.predictor.without_reasons()

    def prepare(self, place: int) -> None:
        """Choose the predictor for the forecasts up to a message."""
        self._engine.predictor = self._full if self._is_kept(place) else self._plain

    def _is_kept(self, place: int) -> bool:
        """Whether forecasts of before this message may be those at the next keyframe."""
        due = self._collector.keyframe_due
        if due is None:
            return True
        messages = self._messages
        self._keyframe = max(self._keyframe, place)
        while self._keyframe < len(messages):
            at = messages[self._keyframe].sent_at
            if at >= due and is_plausible(at):
                return at - messages[place].sent_at <= _FORECASTS_LAST
            self._keyframe += 1
        return False
