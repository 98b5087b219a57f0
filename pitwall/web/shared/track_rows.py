"""Format the track map: the circuit's shape, and where on it each car is drawn.

`assets/track_drawing.js` draws it. Cars and circuit are separate rows, as the circuit changes only
once a race.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, Final

from pitwall.domain.circuits import Corner, TrackMap
from pitwall.domain.frames import LiveFrame
from pitwall.domain.track_positions import CarPlace
from pitwall.web.shared.display_text import code, cut

IN_PIT: Final = 1
HUNTS: Final = 2
HUNTED: Final = 4
_SHARES: Final = 10_000

Mark = list[int]
"""Three numbers where a car's position is known: x and y in metres, and the sum of its flags. Two
where it is drawn by its share of the lap: the share in 1/10,000, and the sum of its flags."""


@dataclass
class CornerMark:
    """A corner's number and its position, metres."""

    name: str
    x: int
    y: int


@dataclass
class TrackRow:
    """A circuit to draw.

    Attributes:
        points: x, y, x, y, … around the lap from the line, metres, evenly spaced in time; empty
            where no outline is known: the lap is then drawn as a ring.
        sectors: Where sectors end, as shares of the lap's time.
        turn_deg: How far the axes are turned, degrees anticlockwise.
        words: Where outline and corner numbers come from, as sentences.
        open: Whether the points are only the part of a lap that was driven so far.
        pit: x, y, x, y, … along the pit lane, from its entry.
        posts: Where race control's sectors begin, by their numbers.
    """

    points: list[float] = field(default_factory=list)
    sectors: list[float] = field(default_factory=list)
    corners: list[CornerMark] = field(default_factory=list)
    turn_deg: float = 0.0
    words: str = ""
    open: bool = False
    pit: list[float] = field(default_factory=list)
    posts: list[CornerMark] = field(default_factory=list)


@dataclass
class PlacesRow:
    """What the map says beside the cars.

    Attributes:
        words: How positions are known, a sentence.
        in_pit: The cars in the pit lane that are not drawn.
        yellow: Race control's numbers of the sectors under yellow.
        flags: The same in words; "" where there is none.
    """

    words: str = ""
    in_pit: list[str] = field(default_factory=list)
    yellow: list[int] = field(default_factory=list)
    flags: str = ""


@lru_cache(maxsize=64)
def track_fields(track: TrackMap) -> dict[str, Any]:
    """Return a circuit as a browser receives it; cached, as it is the same in every frame."""
    return asdict(track_row(track))


def track_row(track: TrackMap) -> TrackRow:
    """Format a circuit."""
    outline, guide = track.outline, track.guide
    if outline is None:
        return TrackRow(words=_RING if track.race_id else "")
    words = [f"Outline from {outline.drawn_from}."]
    if guide is not None and guide.corners:
        words.append(f"Corner numbers: {guide.source}.")
    return TrackRow(
        points=[axis for point in outline.points for axis in point],
        sectors=list(outline.sector_ends),
        corners=_marks(guide.corners if guide else ()),
        turn_deg=guide.rotation_deg if guide else 0.0,
        words=" ".join(words),
        open=outline.is_open,
        pit=[axis for point in outline.pit_lane for axis in point],
        posts=_marks(guide.flag_sectors if guide else ()),
    )


def _marks(corners: Sequence[Corner]) -> list[CornerMark]:
    return [CornerMark(cut(each.name, 6), round(each.at[0]), round(each.at[1])) for each in corners]


_RING: Final = "The lap is drawn as a ring until cars have shown the circuit's shape."


def mark_rows(frame: LiveFrame, *, has_outline: bool) -> dict[str, Mark]:
    """Return where each car is drawn, by car number; cars that cannot be placed are left out.

    Args:
        frame: The frame to draw.
        has_outline: Whether there is an outline to draw positions on; else cars are drawn by
            their share of the lap.
    """
    hunters = {battle.attacker for battle in frame.battles}
    hunted = {battle.defender for battle in frame.battles}
    in_pit = {line.number for line in frame.tower if line.in_pit}
    marks: dict[str, Mark] = {}
    for place in frame.places:
        flags = (
            IN_PIT * (place.number in in_pit)
            + HUNTS * (place.number in hunters)
            + HUNTED * (place.number in hunted)
        )
        mark = _mark(place, flags, has_outline=has_outline)
        if mark is not None:
            marks[str(place.number)] = mark
    return marks


def places_row(frame: LiveFrame, *, has_outline: bool) -> PlacesRow:
    """Return how positions are known."""
    located = has_outline and any(place.x_m is not None for place in frame.places)
    # Without a position, a car in the pit lane would be drawn as if it were on the circuit.
    lost = {place.number for place in frame.places if not (has_outline and place.x_m is not None)}
    in_pit = [
        code(line.code, line.number) for line in frame.tower if line.in_pit and line.number in lost
    ]
    yellow = sorted(frame.header.yellow_sectors)
    words = "Positions are not known until a car first crosses the line."
    if located:
        words = "Positions from the feed."
    elif any(place.lap_share is not None for place in frame.places):
        words = "Positions estimated from line crossings and gaps."
    return PlacesRow(words, in_pit, yellow, _flag_words(yellow))


def _flag_words(yellow: Sequence[int]) -> str:
    """Return where yellow flags are shown.

    >>> _flag_words([11]), _flag_words([3, 4, 5])
    ('Yellow flag in track sector 11.', 'Yellow flags in track sectors 3, 4 and 5.')
    """
    if not yellow:
        return ""
    *others, last = map(str, yellow)
    if not others:
        return f"Yellow flag in track sector {last}."
    return f"Yellow flags in track sectors {', '.join(others)} and {last}."


def _mark(place: CarPlace, flags: int, *, has_outline: bool) -> Mark | None:
    if has_outline and place.x_m is not None and place.y_m is not None:
        return [round(place.x_m), round(place.y_m), flags]
    if place.lap_share is None or flags & IN_PIT:
        return None
    return [round(place.lap_share * _SHARES) % _SHARES, flags]
