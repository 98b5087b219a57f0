"""Read from race control's messages in which sectors of the track yellow flags are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pitwall.domain.flags import NO_FLAGS, ShownFlags
from pitwall.domain.race import ControlMessage


def yellow_sectors(messages: Iterable[ControlMessage]) -> Mapping[int, bool]:
    """Return the track sectors under yellow after these messages, oldest first.

    The numbers are race control's own, some 20 a lap, as in `YELLOW IN TRACK SECTOR 11`; they are
    not the three timed sectors. A green flag for the track ends all yellows here, even the green
    light at the pit exit, which changes no status: the model learnt from this count.

    Returns:
        Whether the yellow is a double one, by sector.
    """
    flags = NO_FLAGS
    for said in messages:
        flags = flags.after(said.category, said.message, said.flag, said.scope, said.sector)
        if said.scope == "Track" and said.flag == "GREEN" and flags.yellow:
            flags = ShownFlags(flags.status)
    return {sector: sector in flags.double for sector in flags.yellow if sector is not None}
