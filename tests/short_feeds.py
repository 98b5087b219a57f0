"""Cut the beginning off a feed, as a race that is short enough to be stored in a test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from pitwall.domain.sessions import Source
from pitwall.ports.feeds import RecordedFeed
from pitwall.wire.message import RawMessage


class Short:
    """The first messages of a feed.

    Args:
        feed: Whose.
        messages: How many.
        source: What kind of data it says it is; None is what it is.
    """

    def __init__(self, feed: RecordedFeed, messages: int, source: Source | None = None) -> None:
        self._feed = feed
        self._most = messages
        self._source = source

    @property
    def name(self) -> str:
        return self._feed.name

    @property
    def source(self) -> Source:
        return self._source or self._feed.source

    def messages(self) -> Iterator[RawMessage]:
        return islice(self._feed.messages(), self._most)
