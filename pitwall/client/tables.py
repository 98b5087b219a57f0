"""Name the tables of a stored race, once for races that block and for races that are awaited."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from typing import Unpack

    from pitwall.client.calls import RacePart, TableName

Frame = TypeVar("Frame", covariant=True)


class RaceTables(ABC, Generic[Frame]):
    """The tables of a stored race, each as a data frame, or as something that is awaited for one.

    All take `since`, `until` and `drivers`. Times are UTC, units are in the names of the columns;
    `docs/dictionary.md` explains each.
    """

    @abstractmethod
    def table(self, name: TableName, **part: Unpack[RacePart]) -> Frame:
        """Return a table by its name; `export` is the whole race without telemetry."""

    @abstractmethod
    def battles(self, **part: Unpack[RacePart]) -> Frame:
        """Return one row a battle: who, when, how close, how likely at most, what became of it.

        They are found in the forecasts: a pair that has had none for ten seconds begins another
        battle. `outcome` is that of the last forecast.
        """

    def laps(self, **part: Unpack[RacePart]) -> Frame:
        """Return the laps of all cars."""
        return self.table("laps", **part)

    def telemetry(self, **part: Unpack[RacePart]) -> Frame:
        """Return the samples of the cars, some four a second; empty where the feed gave none."""
        return self.table("telemetry", **part)

    def predictions(self, **part: Unpack[RacePart]) -> Frame:
        """Return the forecasts, one a second and battle, with their outcomes."""
        return self.table("predictions", **part)

    def timing(self, **part: Unpack[RacePart]) -> Frame:
        """Return positions, gaps and intervals as they changed."""
        return self.table("timing", **part)

    def stints(self, **part: Unpack[RacePart]) -> Frame:
        """Return the stints: compound, from which lap, how old the tyres were."""
        return self.table("stints", **part)

    def entries(self, **part: Unpack[RacePart]) -> Frame:
        """Return cars, drivers and teams, with places on the grid."""
        return self.table("entries", **part)

    def race_control(self, **part: Unpack[RacePart]) -> Frame:
        """Return the messages of race control."""
        return self.table("race_control", **part)

    def statuses(self, **part: Unpack[RacePart]) -> Frame:
        """Return how track status, phase and lap changed."""
        return self.table("statuses", **part)

    def weather(self, **part: Unpack[RacePart]) -> Frame:
        """Return the weather."""
        return self.table("weather", **part)

    def standings(self, **part: Unpack[RacePart]) -> Frame:
        """Return the result of qualifying or practice; empty in a race."""
        return self.table("standings", **part)
