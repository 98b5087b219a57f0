"""Hold the changing state of each car in a running race, and the race order.

`RaceCar` is mutable on purpose: `race` steps the cars some thirty thousand times a race. Nothing
outside the simulation keeps one.
"""

from __future__ import annotations

from pitwall.domain.race import Compound
from pitwall.feeds.simulated.events import LoopGap
from pitwall.feeds.simulated.setup import Entrant
from pitwall.feeds.simulated.tyres import TyreSet


class RaceCar:
    """One running car.

    Attributes:
        progress: Timing loops passed since the start; laps times loops of a lap.
        passed_at_s: When each of those loops was passed, lights out first.
        exit_at_s: When the next loop will be passed, as planned.
        version: Rises when `exit_at_s` is moved, so that an older plan is dropped.
        pace_s: Seconds a lap above the reference car, on this lap.
        form_s: The part of it that drifts from lap to lap.
        behind_s: Gap of the car behind at its newest loop; the defender's mirror.
        ahead_s: Gap to the car ahead on the road at the newest loop.
        charging: The driver lifts to charge, and neither attacks nor defends.
        mode: Overtake Mode is armed for this lap; `mode_next` for the next.
        surge: By how much it will be faster than usual at the next loop, as a share of its speed.
        surged: The same at its newest loop.
        wake_s: Seconds lost in this mini-sector to the dirty air of the car ahead.
        hurt_s: Seconds lost in this mini-sector to an error: an easy prey when large.
        plan: Stops to come: lap and compound.
    """

    __slots__ = (
        "ahead_s",
        "battery_mj",
        "behind_s",
        "charging",
        "entrant",
        "exit_at_s",
        "fail_at",
        "finished",
        "form_s",
        "hurt_s",
        "in_lane",
        "index",
        "lane_at_s",
        "lap_began_s",
        "mode",
        "mode_next",
        "next_set",
        "pace_s",
        "passed_at_s",
        "pitted",
        "plan",
        "progress",
        "running",
        "stint_number",
        "stuck_laps",
        "surge",
        "surged",
        "tyres",
        "used",
        "version",
        "wake_s",
    )

    def __init__(self, index: int, entrant: Entrant, tyres: TyreSet) -> None:
        self.index = index
        self.entrant = entrant
        self.tyres = tyres
        self.used: set[Compound] = {tyres.compound}
        self.plan: list[tuple[int, Compound]] = []
        self.progress = 0
        self.passed_at_s: list[float] = []
        self.exit_at_s = 0.0
        self.version = 0
        self.lap_began_s = 0.0
        self.pace_s = 0.0
        self.form_s = 0.0
        self.battery_mj = 3.2
        self.behind_s = 99.0
        self.ahead_s = 99.0
        self.charging = False
        self.mode = False
        self.mode_next = False
        self.surge = 0.0
        self.surged = 0.0
        self.wake_s = self.hurt_s = 0.0
        self.stint_number = 1
        self.stuck_laps = 0
        self.next_set: Compound | None = None
        self.in_lane = False
        self.lane_at_s = 0.0
        self.pitted = False
        self.fail_at: int | None = None
        self.running = True
        self.finished = False

    @property
    def at_s(self) -> float:
        """When the newest loop was passed."""
        return self.passed_at_s[-1]

    def replan(self, exit_at_s: float) -> None:
        """Move the next loop to another time."""
        self.exit_at_s = exit_at_s
        self.version += 1


class RunningOrder:
    """The cars in race order: by loops passed, then by who passed the newest first."""

    def __init__(self, cars: list[RaceCar], loops: int) -> None:
        self.cars = list(cars)
        self._loops = loops

    @property
    def leader(self) -> RaceCar:
        """The car in front of the race."""
        return self.cars[0]

    def place(self, car: RaceCar) -> int:
        """Return the car's index in the order; 0 leads."""
        return self.cars.index(car)

    def gap(self, car: RaceCar, reference: RaceCar) -> LoopGap:
        """Return how far `car` is behind one ahead of it in the order, at its newest loop."""
        laps = (reference.progress - car.progress) // self._loops
        if laps:
            return LoopGap(None, laps)
        return LoopGap(car.at_s - reference.passed_at_s[car.progress])

    def advance(self, car: RaceCar) -> list[RaceCar]:
        """Move `car`, which has just passed a loop, ahead of all that have not; return those."""
        place = self.place(car)
        overtaken: list[RaceCar] = []
        while place > 0 and self.cars[place - 1].progress < car.progress:
            other = self.cars[place - 1]
            self.cars[place - 1], self.cars[place] = car, other
            overtaken.append(other)
            place -= 1
        return overtaken
