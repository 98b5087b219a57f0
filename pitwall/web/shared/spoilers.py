"""Decide which results are hidden from viewers until they have played the race.

The viewer's wish is one, kept in the browser, and every page that could tell a result asks here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from pitwall.domain.frames import FrameHeader
from pitwall.domain.sessions import Source
from pitwall.domain.stored_races import RaceFilter, RaceSummary
from pitwall.ports.races import RaceReader
from pitwall.recording.race_recorder import stored_race_id

Wish = Literal["auto", "hide", "show"]
MOST_PLAYED: Final = 200
HIDDEN: Final = "hidden until you have played it"
_LOOKED_AT: Final = 20  # races, enough to hold the newest real one: at most three are simulated


@dataclass(frozen=True, slots=True)
class Veil:
    """Whose results are hidden from one viewer.

    Attributes:
        wish: `hide` or `show` for all races; anything else hides `newest`.
        played: Ids of races that the viewer has played to their end.
        newest: Ids of races whose result is news: those that run, and the newest that is over.
    """

    wish: str
    played: frozenset[str] = frozenset()
    newest: frozenset[str] = frozenset()

    def hides(self, race_id: str) -> bool:
        """Whether the result of a race is hidden."""
        if self.wish == "show" or race_id in self.played:
            return False
        return self.wish == "hide" or race_id in self.newest

    def hides_live(self, header: FrameHeader) -> bool:
        """Whether the live page hides its race from a viewer who opens it now.

        It shows a race under way as it happens, which tells no result; after the flag it would.
        A simulated race is no news. With `hide` nothing is shown before the viewer asks for it.
        """
        if self.wish == "show" or not header.race_id:
            return False
        race_id = stored_race_id(header)
        if race_id in self.played:
            return False
        is_result = header.phase.is_over and header.source != Source.SIMULATED
        return self.wish == "hide" or is_result


async def veil_of(reader: RaceReader, wish: str, played: str, *, is_guest: bool) -> Veil:
    """Return what is hidden from a viewer.

    Args:
        reader: Reads the stored races.
        wish: What the viewer chose.
        played: Ids of races that were played to their end, separated by blanks.
        is_guest: Whether the viewer may replay simulated races only; the newest of these is
            hidden from them as well.

    Raises:
        StoreError: The database is not there.
    """
    if wish in {"show", "hide"}:
        return Veil(wish, frozenset(played.split()))
    races, _ = await reader.races(RaceFilter(), _LOOKED_AT)
    newest = _news(races)
    if is_guest:
        simulated, _ = await reader.races(RaceFilter(source=Source.SIMULATED.value), _LOOKED_AT)
        newest |= _news(simulated)
    return Veil(wish, frozenset(played.split()), newest)


def _news(races: Iterable[RaceSummary]) -> frozenset[str]:
    """Return the newest race that is over, real ones before simulated, and real ones that run."""
    all_races = list(races)
    real = [race for race in all_races if race.source != Source.SIMULATED.value]
    runs = {race.id for race in real if race.state == "running"}
    over = [race for race in real or all_races if race.state != "running"]
    return frozenset(runs | {race.id for race in over[:1]})


def with_played(played: str, race_id: str) -> str:
    """Return the played races with one more; beyond two hundred the oldest are dropped.

    >>> with_played("a b", "c"), with_played("a b", "b")
    ('a b c', 'a b')
    """
    known = played.split()
    return " ".join([*known, race_id][-MOST_PLAYED:]) if race_id not in known else played
