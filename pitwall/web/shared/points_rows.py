"""Format the points of a race if it ended now."""

from __future__ import annotations

from dataclasses import dataclass, field

from pitwall.domain.frames import LiveFrame
from pitwall.domain.points import points_of
from pitwall.domain.sessions import SessionType
from pitwall.web.shared.display_text import colour, cut

UNKNOWN = "#888888"  # a team whose colour the feed has not told


@dataclass
class PointsRow:
    """What the places of a race are worth as they stand.

    Attributes:
        title: What the points are; "" where there are none.
        cars: Car number and points, first place first.
        teams: Team, its colour and its points, most first.
    """

    title: str = ""
    cars: list[tuple[str, int]] = field(default_factory=list)
    teams: list[tuple[str, str, int]] = field(default_factory=list)


def points_row(frame: LiveFrame) -> PointsRow:
    """Return the points of a race if it ended now; none of qualifying, practice or before lap 1."""
    header = frame.header
    if header.session_type is not SessionType.RACE or not header.lap or not header.year:
        return PointsRow()
    running = [line for line in frame.tower if not (line.retired or line.stopped)]
    timed = [line for line in frame.tower if line.best_lap_s]
    quickest = min(timed, key=lambda line: line.best_lap_s or 0.0, default=None)
    points = points_of(
        header.kind,
        header.year,
        [line.number for line in running],
        quickest.number if quickest else None,
    )
    teams: dict[str, tuple[str, int]] = {}
    for line in running:
        if line.team and line.number in points:
            before = teams.get(line.team, ("", 0))[1]
            teams[line.team] = (line.team_colour, before + points[line.number])
    return PointsRow(
        "Points if it ended now",
        [(str(number), each) for number, each in points.items()],
        sorted(
            ((cut(team), colour(shade, UNKNOWN), each) for team, (shade, each) in teams.items()),
            key=lambda row: -row[2],
        ),
    )
