"""Decide which results are hidden from viewers until they have played the race."""

from __future__ import annotations

from typing import Final, Literal

from pitwall.domain.sessions import Source
from pitwall.domain.stored_races import RaceFilter, RaceSummary
from pitwall.ports.races import RaceReader

Wish = Literal["auto", "hide", "show"]
MOST_PLAYED: Final = 200
_LOOKED_AT: Final = 20  # races, enough to hold the newest real one: at most three are simulated


async def newest_race(reader: RaceReader, *, is_guest: bool) -> RaceSummary | None:
    """Return the newest race that is over and open to the viewer, real ones before simulated.

    Raises:
        StoreError: The database is not there.
    """
    allowed = RaceFilter(source=Source.SIMULATED.value) if is_guest else RaceFilter()
    races, _ = await reader.races(allowed, _LOOKED_AT)
    over = [race for race in races if race.state != "running"]
    real = [race for race in over if race.source != Source.SIMULATED.value]
    return next(iter(real or over), None)


def is_veiled(wish: str, played: str, race_id: str, newest: RaceSummary | None) -> bool:
    """Whether the results of a race are hidden from the viewer.

    Args:
        wish: `hide` or `show` for all races; anything else hides the newest until it is played.
        played: Ids of races that were played to their end, separated by blanks.
        race_id: The race in question.
        newest: The newest race.
    """
    if wish == "show" or race_id in played.split():
        return False
    return wish == "hide" or (newest is not None and newest.id == race_id)


def with_played(played: str, race_id: str) -> str:
    """Return the played races with one more; beyond two hundred the oldest are dropped.

    >>> with_played("a b", "c"), with_played("a b", "b")
    ('a b c', 'a b')
    """
    known = played.split()
    return " ".join([*known, race_id][-MOST_PLAYED:]) if race_id not in known else played
