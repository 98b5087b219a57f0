"""Write every race as it runs, once a second, without delaying a frame.

The engine's thread gathers (`collector`), this task writes. While the database is away the
race goes on: what gathers waits, in memory and then in files (`spilling`), and is written when it
is back. Nothing that was taken is given up here; rows that the database refuses for what they say
are for the store to set aside.
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
from pitwall.recording.store_condition import Condition, StoreState

log = logging.getLogger(__name__)

FLUSH_S = 1.0
LAST_WORD_S = 3.0  # for the last batch when the server stops
SIMULATED_KEPT = 3
SPILL_AT = 3_000  # messages that wait in memory, some minutes of a race and 20 MB; more go to files


class Recorder:
    """Writes the races that are on screen.

    Args:
        writer: Where to.
        model_version: Said in every prediction.
        may_write: Whether this worker leads. One that was stopped and comes back does not, and
            what it would write of a live feed is numbered otherwise than its successor's.
        spill: Where what waits goes; None keeps it in memory, as far as the collector does.
        set_aside: Says what the database refused.
    """

    def __init__(
        self,
        writer: RaceWriter,
        model_version: str,
        may_write: Callable[[], bool] = lambda: True,
        spill: Spill | None = None,
        set_aside: Callable[[], SetAside] = SetAside,
    ) -> None:
        self.condition = Condition(lambda: sum(each.waiting for each in self._recordings))
        self._may_write = may_write
        self._writer = writer
        self._model_version = model_version
        self._spill = spill
        self._set_aside = set_aside
        self._left_over: deque[Waiting] | None = None if spill else deque()
        self._recordings: list[Recording] = []

    @property
    def state(self) -> StoreState:
        """How the writing goes now."""
        return self.condition.state(self._set_aside())

    def watch(self, feed: RecordedFeed | LiveFeed) -> Recording:
        """Begin to write a feed; its engine gets the recording's collector as observer."""
        recording = self.prepare(feed)
        self.begin(recording)
        return recording

    def prepare(self, feed: RecordedFeed | LiveFeed) -> Recording:
        """Return a recording of a feed that is not written before `begin` says so."""
        return Recording(feed, self._model_version)

    def begin(self, recording: Recording) -> None:
        """Write a recording from now on, and what it still holds."""
        for earlier in self._recordings:
            earlier.end("abandoned")
        recording.hold_again()
        self._recordings.append(recording)

    async def run(self) -> None:
        """Write once a second until cancelled; then once more.

        What is being written at that moment is not broken off, but for `LAST_WORD_S`.
        """
        writing = asyncio.ensure_future(self.flush())
        try:
            while True:
                await asyncio.shield(writing)
                await asyncio.sleep(FLUSH_S)
                writing = asyncio.ensure_future(self.flush())
        finally:
            # Not raised: it would stand in for the cancellation, and the task would go on.
            try:
                async with asyncio.timeout(LAST_WORD_S):
                    await writing
                    await self.flush()
            except TimeoutError:
                log.warning("the end of what was shown could not be written in time")

    async def flush(self) -> None:
        """Write what has gathered; a database that is away is noted in `state`."""
        if not self._may_write():
            # Who leads next may find files of whoever leads now.
            self._left_over = None if self._spill else deque()
            return
        self.condition.begins()
        failed: Exception | None = None
        for work in (self._write_left_over, *map(self._writing_of, self._recordings)):
            try:
                await work()
            except Exception as error:  # noqa: BLE001  noted; a fault in one race stops no other
                failed = failed or error
        self.condition.ended(failed)

    def note(self, reason: str) -> None:
        """Note why nothing can be written."""
        self.condition.note(reason)

    def _writing_of(self, recording: Recording) -> Callable[[], Awaitable[None]]:
        return lambda: self._write(recording)

    async def _write(self, recording: Recording) -> None:
        over = recording.over
        await self._write_gathered(recording, names_itself=over is None)
        if over is not None:
            for mark in filter(None, recording.marks.values()):
                if mark.state == "running":
                    await self._writer.finish(mark, over)
            if recording.source is Source.SIMULATED:
                await self._writer.prune_simulated(SIMULATED_KEPT)
            self._recordings.remove(recording)

    async def _write_gathered(self, recording: Recording, *, names_itself: bool) -> None:
        """Write what has gathered; what is not written, for whatever reason, waits.

        Args:
            recording: Whose.
            names_itself: The feed may yet tell which race it is; until then nothing is written.
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
                await self._to_files(recording, unwritten)
            raise
        finally:
            for batch in reversed(unwritten):
                recording.collector.put_back(batch)

    async def _to_files(self, recording: Recording, unwritten: list[Batch]) -> None:
        """Move batches into files, oldest first, as far as there is room."""
        while self._spill is not None and unwritten and (race_id := unwritten[0].info.race_id):
            put = partial(
                self._spill.put, source=recording.source.value, feed=recording.feed,
                is_counted=race_id in recording.marks,
            )  # fmt: skip
            try:
                waiting = await asyncio.to_thread(put, unwritten[0])
            except OSError as error:
                self.condition.note_spill(f"the data folder takes no more: {error.strerror}")
                return
            if waiting is None:
                self.condition.note_spill("the room for what waits is used up")
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
                        batch, recording.kept_before.get(waiting.race_id, 0)
                    )
                await self._write_batch(recording, batch)
            recording.in_files.popleft()
            await asyncio.to_thread(self._spill.drop, waiting)

    async def _read_back(self, spill: Spill, waiting: Waiting) -> Batch | None:
        """Return a batch that waited in a file; None where it cannot be had, which is counted."""
        try:
            return await asyncio.to_thread(spill.get, waiting)
        except StoreError as error:
            log.error("messages lost: %s", error, extra={"lost": waiting.messages})  # noqa: TRY400
            self.condition.dropped += waiting.messages
            return None

    async def _write_left_over(self) -> None:
        """Write what an earlier server could not write before it ended."""
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
            info = kept_as(batch.info, source, waiting.feed)
            mark = await self._writer.begin(info, waiting.source, waiting.feed)
            if not is_of_another_feed(mark, source, waiting.feed):
                if source is Source.LIVE and not waiting.is_counted:
                    batch = record_rows.shifted(batch, mark.messages)
                await self._writer.append(mark, batch)
            self._left_over.popleft()
            await asyncio.to_thread(self._spill.drop, waiting)

    async def _write_batch(self, recording: Recording, batch: Batch) -> None:
        if batch.dropped:
            log.warning("messages lost: nothing could be written", extra={"lost": batch.dropped})
            self.condition.dropped += batch.dropped
            batch.dropped = 0
        race_id = batch.info.race_id
        if not race_id:
            return
        if race_id not in recording.marks:
            batch = await self._begin(recording, batch)
        mark = recording.marks[race_id]
        if mark is None or batch.is_empty:
            return
        try:
            await self._writer.append(mark, batch)
        except RaceNotFoundError:
            log.info("a race was removed while it ran; no more of it is kept")
            recording.marks[race_id] = None

    async def _begin(self, recording: Recording, batch: Batch) -> Batch:
        """Find out what of the race is kept already, and return the batch without it."""
        info = kept_as(batch.info, recording.source, recording.feed)
        mark = await self._writer.begin(info, recording.source.value, recording.feed)
        if is_of_another_feed(mark, recording.source, recording.feed):
            log.warning(
                "the race is kept from another source already; it is left as it is",
                extra={"race_id": info.race_id, "kept_from": mark.source, "kept_of": mark.feed},
            )
            recording.marks[batch.info.race_id] = None
            return batch
        if mark.messages:
            continues = recording.source is Source.LIVE
            recording.collector.resume(batch.info.race_id, mark.messages, continues=continues)
            if continues:
                recording.kept_before[batch.info.race_id] = mark.messages
            resumed = record_rows.shifted if continues else record_rows.without
            batch = resumed(batch, mark.messages)
            log.info("writing goes on", extra={"race_id": info.race_id, "kept": mark.messages})
        recording.marks[batch.info.race_id] = mark
        return batch


def is_of_another_feed(mark: RaceMark, source: Source, feed: str) -> bool:
    """Return whether a race is kept from messages that are not this feed's, which never mix.

    The messages of a reconstructed race depend on what it was made of, which its feed's name
    says. Recordings hold what was sent, wherever they lie.
    """
    if mark.source != source.value:
        return True
    return source is Source.RECONSTRUCTED and mark.messages > 0 and mark.feed != feed


def kept_as(info: RaceInfo, source: Source, feed: str) -> RaceInfo:
    """Return the race under the key it is kept by: two simulated races share a name.

    Example:
        >>> kept_as(RaceInfo("2026-falkenwald-race"), Source.SIMULATED, "simulated:3").race_id
        '2026-falkenwald-race-3'
    """
    if source is not Source.SIMULATED:
        return info
    return replace(info, race_id=f"{info.race_id}-{feed.rpartition(':')[2]}")


def kept_id(header: FrameHeader) -> str:
    """Return the key by which the race of a frame is kept."""
    info = RaceInfo(header.race_id)
    return kept_as(info, Source(header.source), header.feed).race_id
