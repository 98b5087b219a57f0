"""Define what topics beside the timing tell of a session: stops, overtakes, bests, points, radio.

No battle and no forecast depends on them. They are kept apart from the cars, because each comes
from one topic, which not every recording has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import quote

LAP_BEST = "lap"
BESTS = (LAP_BEST, "S1", "S2", "S3", "I1", "I2", "FL", "ST")
"""What a car has a best of: its lap and sector times, and its speed at each trap."""

FILES_AT = "https://livetiming.formula1.com/static/"

MOST_CAPTURES = 500
MOST_STOPS = 60
MOST_OVERTAKES = 200
MOST_TEAMS = 50
_USUAL_LANE_S = 20.0


@dataclass(frozen=True, slots=True)
class TimedStop:
    """One pit stop as the feed timed it. Source: `PitStopSeries`.

    Attributes:
        lap: The lap on which the car came in. None where not told. Range: from 1.
        told_at: When the feed measured it. None where not told.
        stationary_s: How long the car stood. None where not told.
        lane_s: How long it was in the pit lane. None where not told.
    """

    lap: int | None = None
    told_at: datetime | None = None
    stationary_s: float | None = None
    lane_s: float | None = None


@dataclass(frozen=True, slots=True)
class CountedOvertake:
    """One entry of the feed's own count of a car's overtakes. Source: `OvertakeSeries`.

    Attributes:
        told_at: When the feed counted it. None where not told.
        count: The number that the feed gave with it. None where not told. Range: from 0.
    """

    told_at: datetime | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class RankedBest:
    """A car's best lap or sector time, or its best speed at a trap. Source: `TimingStats`.

    Attributes:
        value: Seconds, or km/h at a trap. None without one.
        rank: Its place among the bests of all cars; 1 is the best. None where not told.
        lap: The lap on which it was driven. None where not told: only lap times have it.
    """

    value: float | None = None
    rank: int | None = None
    lap: int | None = None


@dataclass(frozen=True, slots=True)
class CarFacts:
    """What these topics tell of one car.

    Attributes:
        stops: By the number of the entry in the feed's list, from 0. Source: `PitStopSeries`.
        overtakes: By the number of the entry in the feed's list, from 0. Source: `OvertakeSeries`.
        bests: By what it is the best of: `lap`, a sector (`S1` to `S3`) or a trap. Source:
            `TimingStats`.
    """

    stops: Mapping[int, TimedStop] = field(default_factory=dict)
    overtakes: Mapping[int, CountedOvertake] = field(default_factory=dict)
    bests: Mapping[str, RankedBest] = field(default_factory=dict)

    @property
    def stops_in_order(self) -> tuple[TimedStop, ...]:
        """The stops, each once: a feed may tell one under two laps, one after the other."""
        once: list[TimedStop] = []
        for _, stop in sorted(self.stops.items()):
            if once and _is_one_stop(once[-1], stop):
                continue
            once.append(stop)
        return tuple(once)

    @property
    def overtake_count(self) -> int | None:
        """The feed's count of the car's overtakes; None before it has told one.

        Only recordings with one entry a car are known, so that both ways to count are understood:
        numbers that rise are the count so far, others the overtakes of one entry.
        """
        counts = [
            each.count for _, each in sorted(self.overtakes.items()) if each.count is not None
        ]
        if not counts:
            return None
        rises = all(before < after for before, after in pairwise(counts))
        return counts[-1] if rises else sum(counts)


def _is_one_stop(first: TimedStop, second: TimedStop) -> bool:
    """Whether a car that was told to come out had not yet come in again."""
    if first.told_at is None or second.told_at is None or first.lap is None or second.lap is None:
        return False
    came_in_at = second.told_at - timedelta(seconds=second.lane_s or _USUAL_LANE_S)
    return abs(second.lap - first.lap) <= 1 and came_in_at < first.told_at


@dataclass(frozen=True, slots=True)
class ChampionshipPlace:
    """A driver's or a team's place in the championship. Source: `ChampionshipPrediction`.

    Attributes:
        position: The place before the race. None where not told. Range: from 1.
        predicted_position: The place if the race ended as it stands. None where not told. Range:
            from 1.
        points: The points before the race. None where not told.
        predicted_points: The points if the race ended as it stands. None where not told.
    """

    position: int | None = None
    predicted_position: int | None = None
    points: float | None = None
    predicted_points: float | None = None


@dataclass(frozen=True, slots=True)
class RadioCapture:
    """A capture of team radio: where its sound is, never the sound itself. Source: `TeamRadio`.

    Attributes:
        number: The car. None where not told.
        told_at: When the feed stamped it. None where not told.
        path: Its file, below the session's folder in the feed's archive, or a whole address; ""
            where not told.
    """

    number: int | None = None
    told_at: datetime | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What topics beside the timing have told of a session so far.

    Attributes:
        cars: Pit stops, overtakes and bests, by car number. Source: three topics.
        driver_points: The championship of the drivers, by car number. Source:
            `ChampionshipPrediction`.
        team_points: The championship of the teams, by the name of the team there. Source:
            `ChampionshipPrediction`.
        radio: Captures of team radio, by the number of the entry in the feed's list. Range: at
            most 500. Source: `TeamRadio`.
        top_three: The cars that the feed's own list of the first three names, by place. Source:
            `TopThree`.
        folder: The session's folder in the feed's archive; "" before the feed has named it.
            Source: `SessionInfo` `Path`.
    """

    cars: Mapping[int, CarFacts] = field(default_factory=dict)
    driver_points: Mapping[int, ChampionshipPlace] = field(default_factory=dict)
    team_points: Mapping[str, ChampionshipPlace] = field(default_factory=dict)
    radio: Mapping[int, RadioCapture] = field(default_factory=dict)
    top_three: Mapping[int, int] = field(default_factory=dict)
    folder: str = ""

    def of_car(self, number: int) -> CarFacts:
        """Return what is known of one car."""
        return self.cars.get(number, NO_CAR_FACTS)

    def address_of(self, capture: RadioCapture) -> str:
        """Return the address of a capture's sound; "" before its session's folder is known.

        Example:
            >>> facts = SessionFacts(folder="2025/2025-10-26_Mexico/Race")
            >>> facts.address_of(RadioCapture(path="TeamRadio/4.mp3"))
            'https://livetiming.formula1.com/static/2025/2025-10-26_Mexico/Race/TeamRadio/4.mp3'
        """
        if capture.path.startswith("https://"):
            return capture.path
        if not (capture.path and self.folder):
            return ""
        return FILES_AT + quote(f"{self.folder}/{capture.path}", safe="/%")


NO_CAR_FACTS = CarFacts()
NO_FACTS = SessionFacts()
