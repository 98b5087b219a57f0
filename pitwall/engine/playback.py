"""Play a recorded feed into an engine, up to any moment, forwards or back.

Playback blocks on files, decompression and the model: `live.race_player` runs it in a worker
thread.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from pitwall.engine.race_engine import EngineState, RaceEngine
from pitwall.ports.feeds import RecordedFeed
from pitwall.wire.message import RawMessage

CHECKPOINT_EVERY = timedelta(minutes=3)


class Playback:
    """Plays one feed into one engine.

    States are immutable, so a checkpoint costs one reference. Going back restores the last
    checkpoint before the moment and skips the messages before it without decoding them.

    Args:
        feed: What to play.
        engine: A fresh engine.
    """

    def __init__(self, feed: RecordedFeed, engine: RaceEngine) -> None:
        self._feed = feed
        self._engine = engine
        self._messages: Iterator[RawMessage] = iter(())
        self._next: RawMessage | None = None
        self._opened = False
        self._checkpoints: list[tuple[datetime, EngineState]] = []

    @property
    def state(self) -> EngineState:
        """The race at the moment reached."""
        return self._engine.state

    @property
    def at_end(self) -> bool:
        """Whether every message has been taken."""
        return self._opened and self._next is None

    def advance(self, until: datetime) -> int:
        """Take every message sent up to `until` and return how many there were.

        `until` may lie before the present moment: then the race is played again from the
        last checkpoint before it.

        Raises:
            FeedUnavailableError: The feed cannot be opened.
        """
        self._open()
        if self.state.sent_at is not None and until < self.state.grid_at:
            self._go_back(until)
        count = 0
        while self._next is not None and self._next.sent_at <= until:
            self._take()
            count += 1
        self._engine.settle(until)
        return count

    def advance_to(self, reached: Callable[[EngineState], bool]) -> datetime | None:
        """Take messages until `reached` is true, and return that moment; None at the feed's end.

        Raises:
            FeedUnavailableError: The feed cannot be opened.
        """
        self._open()
        while self._next is not None:
            self._take()
            if reached(self.state):
                return self.state.sent_at
        return None

    def _open(self) -> None:
        if not self._opened:
            self._messages = self._feed.messages()
            self._next = next(self._messages, None)
            self._opened = True

    def _take(self) -> None:
        if self._next is None:
            return
        self._engine.take(self._next)
        self._next = next(self._messages, None)
        sent_at = self.state.sent_at
        if sent_at is None:
            return
        last = self._checkpoints[-1][0] if self._checkpoints else None
        if last is None or sent_at - last >= CHECKPOINT_EVERY:
            self._checkpoints.append((sent_at, self.state))

    def _go_back(self, until: datetime) -> None:
        # Strictly before: messages of the checkpoint's own instant may still be to come.
        before = bisect.bisect_left(self._checkpoints, until, key=lambda each: each[0])
        state = self._checkpoints[before - 1][1] if before else EngineState()
        del self._checkpoints[before:]
        self._engine.state = state
        self._messages = islice(self._feed.messages(), state.taken, None)
        self._next = next(self._messages, None)
