"""Play a race of F1's archive, which is fetched when it is first played."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from pitwall.domain.sessions import Source
from pitwall.feeds.f1_archive.archive import F1Archive
from pitwall.feeds.f1_archive.index import find_race
from pitwall.feeds.recording import RecordingFeed
from pitwall.wire.message import RawMessage


class ArchivedRaceFeed:
    """A `RecordedFeed` of one archived race.

    Args:
        archive: The archive that holds it.
        year: The season of the race.
        words: A circuit, place or meeting that names it.
    """

    source = Source.RECORDED

    def __init__(self, archive: F1Archive, year: int, words: str) -> None:
        self._archive = archive
        self._year = year
        self._words = words
        self._feed: RecordingFeed | None = None

    @property
    def name(self) -> str:
        """`archive:` and the year and words of the race."""
        return f"archive:{self._year}/{self._words}"

    def messages(self) -> Iterator[RawMessage]:
        """Yield every message; the first pass may take minutes.

        A recorded feed is iterated in a worker thread, so this runs its own event loop.

        Raises:
            FeedUnavailableError: The race cannot be fetched.
            RaceNotFoundError: The words match no race, or several.
        """
        if self._feed is None:
            self._feed = asyncio.run(self._fetch())
        return self._feed.messages()

    async def _fetch(self) -> RecordingFeed:
        index = await self._archive.sessions(self._year)
        race = find_race(index.sessions, self._words)
        if await self._archive.is_whole(race):
            return RecordingFeed(self._archive.folder_of(race))
        return RecordingFeed(await self._archive.fetch(race))
