"""What really happened in a simulated race, for tests to hold the feed against."""

from __future__ import annotations

from dataclasses import dataclass

from pitwall.domain.race import DriverNumber, TrackStatus
from pitwall.feeds.simulated.engine import Race
from pitwall.feeds.simulated.happenings import (
    CarRetired,
    CarStopped,
    Happening,
    LaneLeft,
    LapDone,
    PlaceTaken,
    RaceFinished,
    StatusSet,
)
from pitwall.feeds.simulated.setup import RaceSetup, prepare


@dataclass(frozen=True, slots=True)
class StatusSpan:
    """The track status from one change to the next, seconds since lights out."""

    status: TrackStatus
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Truth:
    """One whole race.

    Attributes:
        laps_done: Every line crossing in order of time, with gaps, tyres, battery and mode.
        places_taken: Every change in the running order, and how it came about.
        pit_stops: In order of leaving the lane.
        stopped: Cars that stopped on the track, and when.
        retired: The same cars when given up.
        statuses: Covers the race from lights out without holes.
        finished_at_s: When the winner took the flag.
        final_order: Every car, the winner first.
    """

    setup: RaceSetup
    laps_done: tuple[LapDone, ...]
    places_taken: tuple[PlaceTaken, ...]
    pit_stops: tuple[LaneLeft, ...]
    stopped: tuple[CarStopped, ...]
    retired: tuple[CarRetired, ...]
    statuses: tuple[StatusSpan, ...]
    finished_at_s: float
    final_order: tuple[DriverNumber, ...]

    def laps_of(self, number: DriverNumber) -> list[LapDone]:
        """Return the laps one car completed, in order."""
        return [lap for lap in self.laps_done if lap.number == number]


def simulate(seed: int, laps: int | None = None, *, overtake_mode: bool = True) -> Truth:
    """Return the truth of a seed's race without putting it into words."""
    return observe(prepare(seed, laps, overtake_mode=overtake_mode))


def observe(setup: RaceSetup) -> Truth:
    """Run a race and return its truth."""
    race = Race(setup)
    told: list[Happening] = list(race.run())
    statuses = [h for h in told if isinstance(h, StatusSet)]
    finished_at_s = next(h.at_s for h in told if isinstance(h, RaceFinished))
    return Truth(
        setup=setup,
        laps_done=tuple(h for h in told if isinstance(h, LapDone)),
        places_taken=tuple(h for h in told if isinstance(h, PlaceTaken)),
        pit_stops=tuple(h for h in told if isinstance(h, LaneLeft)),
        stopped=tuple(h for h in told if isinstance(h, CarStopped)),
        retired=tuple(h for h in told if isinstance(h, CarRetired)),
        statuses=_spans(statuses, max(h.at_s for h in told)),
        finished_at_s=finished_at_s,
        final_order=race.order(),
    )


def _spans(changes: list[StatusSet], last_s: float) -> tuple[StatusSpan, ...]:
    starts = [StatusSet(0.0, TrackStatus.CLEAR), *changes]
    ends = [change.at_s for change in changes] + [last_s]
    return tuple(StatusSpan(s.status, s.at_s, e) for s, e in zip(starts, ends, strict=True))
