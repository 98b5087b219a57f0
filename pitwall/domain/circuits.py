"""Describe circuits: their outlines, and the places and names of their corners."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]
"""x and y in the feed's own axes, metres."""


@dataclass(frozen=True, slots=True)
class Corner:
    """One numbered corner.

    Attributes:
        name: Its official number, with a letter where it has one: `1`, `2A`.
        at: Where it is.
        distance_m: Along the lap from the line; None where the source does not give it.
    """

    name: str
    at: Point
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class CornerOnLap:
    """The distance of a corner from the line, metres along a lap that was driven."""

    name: str
    at_m: float


@dataclass(frozen=True, slots=True)
class CircuitGuide:
    """A published description of a circuit.

    Attributes:
        corners: In driving order.
        rotation_deg: How far the feed's axes must be turned, anticlockwise, to look like the
            official track map.
        source: Who published the description, as a text for readers.
        flag_sectors: Where the track sectors of race control begin, by their numbers; empty where
            the source does not give them.
        outline: One lap around the circuit from the line on, evenly spaced in time; empty where
            the source does not give it.
    """

    corners: tuple[Corner, ...]
    rotation_deg: float = 0.0
    source: str = ""
    flag_sectors: tuple[Corner, ...] = ()
    outline: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """The shape of a circuit.

    Attributes:
        points: Around the lap from the line, evenly spaced in time; the last is one step before
            the line.
        sector_ends: Where the first and the second sector end, as shares of the lap's time;
            empty where the lap's sector times are not known.
        drawn_from: What it was drawn from, as a text for readers.
        pit_lane: Along the pit lane from its entry; empty where no stop is known.
        is_open: Whether it is only the part of the lap that has been driven so far.
        is_provisional: Whether a better one can be drawn as the race goes on.
    """

    points: tuple[Point, ...]
    sector_ends: tuple[float, ...] = ()
    drawn_from: str = ""
    pit_lane: tuple[Point, ...] = ()
    is_open: bool = False
    is_provisional: bool = False


@dataclass(frozen=True, slots=True)
class TrackMap:
    """What is known about the circuit of one race, for drawing it.

    Attributes:
        race_id: Which race; "" for none.
        outline: None while no race at this circuit has position data.
        guide: None where there is no published description.
    """

    race_id: str = ""
    outline: Outline | None = None
    guide: CircuitGuide | None = None


NO_MAP = TrackMap()
