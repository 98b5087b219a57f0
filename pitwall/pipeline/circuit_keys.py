"""F1's own number of the circuit that a kept race was run on, from what its feed said first."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from itertools import islice
from typing import Final

from pitwall.domain.history import RaceSummary
from pitwall.race_ports import RaceReader
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
