"""Say in which sectors of the track yellow flags are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pitwall.domain.flags import NO_FLAGS, ShownFlags
from pitwall.domain.race import ControlMessage, RaceState, TrackStatus


def sectors_under_yellow(race: RaceState) -> Mapping[int, bool]:
    """Return the track sectors under yellow now, and whether the yellow is a double one.

    On a clear track there are none: race control names the sector some moments before the status of
    the track follows.
    """
    if race.track_status is TrackStatus.CLEAR:
        return {}
    return _named(race.told.flags)


def yellow_sectors(messages: Iterable[ControlMessage]) -> Mapping[int, bool]:
    """Return the track sectors that these messages, oldest first, leave under yellow.

    This is the count that the model learnt from: unlike `sectors_under_yellow` it does not know the
    status of the track, so that a yellow that race control never takes back stands for ever. The
    numbers are race control's own, some 20 a lap, as in `YELLOW IN TRACK SECTOR 11`; they are
    not the three timed sectors. A green flag for the track ends all yellows here, even the green
    light at the pit exit, which changes no status.

    Returns:
        Whether the yellow is a double one, by sector.
    """
    flags = NO_FLAGS
    for said in messages:
        flags = flags.after(said.category, said.message, said.flag, said.scope, said.sector)
        if said.scope == "Track" and said.flag == "GREEN" and flags.yellow:
            flags = ShownFlags(flags.status)
    return _named(flags)


def _named(flags: ShownFlags) -> Mapping[int, bool]:
    return {sector: sector in flags.double for sector in flags.yellow if sector is not None}
