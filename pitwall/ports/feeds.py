"""Ports of the feeds: recorded and live, and the recorder of raw frames."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Protocol

from pitwall.domain.sessions import Source
from pitwall.wire.message import RawFrame, RawMessage, Reading


class RecordedFeed(Protocol):
    """A feed whose messages all exist already: a file, an archive, a simulation.

    It knows no clock; `engine.playback` paces it. Iterating blocks on files, so it
    runs in a worker thread.
    """

    @property
    def name(self) -> str:
        """What people are shown of the feed, such as `simulated:7`; never a path."""
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


class LiveFeed(Protocol):
    """A feed that sends while the race runs; `live.ingest` reconnects, numbers and decodes."""

    @property
    def name(self) -> str:
        """What people are shown of the feed, such as `f1_live`; never an address with a token."""
        ...

    @property
    def source(self) -> Source:
        """What kind of data this is."""
        ...

    @property
    def detail(self) -> str:
        """What people should know of the connection, such as a refused token; else ""."""
        ...

    def frames(self) -> AsyncGenerator[RawFrame, None]:
        """Connect once, and yield every frame until the server ends the connection.

        Every connection begins with a snapshot: `read` returns one from the first frames. A
        feed that has no such thing says an empty one, with its instant, as soon as it has
        filled its own gap.
        Frames that say nothing, such as pings, are yielded too: the connection lives.

        Raises:
            FeedUnavailableError: The server cannot be reached, refuses, or broke off.
        """
        ...

    def read(self, frame: RawFrame) -> Reading:
        """Return what a frame says; pure, and it never raises."""
        ...

    async def ask_snapshot(self) -> bool:
        """Ask for a snapshot on the open connection; False when only a new one brings it."""
        ...


class FrameRecorder(Protocol):
    """Keeps what a live feed sent, before anything is made of it."""

    @property
    def failed(self) -> str:
        """Why nothing is kept any more, a sentence; "" while all is well."""
        ...

    async def record(self, frames: Sequence[RawFrame]) -> None:
        """Keep frames in the order given; never raises, as the race goes on without a disk."""
        ...

    async def mark_gap(self, reason: str) -> None:
        """Note that something may be missing between the last frame and the next."""
        ...
