"""Track the cars in each mini-sector, and resolve their meetings."""

from __future__ import annotations

import heapq
from random import Random

from pitwall.feeds.simulated.cars import RaceCar
from pitwall.feeds.simulated.lap_shape import LapShape, MiniSector
from pitwall.feeds.simulated.race_control import TrackStage
from pitwall.feeds.simulated.racecraft import FOLLOW_S, Contest, contest, yield_to

_CLEARANCE_S = 1.3 * FOLLOW_S  # cars that leave a mini-sector further apart did not meet
_SIDE_BY_SIDE_S = 0.10  # nearest that two cars pass a loop one behind the other
_QUEUE_S = {TrackStage.SAFETY_CAR: 0.75, TrackStage.VIRTUAL: 0.55}
_YIELDS = 0.25  # share of straight above which a lapped car can get out of the way
_OPENING_S = 0.55  # the field spreads out on lap one: no car follows nearer than this
_OPENING_ROOM = 0.3  # how often there is room to use a run on lap one

Plan = tuple[float, int, int]  # when, index of the car, version of its plan


class Traffic:
    """The cars on the road, mini-sector by mini-sector, with their planned exits.

    Mutable. In every queue the planned exits rise from first to last.

    Attributes:
        plans: A heap of planned loop passages; those of an older version are void.
    """

    def __init__(self, rng: Random, shape: LapShape, difficulty: float) -> None:
        self._rng = rng
        self._shape = shape
        self._difficulty = difficulty
        self._queues: list[list[RaceCar]] = [[] for _ in shape.minis]
        self.plans: list[Plan] = []

    def last_in(self, loop: int) -> RaceCar | None:
        """Return the car last to have driven into the mini-sector that begins at `loop`."""
        queue = self._queues[loop]
        return queue[-1] if queue else None

    def schedule(self, car: RaceCar, exit_s: float) -> None:
        """Plan when a car, on the road or in the pit lane, passes its next loop."""
        exit_s = round(exit_s, 3)  # as finely as the feed times
        car.replan(exit_s)
        heapq.heappush(self.plans, (exit_s, car.index, car.version))

    def leave(self, car: RaceCar, loop: int) -> None:
        """Take a car out of the mini-sector that begins at `loop`."""
        queue = self._queues[loop]
        if car in queue:
            queue.remove(car)

    def enter(self, car: RaceCar, loop: int, exit_s: float, stage: TrackStage) -> None:
        """Let a car into a mini-sector, and settle whom it passes there."""
        queue = self._queues[loop]
        place = len(queue)
        queue.append(car)
        while place > 0 and exit_s < queue[place - 1].exit_at_s + _CLEARANCE_S:
            ahead = queue[place - 1]
            result = self._judge(car, ahead, exit_s, self._shape.minis[loop], stage)
            exit_s = result.attacker_exit_s
            if result.defender_exit_s != ahead.exit_at_s:
                self.schedule(ahead, result.defender_exit_s)
            if not result.passed:
                break
            queue[place - 1], queue[place] = car, ahead
            place -= 1
        self.schedule(car, exit_s)
        for before, after in zip(queue[place:], queue[place + 1 :], strict=False):
            if after.exit_at_s < before.exit_at_s + _SIDE_BY_SIDE_S:
                self.schedule(after, before.exit_at_s + _SIDE_BY_SIDE_S)

    def _judge(
        self, car: RaceCar, ahead: RaceCar, exit_s: float, mini: MiniSector, stage: TrackStage
    ) -> Contest:
        if stage is not TrackStage.RACING:
            nearest = ahead.exit_at_s + _QUEUE_S[stage] * self._rng.uniform(0.8, 1.3)
            return _stay(max(exit_s, nearest), ahead)
        laps_apart = (car.progress - ahead.progress) // len(self._shape.minis)
        if laps_apart == 0:
            return self._fight(car, ahead, exit_s, mini)
        gets_by = mini.straight_s > _YIELDS * mini.base_s or self._rng.random() < 0.2
        if laps_apart > 0 and gets_by:
            return yield_to(self._rng, exit_s, ahead.exit_at_s)
        if laps_apart < 0 and gets_by and exit_s < ahead.exit_at_s - 0.1:
            return yield_to(self._rng, exit_s, ahead.exit_at_s)
        return _stay(max(exit_s, ahead.exit_at_s + FOLLOW_S), ahead)

    def _fight(self, car: RaceCar, ahead: RaceCar, exit_s: float, mini: MiniSector) -> Contest:
        arena = (mini, self._difficulty)
        if car.progress >= len(self._shape.minis):
            return contest(self._rng, car, ahead, exit_s, arena)
        # Lap one: there is seldom room to use a run, and the field strings out.
        if self._rng.random() < _OPENING_ROOM:
            result = contest(self._rng, car, ahead, exit_s, arena)
            if result.passed:
                return result
        nearest = ahead.exit_at_s + _OPENING_S * self._rng.uniform(0.7, 2.0)
        return _stay(max(exit_s, nearest), ahead)


def _stay(exit_s: float, ahead: RaceCar) -> Contest:
    return Contest(
        passed=False, attacker_exit_s=exit_s, defender_exit_s=ahead.exit_at_s, tried=False
    )
