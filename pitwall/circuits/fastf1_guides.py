"""Fetch MultiViewer's descriptions of circuits through FastF1, and store them in the folder."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pitwall.aio import unattended
from pitwall.circuits.folder import CircuitFolder
from pitwall.circuits.reading import MULTIVIEWER
from pitwall.domain.circuits import CircuitGuide
from pitwall.errors import CircuitGuideError, shown

log = logging.getLogger(__name__)

WAITS_S: Final = 4.0
NOT_AGAIN_FOR_S: Final = 3600.0
THROUGH: Final = f"{MULTIVIEWER}, through FastF1"
# The feed gives Mugello the number of Jeddah; MultiViewer knows it under its own.
# https://github.com/theOehrly/Fast-F1/issues/248
_OTHER_KEYS: Final = {"mugello": 146}
_WHOLE_SERVICE: Final = ("", 0)
_MOST_REFUSALS: Final = 500


class FastF1Guides:
    """Reads descriptions from the folder, else FastF1, else an earlier year in the folder.

    Implements `CircuitGuides`. FastF1 blocks and has no deadline, so it runs unattended in a
    thread, one request at a time. An answer that comes too late is stored for the next caller.

    Args:
        folder: Stores the answers.
        cache: FastF1's own cache folder.
        waits_s: How long a caller waits at most, in seconds.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        folder: CircuitFolder,
        cache: Path,
        waits_s: float = WAITS_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._cache = cache
        self._waits_s = waits_s
        self._clock = clock
        self._refused_at_s: dict[tuple[str, int], float] = {}
        self._is_asking = False

    async def guide(self, circuit_id: str, year: int, f1_key: int | None) -> CircuitGuide | None:
        """Return the description of a circuit; None where there is none."""
        here = await self._folder.of_the_year(circuit_id, year)
        if here is None and f1_key and not self._is_asking and self._may_ask(circuit_id, year):
            await self._fetch_in_time(circuit_id, year, _OTHER_KEYS.get(circuit_id, f1_key))
        return here or await self._folder.guide(circuit_id, year)

    def _may_ask(self, circuit_id: str, year: int) -> bool:
        now_s = self._clock()
        refused_at_s = [
            self._refused_at_s[key]
            for key in ((circuit_id, year), _WHOLE_SERVICE)
            if key in self._refused_at_s
        ]
        return all(now_s - at_s >= NOT_AGAIN_FOR_S for at_s in refused_at_s)

    async def _fetch_in_time(self, circuit_id: str, year: int, f1_key: int) -> None:
        def fetch() -> None:
            try:
                self._fetch(circuit_id, year, f1_key)
            finally:
                self._is_asking = False

        self._is_asking = True
        try:
            async with asyncio.timeout(self._waits_s):
                await unattended(fetch, "circuit guide")
        except TimeoutError:
            self._refuse(_WHOLE_SERVICE, f"no answer within {self._waits_s:g} s")

    def _fetch(self, circuit_id: str, year: int, f1_key: int) -> None:
        """Fetch and store an answer; after a failure, which is logged, ask no more for an hour."""
        try:
            self._store_answer(circuit_id, year, f1_key)
        except CircuitGuideError as error:
            self._refuse((circuit_id, year), f"{circuit_id} {year}: {error}")
        except Exception as error:  # noqa: BLE001  FastF1 raises whatever its backends do
            self._refuse(_WHOLE_SERVICE, f"FastF1 failed: {type(error).__name__}: {error}")

    def _store_answer(self, circuit_id: str, year: int, f1_key: int) -> None:
        file = self._folder.file(circuit_id, year)
        if file.exists():  # a file of the user's own is never overwritten
            raise CircuitGuideError(f"{shown(file)} is damaged, so MultiViewer is not asked")
        answer = _ask(year, f1_key, self._cache)
        if answer is None:
            raise CircuitGuideError("MultiViewer does not describe it")
        body = json.dumps({"source": THROUGH, **answer}, ensure_ascii=False).encode()
        self._folder.save(circuit_id, year, body)
        self._refused_at_s.pop(_WHOLE_SERVICE, None)  # the server does answer, if late

    def _refuse(self, what: tuple[str, int], because: str) -> None:
        self._refused_at_s[what] = self._clock()
        while len(self._refused_at_s) > _MOST_REFUSALS:
            self._refused_at_s.pop(next(iter(self._refused_at_s)))
        log.info("No corners of a circuit; not asking again for an hour: %s.", because)


def _ask(year: int, f1_key: int, cache: Path) -> Mapping[str, Any] | None:
    import fastf1  # takes seconds to import, so only when it is needed
    from fastf1.mvapi.api import get_circuit

    logging.getLogger("fastf1").setLevel(logging.CRITICAL)  # failures are reported here
    cache.mkdir(parents=True, exist_ok=True)
    fastf1.Cache.configure(cache_dir=str(cache))
    answer = get_circuit(year=year, circuit_key=f1_key)
    return answer if isinstance(answer, dict) else None
