"""Stories of battles and compared laps of kept races, told once for all who look at them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from pitwall.domain.circuits import Point
from pitwall.domain.history import RaceSummary
from pitwall.domain.stories import BattleStory
from pitwall.pipeline.battle_stories import story_of
from pitwall.pipeline.circuit_atlas import CircuitAtlas
from pitwall.pipeline.corner_places import corners_on_lap
from pitwall.pipeline.lap_comparing import LapCompared, compare_lap
from pitwall.pipeline.once_cache import OnceCache
from pitwall.race_ports import RaceReader

STORIES_HELD: Final = 32  # a long one has 1,500 forecasts, some 0.7 MB
LAPS_HELD: Final = 64  # some 130 kB each
StoryKey = tuple[str, int, tuple[int, int], int]
"""Race, its revision, attacker and defender, and a quarter of a minute."""
LapKey = tuple[str, int, int, int, int]
"""Race, its revision, attacker, defender and lap."""
OutlineOf = Callable[[str], Sequence[Point]]
"""Returns one lap around a race's circuit from the line on, by race; empty where not known."""


class BattleShelf:
    """Tells stories from the database and keeps the newest of them.

    Args:
        reader: Where races are kept.
        circuits: Descriptions of their circuits; None numbers no corners.
        outline_of: Where corners are looked up whose distance nobody tells.
    """

    def __init__(
        self,
        reader: RaceReader,
        circuits: CircuitAtlas | None = None,
        outline_of: OutlineOf = lambda _race_id: (),
    ) -> None:
        self._reader = reader
        self._circuits = circuits
        self._outline_of = outline_of
        self._stories: OnceCache[StoryKey, BattleStory] = OnceCache(STORIES_HELD)
        self._laps: OnceCache[LapKey, LapCompared | None] = OnceCache(LAPS_HELD)

    async def story(self, race_id: str, pair: tuple[int, int], at: datetime) -> BattleStory:
        """Return the story of the battle that two cars fought at a moment, or nearest to it.

        Raises:
            RaceNotFoundError: The race is not kept.
            NotThereError: A car is not in this race.
            StoreError: The database is not there.
        """
        race = await self._reader.race(race_id)
        for key, story in self._stories.items():
            if key[1] == race.revision and story.covers(race_id, *pair, at):
                return story
        # One moment in each quarter of a minute is asked about; the story lasts for minutes.
        key = (race_id, race.revision, pair, int(at.timestamp()) // 15)
        return await self._stories.get(key, lambda: story_of(self._reader, race, pair, at))

    async def lap(self, story: BattleStory, lap: int) -> LapCompared | None:
        """Return one lap of a story compared; None without telemetry, or without such a lap.

        Raises:
            RaceNotFoundError: The race was removed meanwhile.
            StoreError: The database is not there.
        """
        both = next((each for each in story.laps if each.lap == lap), None)
        if both is None:
            return None
        race = await self._reader.race(story.race_id)
        key = (race.id, race.revision, both.attacker.car, both.defender.car, lap)
        compared = await self._laps.get(key, lambda: compare_lap(self._reader, race, both))
        return None if compared is None else await self._with_corners(race, compared)

    async def _with_corners(self, race: RaceSummary, compared: LapCompared) -> LapCompared:
        # Not kept with the lap: who describes a circuit may be there later.
        guide = None if self._circuits is None else await self._circuits.guide(race)
        if guide is None:
            return compared
        corners = corners_on_lap(guide, compared.distance_m[-1], self._outline_of(race.id))
        if not corners:
            return compared
        return replace(compared, corners=corners, corners_from=guide.source)
