"""Read from race control's messages in which sectors of the track yellow flags are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from pitwall.domain.race import ControlMessage

_YELLOW: Final = frozenset({"YELLOW", "DOUBLE YELLOW"})
_ENDS_ALL: Final = frozenset({"CLEAR", "GREEN", "RED", "CHEQUERED"})


def yellow_sectors(messages: Iterable[ControlMessage]) -> Mapping[int, bool]:
    """Return the track sectors under yellow after these messages, oldest first.

    The numbers are race control's own, some 20 a lap, as in `YELLOW IN TRACK SECTOR 11`; they are
    not the three timed sectors.

    Returns:
        Whether the yellow is a double one, by sector.
    """
    flagged: dict[int, bool] = {}
    for message in messages:
        if message.scope == "Sector" and message.sector is not None:
            if message.flag in _YELLOW:
                flagged[message.sector] = message.flag != "YELLOW"
            elif message.flag == "CLEAR":
                flagged.pop(message.sector, None)
        elif message.scope == "Track" and message.flag in _ENDS_ALL:
            flagged.clear()
    return flagged
