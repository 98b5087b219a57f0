"""Write every race as it runs, once a second, without holding a frame back.

The engine's thread gathers (`chronicle`), this task writes. While the database is away the
race goes on: what gathers waits, up to a bound, and is written when it is back; beyond the
bound the oldest goes and is counted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from pitwall.domain.frames import FrameHeader
from pitwall.domain.race import RaceInfo
from pitwall.domain.records import Batch, RaceMark
from pitwall.domain.sources import Source
from pitwall.errors import PitwallError, RaceNotFoundError
from pitwall.pipeline import rows
from pitwall.pipeline.chronicle import Chronicle
from pitwall.ports import LiveFeed, RecordedFeed
from pitwall.race_ports import RaceWriter

log = logging.getLogger(__name__)

FLUSH_S = 1.0
LAST_WORD_S = 3.0  # for the last batch when the server stops
SIMULATED_KEPT = 3
HELD_TURNS = 15  # seconds of a race played unseen that are kept, should this worker take over


@dataclass(frozen=True, slots=True)
class StoreState:
    """How the writing goes.

    Attributes:
        status: `degraded` while nothing can be written.
        reason: A sentence for people while degraded, else "".
        dropped: Messages of this race that were lost because nothing could be written for long.
    """

    status: Literal["ok", "degraded"] = "ok"
    reason: str = ""
    dropped: int = 0


class Recording:
    """One showing of one feed, being written.

    Attributes:
        chronicle: What the engine tells.
        over: How it ended; None while it runs.
    """

    def __init__(self, feed: RecordedFeed | LiveFeed, model_version: str) -> None:
        self._held: list[list[Batch]] = []
        self.chronicle = Chronicle(model_version)
        self.source = feed.source
        self.feed = feed.name
        self.over: Literal["finished", "abandoned"] | None = None
        self.marks: dict[str, RaceMark | None] = {}

    def end(self, how: Literal["finished", "abandoned"]) -> None:
        """Say that the engine tells no more."""
        self.over = self.over or how

    def let_go(self) -> None:
        """Forget what another worker has written by now; what is newer than that is kept.

        Called about once a second while another worker writes; he is behind by a second or two.
        """
        self._held = [*self._held[1 - HELD_TURNS :], self.chronicle.take_batches()]

    def hold_again(self) -> None:
        """Take back what was not let go, to be written here."""
        held, self._held = self._held, []
        for batches in reversed(held):
            for batch in reversed(batches):
                self.chronicle.put_back(batch)


class Recorder:
    """Writes the races that are on screen.

    Args:
        writer: Where to.
        model_version: Said in every prediction.
        may_write: Whether this worker leads. One that was stopped and comes back does not, and
            what it would write of a live feed is numbered otherwise than its successor's.
    """

    def __init__(
        self,
        writer: RaceWriter,
        model_version: str,
        may_write: Callable[[], bool] = lambda: True,
    ) -> None:
        self.state = StoreState()
        self._may_write = may_write
        self._writer = writer
        self._model_version = model_version
        self._recordings: list[Recording] = []

    def watch(self, feed: RecordedFeed | LiveFeed) -> Recording:
        """Begin to write a feed; its engine gets the recording's chronicle as witness."""
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
            return
        for recording in list(self._recordings):
            try:
                await self._write(recording)
            except PitwallError as error:
                self.note(str(error))
                return
            except Exception:
                # The supervisor: what the database refuses for good must not stop the rest.
                log.exception("a stretch of a race could not be written and was left out")
                self.note("An internal error left out a stretch of the race; see the log.")
                return
        if self.state.status == "degraded":
            log.warning("writing again", extra={"dropped": self.state.dropped})
        self.state = replace(self.state, status="ok", reason="")

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
        """Write what has gathered; what is not written, for whatever reason, gathers again.

        Args:
            recording: Whose.
            names_itself: The feed may yet tell which race it is; until then nothing is written.
        """
        unwritten = recording.chronicle.take_batches()
        try:
            while unwritten and (unwritten[0].info.race_id or not names_itself):
                await self._write_batch(recording, unwritten[0])
                del unwritten[0]
        except Exception as error:
            if not isinstance(error, PitwallError):
                del unwritten[0]  # refused for good
            raise
        finally:
            for batch in reversed(unwritten):
                recording.chronicle.put_back(batch)

    async def _write_batch(self, recording: Recording, batch: Batch) -> None:
        if batch.dropped:
            log.warning("messages lost: nothing could be written", extra={"lost": batch.dropped})
            self.state = replace(self.state, dropped=self.state.dropped + batch.dropped)
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
            recording.chronicle.resume(batch.info.race_id, mark.messages, continues=continues)
            resumed = rows.shifted if continues else rows.without
            batch = resumed(batch, mark.messages)
            log.info("writing goes on", extra={"race_id": info.race_id, "kept": mark.messages})
        recording.marks[batch.info.race_id] = mark
        return batch

    def note(self, reason: str) -> None:
        """Note why nothing can be written."""
        if self.state.status == "ok":
            log.warning("nothing can be written; the race goes on", extra={"reason": reason})
        self.state = replace(self.state, status="degraded", reason=reason)


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
