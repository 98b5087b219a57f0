"""Write every race as it runs, once a second, without delaying a frame.

The engine's thread collects rows (`batch_collector`), and this task writes them. While the database
is away the race goes on: rows wait in memory and then in files (`spill_files`), and are written
when it is back. Rows that the database rejects are set aside by the store, not here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from pitwall.domain.frames import FrameHeader
from pitwall.domain.race import RaceInfo
from pitwall.domain.records import Batch, RaceMark, SetAside
from pitwall.domain.sessions import Source
from pitwall.errors import RaceNotFoundError, StoreError
from pitwall.ports.feeds import LiveFeed, RecordedFeed
from pitwall.ports.races import RaceWriter
from pitwall.recording import record_rows
from pitwall.recording.race_recording import Recording
from pitwall.recording.spill_files import Spill, Waiting
from pitwall.recording.store_condition import StoreCondition, StoreState

log = logging.getLogger(__name__)

FLUSH_S = 1.0
LAST_FLUSH_S = 3.0  # how long the last batch may take when the server stops
SIMULATED_KEPT = 3
SPILL_AT = 3_000  # messages that wait in memory, a few minutes and 20 MB; more are moved to files


class Recorder:
    """Writes the races that are on screen.

    Args:
        writer: Writes to the store.
        model_version: Stored with every prediction.
        may_write: Whether this worker leads. A worker that was suspended and resumes does not
            lead any more, and numbers the messages of a live feed unlike its successor.
        spill: Files for waiting batches. None leaves them in memory, up to the collector's limit.
        set_aside: Returns what the database rejected.
    """

    def __init__(
        self,
        writer: RaceWriter,
        model_version: str,
        may_write: Callable[[], bool] = lambda: True,
        spill: Spill | None = None,
        set_aside: Callable[[], SetAside] = SetAside,
    ) -> None:
        self.condition = StoreCondition(lambda: sum(each.waiting for each in self._recordings))
        self._may_write = may_write
        self._writer = writer
        self._model_version = model_version
        self._spill = spill
        self._set_aside = set_aside
        self._left_over: deque[Waiting] | None = None if spill else deque()
        self._recordings: list[Recording] = []

    @property
    def state(self) -> StoreState:
        """Whether races are being written, and what is wrong if not."""
        return self.condition.state(self._set_aside())

    def watch(self, feed: RecordedFeed | LiveFeed) -> Recording:
        """Return a new recording of a feed, whose collector must be the engine's observer."""
        recording = self.prepare(feed)
        self.begin(recording)
        return recording

    def prepare(self, feed: RecordedFeed | LiveFeed) -> Recording:
        """Return a recording of a feed that is written only after `begin`."""
        return Recording(feed, self._model_version)

    def begin(self, recording: Recording) -> None:
        """Write a recording from now on, beginning with what it still holds."""
        for earlier in self._recordings:
            earlier.end("abandoned")
        recording.requeue_held()
        self._recordings.append(recording)

    async def run(self) -> None:
        """Write once a second until cancelled, and then once more.

        A write under way is not interrupted by the cancellation unless it exceeds `LAST_FLUSH_S`.
        """
        writing = asyncio.ensure_future(self.flush())
        try:
            while True:
                await asyncio.shield(writing)
                await asyncio.sleep(FLUSH_S)
                writing = asyncio.ensure_future(self.flush())
        finally:
            # TimeoutError must not replace the cancellation, or the task would go on.
            try:
                async with asyncio.timeout(LAST_FLUSH_S):
                    await writing
                    await self.flush()
            except TimeoutError:
                log.warning("the end of the race could not be written in time")

    async def flush(self) -> None:
        """Write what was collected; errors are noted in `state`."""
        if not self._may_write():
            # The next leader may find files of the present one, so look for them again then.
            self._left_over = None if self._spill else deque()
            return
        self.condition.begins()
        failed: Exception | None = None
        for work in (self._write_left_over, *map(self._writer_of, self._recordings)):
            try:
                await work()
            except Exception as error:  # noqa: BLE001  a fault in one race must not stop others
                failed = failed or error
        self.condition.ended(failed)

    def note(self, reason: str) -> None:
        """Note why nothing can be written."""
        self.condition.note(reason)

    def _writer_of(self, recording: Recording) -> Callable[[], Awaitable[None]]:
        return lambda: self._write(recording)

    async def _write(self, recording: Recording) -> None:
        over = recording.over
        await self._write_collected(recording, names_itself=over is None)
        if over is not None:
            for mark in filter(None, recording.marks.values()):
                if mark.state == "running":
                    await self._writer.finish(mark, over)
            if recording.source is Source.SIMULATED:
                await self._writer.prune_simulated(SIMULATED_KEPT)
            self._recordings.remove(recording)

    async def _write_collected(self, recording: Recording, *, names_itself: bool) -> None:
        """Write what was collected; whatever cannot be written waits.

        Args:
            recording: The recording to write.
            names_itself: Whether the feed may still name its race; until then nothing is written.
        """
        unwritten: list[Batch] = []
        try:
            await self._write_from_files(recording)
            unwritten = recording.collector.take_batches()
            while unwritten and (unwritten[0].info.race_id or not names_itself):
                await self._write_batch(recording, unwritten[0])
                del unwritten[0]
        except Exception:
            if not unwritten and recording.collector.waiting >= SPILL_AT:
                unwritten = recording.collector.take_batches()
            if sum(len(batch.messages) for batch in unwritten) >= SPILL_AT:
                await self._move_to_files(recording, unwritten)
            raise
        finally:
            for batch in reversed(unwritten):
                recording.collector.put_back(batch)

    async def _move_to_files(self, recording: Recording, unwritten: list[Batch]) -> None:
        """Move batches into files, oldest first, as long as there is room."""
        while self._spill is not None and unwritten and (race_id := unwritten[0].info.race_id):
            put = partial(
                self._spill.put, source=recording.source.value, feed=recording.feed,
                is_counted=race_id in recording.marks,
            )  # fmt: skip
            try:
                waiting = await asyncio.to_thread(put, unwritten[0])
            except OSError as error:
                self.condition.note_spill(f"the data folder cannot be written: {error.strerror}")
                return
            if waiting is None:
                self.condition.note_spill("the space for waiting messages is used up")
                return
            recording.in_files.append(waiting)
            del unwritten[0]

    async def _write_from_files(self, recording: Recording) -> None:
        while self._spill is not None and recording.in_files:
            waiting = recording.in_files[0]
            batch = await self._read_back(self._spill, waiting)
            if batch is not None:
                if not waiting.is_counted and waiting.race_id in recording.marks:
                    batch = record_rows.shifted(
                        batch, recording.stored_before.get(waiting.race_id, 0)
                    )
                await self._write_batch(recording, batch)
            recording.in_files.popleft()
            await asyncio.to_thread(self._spill.drop, waiting)

    async def _read_back(self, spill: Spill, waiting: Waiting) -> Batch | None:
        """Return a batch from its file; None where it cannot be read, which is counted as lost."""
        try:
            return await asyncio.to_thread(spill.get, waiting)
        except StoreError as error:
            log.error("messages lost: %s", error, extra={"lost": waiting.messages})  # noqa: TRY400
            self.condition.dropped += waiting.messages
            return None

    async def _write_left_over(self) -> None:
        """Write batches that an earlier server left in files."""
        if self._spill is None or (self._left_over is not None and not self._left_over):
            return
        if self._left_over is None:
            own = {each.path for recording in self._recordings for each in recording.in_files}
            found = await asyncio.to_thread(lambda: list(self._spill.left_over()))  # type: ignore[union-attr]
            self._left_over = deque(each for each in found if each.path not in own)
        while self._left_over:
            waiting = self._left_over[0]
            batch = await self._read_back(self._spill, waiting)
            if batch is None:
                self._left_over.popleft()
                continue
            source = Source(waiting.source)
            info = stored_info(batch.info, source, waiting.feed)
            mark = await self._writer.begin(info, waiting.source, waiting.feed)
            if not is_of_another_feed(mark, source, waiting.feed):
                if source is Source.LIVE and not waiting.is_counted:
                    batch = record_rows.shifted(batch, mark.messages)
                await self._writer.append(mark, batch)
            self._left_over.popleft()
            await asyncio.to_thread(self._spill.drop, waiting)

    async def _write_batch(self, recording: Recording, batch: Batch) -> None:
        race_id = batch.info.race_id
        if not race_id:
            self._count_lost(batch, 0)
            return
        if race_id not in recording.marks:
            batch = await self._begin(recording, batch)
        begun = recording.marks[race_id]
        self._count_lost(batch, begun.messages if begun is not None else 0)
        mark = recording.marks[race_id]
        if mark is None or batch.is_empty:
            return
        try:
            await self._writer.append(mark, batch)
        except RaceNotFoundError:
            log.info("a race was removed while it ran; no more of it is stored")
            recording.marks[race_id] = None

    def _count_lost(self, batch: Batch, stored: int) -> None:
        """Count the messages that were dropped before a batch, without those stored already.

        A worker that takes over plays the race from its beginning, and may drop on the way what
        the worker before it has written.
        """
        if not batch.dropped:
            return
        first = batch.messages[0].seq if batch.messages else batch.messages_through
        lost = min(batch.dropped, max(0, first - stored))
        batch.dropped = 0
        if lost:
            log.warning("messages lost: nothing could be written", extra={"lost": lost})
            self.condition.dropped += lost

    async def _begin(self, recording: Recording, batch: Batch) -> Batch:
        """Find out how much of the race is stored already, and return the batch without that."""
        info = stored_info(batch.info, recording.source, recording.feed)
        mark = await self._writer.begin(info, recording.source.value, recording.feed)
        if is_of_another_feed(mark, recording.source, recording.feed):
            log.warning(
                "the race is stored from another source already and is left unchanged",
                extra={"race_id": info.race_id, "source": mark.source, "feed": mark.feed},
            )
            recording.marks[batch.info.race_id] = None
            return batch
        if mark.messages:
            continues = recording.source is Source.LIVE
            recording.collector.resume(batch.info.race_id, mark.messages, continues=continues)
            if continues:
                recording.stored_before[batch.info.race_id] = mark.messages
            resumed = record_rows.shifted if continues else record_rows.without
            batch = resumed(batch, mark.messages)
            log.info("writing goes on", extra={"race_id": info.race_id, "stored": mark.messages})
        recording.marks[batch.info.race_id] = mark
        return batch


def is_of_another_feed(mark: RaceMark, source: Source, feed: str) -> bool:
    """Return whether a race is stored from another feed, whose messages must not be mixed in.

    The messages of a reconstructed race depend on its data, which the feed's name identifies.
    Recordings hold what was sent, so their names do not matter.
    """
    if mark.source != source.value:
        return True
    return source is Source.RECONSTRUCTED and mark.messages > 0 and mark.feed != feed


def stored_info(info: RaceInfo, source: Source, feed: str) -> RaceInfo:
    """Return the race under the key of the store: simulated races get their seed added.

    Example:
        >>> stored_info(RaceInfo("2026-falkenwald-race"), Source.SIMULATED, "simulated:3").race_id
        '2026-falkenwald-race-3'
    """
    if source is not Source.SIMULATED:
        return info
    return replace(info, race_id=f"{info.race_id}-{feed.rpartition(':')[2]}")


def stored_race_id(header: FrameHeader) -> str:
    """Return the key under which the race of a frame is stored."""
    info = RaceInfo(header.race_id)
    return stored_info(info, Source(header.source), header.feed).race_id
