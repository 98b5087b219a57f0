"""Run the race: one event for each car at each timing loop, in order of time.

Place in the simulator:  setup -> RACE -> events -> messages of the feed, and the known truth
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from random import Random

from pitwall.domain.race import Compound, DriverNumber
from pitwall.feeds.simulated import energy, pace
from pitwall.feeds.simulated.cars import RaceCar, RunningOrder
from pitwall.feeds.simulated.events import (
    CarRetired,
    CarStopped,
    Happening,
    How,
    LaneEntered,
    LaneLeft,
    LapDone,
    LeaderLapBegun,
    LoopPassed,
    PlaceTaken,
    RaceFinished,
)
from pitwall.feeds.simulated.race_control import (
    RaceControl,
    TrackStage,
    Trouble,
    draw_end,
    draw_mishap,
)
from pitwall.feeds.simulated.racecraft import tow_s, wake_s, wants_boost
from pitwall.feeds.simulated.setup import RaceSetup
from pitwall.feeds.simulated.strategy import PitWall, draw_fashion, plan_race
from pitwall.feeds.simulated.traffic import Traffic
from pitwall.feeds.simulated.tyres import TyreSet

_FAR_S = 99.0
_SLOW_S = 1.5  # a car that lost this much in a mini-sector was passed for being slow
_BLUE_EVERY_S = 60.0
_BLUE_WITHIN_S = 1.3
_BLUE_LIFT_S = 0.25


class RaceSimulation:
    """One running race; `run` may be called once.

    Attributes:
        setup: The decisions made before the start.
        cars: By grid place; telemetry reads their positions between loops.
    """

    def __init__(self, setup: RaceSetup) -> None:
        self.setup = setup
        self._rng = Random(f"{setup.seed}:race")  # noqa: S311 - a simulation, and it must repeat
        self._loops = len(setup.shape.minis)
        self._fashion = draw_fashion(self._rng, setup.wear, setup.laps)
        self.cars = [self._car(i) for i in range(len(setup.entrants))]
        self._order = RunningOrder(self.cars, self._loops)
        self._pit_wall = PitWall(self._rng, setup, self._order)
        self._control = RaceControl(self._rng, overtake_mode=setup.overtake_mode)
        self._traffic = Traffic(self._rng, setup.shape, setup.circuit.difficulty)
        self._loop_at = [-_FAR_S] * self._loops
        self._due: list[tuple[float, int, Happening]] = []
        self._ends: dict[int, Trouble] = {}
        self._blue_at: dict[int, float] = {}
        self._flag_fell = False

    def run(self) -> Iterator[Happening]:
        """Yield what happens, nearly in order of time, from lights out to the last car home."""
        for car in self.cars:
            self._line_up(car)
        plans = self._traffic.plans
        while plans:
            at_s, index, version = heapq.heappop(plans)
            car = self.cars[index]
            if version != car.version or not car.running:
                continue
            yield from self._fall_due(at_s)
            yield from self._control.tick(at_s)
            yield from self._pass_loop(car, at_s)
        yield from self._fall_due(float("inf"))

    def order(self) -> tuple[DriverNumber, ...]:
        """Return the running order, the leader first."""
        return tuple(car.entrant.number for car in self._order.cars)

    def _car(self, index: int) -> RaceCar:
        setup = self.setup
        tyres, plan = plan_race(self._rng, setup.wear, setup.laps, self._fashion)
        car = RaceCar(index, setup.entrants[index], tyres)
        car.plan = plan
        return car

    def _line_up(self, car: RaceCar) -> None:
        car.passed_at_s.append(0.0)
        pace.new_lap(self._rng, car, self.setup)
        if (end := draw_end(self._rng, self._loops, self.setup.laps)) is not None:
            car.fail_at, self._ends[car.index] = end
        exit_s = pace.road_s(self._rng, car, self.setup.shape.minis[0], self.setup)
        self._traffic.enter(car, 0, exit_s, TrackStage.RACING)

    def _fall_due(self, at_s: float) -> Iterator[Happening]:
        while self._due and self._due[0][0] <= at_s:
            yield heapq.heappop(self._due)[2]

    def _pass_loop(self, car: RaceCar, at_s: float) -> Iterator[Happening]:
        self._traffic.leave(car, car.progress % self._loops)
        car.progress += 1
        car.passed_at_s.append(at_s)
        loop = car.progress % self._loops
        yield from self._take_places(car)
        yield self._loop_passed(car, loop)
        if loop == 0:
            yield from self._cross_line(car)
            if car.finished:
                return
        if car.fail_at == car.progress:
            yield from self._stop(car, loop)
            return
        if loop == 1 and car.in_lane:
            yield self._leave_lane(car)
        elif loop == self._loops - 1:
            yield from self._visit_pits(car)
        yield from self._drive(car, loop)

    def _take_places(self, car: RaceCar) -> Iterator[PlaceTaken]:
        for other in self._order.advance(car):
            yield PlaceTaken(
                at_s=car.at_s,
                lap=car.progress // self._loops,
                attacker=car.entrant.number,
                defender=other.entrant.number,
                position=self._order.place(other),
                how=self._how(car, other),
            )

    def _how(self, car: RaceCar, other: RaceCar) -> How:
        if car.in_lane or other.in_lane:
            return How.PIT
        if not other.running or other.hurt_s > _SLOW_S:
            return How.SLOW
        return How.START if car.progress < self._loops else How.TRACK

    def _loop_passed(self, car: RaceCar, loop: int) -> LoopPassed:
        place = self._order.place(car)
        leads = place == 0
        return LoopPassed(
            at_s=car.at_s,
            number=car.entrant.number,
            loop=loop,
            lap=car.progress // self._loops,
            position=place + 1,
            to_leader=None if leads else self._order.gap(car, self._order.leader),
            to_ahead=None if leads else self._order.gap(car, self._order.cars[place - 1]),
            surge=car.surge,
            battery_mj=car.battery_mj,
            mode=car.mode,
            wake_s=car.wake_s,
        )

    def _cross_line(self, car: RaceCar) -> Iterator[Happening]:
        lap = car.progress // self._loops
        leads = car is self._order.leader
        if leads:
            yield from self._control.leader_crossed(car.at_s, lap, self.setup.laps)
            if lap >= self.setup.laps:
                self._flag_fell = True
                yield RaceFinished(car.at_s)
            else:
                yield LeaderLapBegun(car.at_s, lap + 1)
        car.finished = self._flag_fell
        car.running = not car.finished
        car.tyres = car.tyres.older()
        yield self._lap_done(car, lap)
        car.lap_began_s = car.at_s
        car.pitted = car.in_lane
        car.behind_s = _FAR_S
        car.stuck_laps = car.stuck_laps + 1 if car.ahead_s < 1.6 else 0
        car.mode = car.mode_next and self._control.overtake_enabled
        if car.mode:
            car.battery_mj = energy.arm(car.battery_mj)
        pace.new_lap(self._rng, car, self.setup)

    def _lap_done(self, car: RaceCar, lap: int) -> LapDone:
        place = self._order.place(car)
        ahead = self._order.gap(car, self._order.cars[place - 1]).seconds if place else None
        return LapDone(
            at_s=car.at_s,
            number=car.entrant.number,
            lap=lap,
            lap_time_s=car.at_s - car.lap_began_s,
            position=place + 1,
            gap_to_leader_s=self._order.gap(car, self._order.leader).seconds if place else None,
            interval_s=ahead,
            tyres=car.tyres,
            stint_number=car.stint_number,
            battery_mj=car.battery_mj,
            mode=car.mode,
            surge=car.surge,
            pitted=car.pitted or car.in_lane,
            finished=car.finished,
        )

    def _stop(self, car: RaceCar, loop: int) -> Iterator[Happening]:
        car.running = False
        trouble = self._ends[car.index]
        lap = car.progress // self._loops
        yield CarStopped(car.at_s, car.entrant.number, lap, loop)
        if not car.in_lane:
            yield from self._control.report(car.at_s, trouble, loop + 1)
        gone = CarRetired(car.at_s + self._rng.uniform(50.0, 240.0), car.entrant.number)
        heapq.heappush(self._due, (gone.at_s, car.index, gone))

    def _visit_pits(self, car: RaceCar) -> Iterator[Happening]:
        neutral = self._control.stage is not TrackStage.RACING
        fit = None if self._flag_fell else self._pit_wall.call_in(car, neutral=neutral)
        if fit is not None:
            car.in_lane = True
            car.next_set = fit
            car.lane_at_s = car.at_s
            car.plan = car.plan[1:]
            yield LaneEntered(car.at_s, car.entrant.number, car.stint_number)

    def _leave_lane(self, car: RaceCar) -> LaneLeft:
        old = car.tyres.compound
        car.tyres = TyreSet(car.next_set or Compound.HARD)
        car.used.add(car.tyres.compound)
        car.next_set = None
        car.in_lane = False
        car.stint_number += 1
        car.stuck_laps = 0
        pace.new_lap(self._rng, car, self.setup)
        car.pace_s += pace.cold_s(car)
        return LaneLeft(
            at_s=car.at_s,
            number=car.entrant.number,
            lap=car.progress // self._loops,
            entered_at_s=car.lane_at_s,
            fitted=car.tyres,
            taken_off=old,
            stint_number=car.stint_number,
        )

    def _drive(self, car: RaceCar, loop: int) -> Iterator[Happening]:
        """Plan the car's way to the next loop."""
        setup, mini = self.setup, self.setup.shape.minis[loop]
        car.hurt_s, car.surged, car.surge, car.wake_s = 0.0, car.surge, 0.0, 0.0
        if car.in_lane:
            entry = loop == self._loops - 1
            lane_s = (
                pace.lane_entry_s(mini, setup)
                if entry
                else pace.lane_exit_s(self._rng, mini, setup)
            )
            self._traffic.schedule(car, car.at_s + lane_s)
            return
        car.ahead_s = car.at_s - self._loop_at[loop]
        self._loop_at[loop] = car.at_s
        stage = self._control.stage
        time_s = pace.road_s(self._rng, car, mini, setup)
        if stage is TrackStage.RACING:
            yield from self._race(car, loop)
            time_s += self._fight_s(car, loop) + car.hurt_s
        else:
            time_s *= pace.neutral_factor(stage, leads=car is self._order.leader)
            car.battery_mj = energy.rest(car.battery_mj, time_s)
        self._traffic.enter(car, loop, car.at_s + max(time_s, 0.5 * mini.base_s), stage)

    def _race(self, car: RaceCar, loop: int) -> Iterator[Happening]:
        """Draw mishaps, wave blue flags and arm Overtake Mode."""
        error_rate = car.entrant.error_rate
        mishap = draw_mishap(self._rng, error_rate, car.ahead_s, self._loops)
        if mishap is not None:
            car.hurt_s = mishap.lost_s
            yield from self._control.report(car.at_s, mishap.trouble, loop + 1)
        ahead = self._traffic.last_in(loop)
        if ahead is not None:
            ahead.behind_s = car.ahead_s
            if ahead.progress <= car.progress - self._loops and car.ahead_s < _BLUE_WITHIN_S:
                # The lapped car lifts: the car that laps it must not be slowed by its air.
                self._traffic.schedule(ahead, ahead.exit_at_s + _BLUE_LIFT_S)
                yield from self._wave_blue(ahead, car.at_s)
        if loop == self.setup.shape.detection:
            car.mode_next = car.ahead_s <= energy.MODE_WITHIN_S and self._control.overtake_enabled

    def _wave_blue(self, lapped: RaceCar, at_s: float) -> Iterator[Happening]:
        if at_s - self._blue_at.get(lapped.index, -_FAR_S) > _BLUE_EVERY_S:
            self._blue_at[lapped.index] = at_s
            entrant = lapped.entrant
            yield self._control.blue_flag(at_s, entrant.number, entrant.code)

    def _fight_s(self, car: RaceCar, loop: int) -> float:
        """Return seconds lost or gained to the car ahead's air and to the battery."""
        mini = self.setup.shape.minis[loop]
        car.charging = energy.charges(car.battery_mj, charging=car.charging)
        boost = wants_boost(car, car.ahead_s)
        if boost or (car.mode and not car.charging):
            work = energy.spend(car.battery_mj, mini.straight_s, boost=boost, mode=car.mode)
        else:
            work = energy.save(car.battery_mj, mini.base_s, charging=car.charging)
        car.battery_mj = work.battery_mj
        gain_s = tow_s(car.ahead_s, mini) + max(work.gain_s, 0.0)
        car.surge = energy.surge(mini, gain_s, charging=car.charging)
        car.wake_s = wake_s(car.ahead_s, mini)
        return car.wake_s - tow_s(car.ahead_s, mini) - work.gain_s
