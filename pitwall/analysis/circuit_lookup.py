"""Find the circuit of a stored race and its description, once for all readers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Final

from pitwall.aio import OnceCache
from pitwall.domain.circuits import CircuitGuide
from pitwall.domain.stored_races import RaceSummary
from pitwall.errors import StoreError
from pitwall.ports.races import CircuitGuides, RaceReader
from pitwall.wire.message import RawMessage

LOOKED_AT: Final = 500  # messages; in all recordings that we have, the first one has it

_WITHIN: Final = timedelta(seconds=10)

_LARGEST_BYTES: Final = 20_000  # the message has about 600

_LARGEST_KEY: Final = 100_000


async def f1_key_of(reader: RaceReader, race: RaceSummary) -> int | None:
    """Return F1's number of a race's circuit; None if the first messages do not have it.

    Raises:
        StoreError: The database cannot be reached.
    """
    if race.first_at is None:
        return None
    return key_in(await reader.messages(race, 0, race.first_at + _WITHIN))


def key_in(messages: Iterable[RawMessage]) -> int | None:
    """Return `SessionInfo.Meeting.Circuit.Key` of the first message that has one.

    None if none of the first messages has one. Simulated races have 0, which is no circuit.
    """
    for message in islice(messages, LOOKED_AT):
        if message.topic == "SessionInfo" and len(message.body) <= _LARGEST_BYTES:
            key = _key(message.body)
            if key is not None:
                return key
    return None


def _key(body: bytes) -> int | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    for name in ("Meeting", "Circuit", "Key"):
        value = value.get(name) if isinstance(value, dict) else None
    is_key = isinstance(value, int) and not isinstance(value, bool) and 0 < value < _LARGEST_KEY
    return value if is_key else None


GUIDES_HELD: Final = 64  # a few kilobytes each

NONE_HELD_S: Final = 60.0

Place = tuple[str, int]  # circuit and year


@dataclass(frozen=True, slots=True)
class _Answer:
    """A description, or None if there was none, and the time of the answer."""

    guide: CircuitGuide | None
    at_s: float


class CircuitLookup:
    """Looks up descriptions of circuits one at a time, and caches the newest.

    Args:
        reader: Reads stored races.
        guides: Describes circuits.
        clock: A clock of seconds that never goes back.
    """

    def __init__(
        self,
        reader: RaceReader,
        guides: CircuitGuides,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._guides = guides
        self._clock = clock
        self._answers: OnceCache[Place, _Answer] = OnceCache(GUIDES_HELD)
        self._asking = asyncio.Lock()

    async def guide(self, race: RaceSummary) -> CircuitGuide | None:
        """Return the description of a race's circuit; None if there is none, or no database.

        The first call for a circuit may take some seconds. That there is none is cached for a
        minute.
        """
        if race.circuit_id is None:
            return None
        place = (race.circuit_id, race.year)
        known = self._answers.known(place)
        if known and known.guide is None and self._clock() - known.at_s >= NONE_HELD_S:
            self._answers.forget(place)
        return (await self._answers.get(place, lambda: self._ask(race, *place))).guide

    async def _ask(self, race: RaceSummary, circuit_id: str, year: int) -> _Answer:
        async with self._asking:
            return _Answer(await self._look_up(race, circuit_id, year), self._clock())

    async def _look_up(self, race: RaceSummary, circuit_id: str, year: int) -> CircuitGuide | None:
        try:
            f1_key = await f1_key_of(self._reader, race)
        except StoreError:
            f1_key = None  # a description from a file may not need it
        return await self._guides.guide(circuit_id, year, f1_key)
