"""What a viewer should not be told before he has seen it."""

from __future__ import annotations

from typing import Final, Literal

from pitwall.domain.sessions import Source
from pitwall.domain.stored_races import RaceFilter, RaceSummary
from pitwall.ports.races import RaceReader

Wish = Literal["auto", "hide", "show"]
MOST_PLAYED: Final = 200
_LOOKED_AT: Final = 20  # races, in which the newest real one is: simulated ones are at most three


async def newest_race(reader: RaceReader, *, is_guest: bool) -> RaceSummary | None:
    """Return the newest race to its end that the viewer may see, a real one before a simulated.

    Raises:
        StoreError: The database is not there.
    """
    wanted = RaceFilter(source=Source.SIMULATED.value) if is_guest else RaceFilter()
    found, _ = await reader.races(wanted, _LOOKED_AT)
    over = [race for race in found if race.state != "running"]
    real = [race for race in over if race.source != Source.SIMULATED.value]
    return next(iter(real or over), None)


def is_veiled(wish: str, played: str, race_id: str, newest: RaceSummary | None) -> bool:
    """Whether results of a race are kept from the viewer.

    Args:
        wish: `hide` or `show` them all; anything else hides the newest until it was played.
        played: Races that were played to their end, separated by blanks.
        race_id: Which race.
        newest: The newest one.
    """
    if wish == "show" or race_id in played.split():
        return False
    return wish == "hide" or (newest is not None and newest.id == race_id)


def with_played(played: str, race_id: str) -> str:
    """Return the races played with one more; the oldest go beyond two hundred.

    >>> with_played("a b", "c"), with_played("a b", "b")
    ('a b c', 'a b')
    """
    known = played.split()
    return " ".join([*known, race_id][-MOST_PLAYED:]) if race_id not in known else played
