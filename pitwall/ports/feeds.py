"""Define the ports of feeds: recorded feeds, live feeds and the recorder of raw frames."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Protocol, runtime_checkable

from pitwall.domain.sessions import Source
from pitwall.wire.message import RawFrame, RawMessage, Reading


class RecordedFeed(Protocol):
    """A feed whose messages all exist already: a file, an archive or a simulation.

    It reads no clock; `engine.playback` paces it. Iterating blocks on files, so it runs in a worker
    thread.
    """

    @property
    def name(self) -> str:
        """The feed's name as shown on pages, such as `simulated:7`; never a path."""
        ...

    @property
    def source(self) -> Source:
        """What kind of data this is."""
        ...

    def messages(self) -> Iterator[RawMessage]:
        """Yield every message from the first, in order of `sent_at`.

        Each call starts again and yields the same bytes.

        Raises:
            FeedUnavailableError: The feed cannot be opened.
        """
        ...


@runtime_checkable
class FetchedFeed(RecordedFeed, Protocol):
    """A recorded feed that is still being fetched while it plays, slowly if need be."""

    @property
    def detail(self) -> str:
        """How far it is and what keeps it waiting, in sentences; "" when all is there."""
        ...

    def stop(self) -> None:
        """Stop fetching; a thread that waits for messages gets a `FeedUnavailableError`."""
        ...


class LiveFeed(Protocol):
    """A feed that sends while the race runs; `live.ingest` reconnects, numbers and decodes it."""

    @property
    def name(self) -> str:
        """The feed's name as shown on pages, such as `f1_live`; never an address with a token."""
        ...

    @property
    def source(self) -> Source:
        """What kind of data this is."""
        ...

    @property
    def detail(self) -> str:
        """A sentence about a problem of the connection, such as a refused token; else ""."""
        ...

    def frames(self) -> AsyncGenerator[RawFrame, None]:
        """Connect once, and yield every frame until the server ends the connection.

        Every connection begins with a snapshot, which `read` returns from the first frames. A feed
        without snapshots gives an empty one, with its instant, as soon as it has filled its own
        gap.
        Frames without content, such as pings, are yielded too, as they show that the connection is
        alive.

        Raises:
            FeedUnavailableError: The server cannot be reached, refuses, or closed the connection.
        """
        ...

    def read(self, frame: RawFrame) -> Reading:
        """Return the content of a frame; pure, and never raises."""
        ...

    async def ask_snapshot(self) -> bool:
        """Ask for a snapshot on the open connection; False when that needs a new connection."""
        ...


class FrameRecorder(Protocol):
    """Records what a live feed sent, before it is interpreted.

    `feeds.recording` implements it, and lies above `live`, which needs it.
    """

    @property
    def failed(self) -> str:
        """Why nothing is recorded any more, a sentence; "" while recording works."""
        ...

    async def record(self, frames: Sequence[RawFrame]) -> None:
        """Record frames in the order given; never raises, as the race goes on without a disk."""
        ...

    async def mark_gap(self, reason: str) -> None:
        """Record that frames may be missing between the last one and the next."""
        ...
