"""What is known of a circuit beside its races: where its corners are, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]
"""x and y in the feed's own axes, metres."""


@dataclass(frozen=True, slots=True)
class Corner:
    """One numbered corner.

    Attributes:
        name: Its number as the sport uses it, with its letter where it has one: `1`, `2A`.
        at: Where it is.
        distance_m: From the line along the lap; None where the source does not tell.
    """

    name: str
    at: Point
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class CornerOnLap:
    """Where a corner is along a lap that somebody drove, metres from the line."""

    name: str
    at_m: float


@dataclass(frozen=True, slots=True)
class CircuitGuide:
    """A circuit as somebody described it.

    Attributes:
        corners: In order of driving.
        rotation_deg: By how much the feed's axes are turned, anticlockwise, to look like the
            official track map.
        source: Whose description this is, in words for people.
    """

    corners: tuple[Corner, ...]
    rotation_deg: float = 0.0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """A circuit as one car drove it in one lap.

    Attributes:
        points: Around the lap from the line, evenly spaced in time; the last is one step before
            the first.
        sector_ends: Where the first and the second sector end, as shares of the lap's time;
            empty where the lap's sectors are not known.
        drawn_from: Which race's positions drew it, in words for people.
    """

    points: tuple[Point, ...]
    sector_ends: tuple[float, ...] = ()
    drawn_from: str = ""


@dataclass(frozen=True, slots=True)
class TrackMap:
    """What is known of the circuit of one race, to draw it.

    Attributes:
        race_id: Which race; "" for none.
        outline: None while no race at this circuit has positions.
        guide: None where nobody describes the circuit.
    """

    race_id: str = ""
    outline: Outline | None = None
    guide: CircuitGuide | None = None


NO_MAP = TrackMap()
