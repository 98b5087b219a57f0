"""Find the circuit of a stored race and its description, asked once for all readers."""

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

LOOKED_AT: Final = 500  # messages: in all recordings we have, the first one tells

_WITHIN: Final = timedelta(seconds=10)

_LARGEST_BYTES: Final = 20_000  # the message has some 600

_LARGEST_KEY: Final = 100_000


async def f1_key_of(reader: RaceReader, race: RaceSummary) -> int | None:
    """Return the number; None where the beginning of the race does not tell it.

    Raises:
        StoreError: The database is not there.
    """
    if race.first_at is None:
        return None
    return key_in(await reader.messages(race, 0, race.first_at + _WITHIN))


def key_in(messages: Iterable[RawMessage]) -> int | None:
    """Return `SessionInfo.Meeting.Circuit.Key` of the first message that has one.

    None where none of the first messages has; simulated races say 0, which is no circuit's.
    """
    for message in islice(messages, LOOKED_AT):
        if message.topic == "SessionInfo" and len(message.body) <= _LARGEST_BYTES:
            key = _key(message.body)
            if key is not None:
                return key
    return None


def _key(body: bytes) -> int | None:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    for name in ("Meeting", "Circuit", "Key"):
        told = told.get(name) if isinstance(told, dict) else None
    is_key = isinstance(told, int) and not isinstance(told, bool) and 0 < told < _LARGEST_KEY
    return told if is_key else None


GUIDES_HELD: Final = 64  # some kilobytes each

NONE_HELD_S: Final = 60.0

Place = tuple[str, int]  # circuit and year


@dataclass(frozen=True, slots=True)
class _Answer:
    """A description, or that there was none, and when that was."""

    guide: CircuitGuide | None
    at_s: float


class CircuitLookup:
    """Holds the newest answers, and asks one question at a time.

    Args:
        reader: Where races are kept.
        guides: Who describes circuits.
        clock: Seconds that only rise.
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
        """Return the description of a race's circuit; None where there is none, or no database.

        It may take some seconds when a circuit is asked about for the first time; that there is
        none is believed for a minute.
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
            return _Answer(await self._asked(race, circuit_id, year), self._clock())

    async def _asked(self, race: RaceSummary, circuit_id: str, year: int) -> CircuitGuide | None:
        try:
            f1_key = await f1_key_of(self._reader, race)
        except StoreError:
            f1_key = None  # a file may do without
        return await self._guides.guide(circuit_id, year, f1_key)
