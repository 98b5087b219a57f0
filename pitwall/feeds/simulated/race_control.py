"""Simulate race control: incidents, flags, safety cars and Overtake Mode.

Rates are chosen so that races show about as many retirements, yellow flags and safety cars
as those of 2018-2026: two retirements, half a safety car and a third of a virtual one a race.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from pitwall.domain.race import DriverNumber, TrackStatus
from pitwall.feeds.simulated.events import Announced, Happening, StatusSet

_SMALL_PER_LAP = 0.010  # a lock-up or a wide moment

_SPIN_PER_LAP = 0.0008

_BREAKDOWN_PER_RACE = 0.075

_CRASH_PER_RACE = 0.025

_CRASH_ON_LAP_ONE = 0.009

_FIGHTING = 1.8  # errors come more often right behind another car


class Trouble(StrEnum):
    """The kind of trouble a car is in."""

    SMALL = "small"
    SPIN = "spin"
    BREAKDOWN = "breakdown"
    CRASH = "crash"


@dataclass(frozen=True, slots=True)
class Mishap:
    """One error and the seconds it costs."""

    trouble: Trouble
    lost_s: float


def draw_end(rng: Random, loops: int, laps: int) -> tuple[int, Trouble] | None:
    """Return after how many loops of the race this car's race ends early, and how; or None."""
    if rng.random() < _CRASH_ON_LAP_ONE:
        return rng.randrange(1, loops), Trouble.CRASH
    luck = rng.random()
    at = rng.randrange(loops, loops * max(2, laps))
    if luck < _CRASH_PER_RACE:
        return at, Trouble.CRASH
    if luck < _CRASH_PER_RACE + _BREAKDOWN_PER_RACE:
        return at, Trouble.BREAKDOWN
    return None


def draw_mishap(rng: Random, error_rate: float, gap_s: float, loops: int) -> Mishap | None:
    """Return an error in this mini-sector, mostly None; `gap_s` is to the car ahead."""
    rate = error_rate * (_FIGHTING if gap_s < 1.0 else 1.0) / loops
    luck = rng.random()
    if luck < _SPIN_PER_LAP * rate:
        return Mishap(Trouble.SPIN, rng.uniform(5.0, 16.0))
    if luck < (_SPIN_PER_LAP + _SMALL_PER_LAP) * rate:
        return Mishap(Trouble.SMALL, 0.25 + rng.expovariate(1.6))
    return None


_SC_AFTER_CRASH = 0.5

_SC_AFTER_BREAKDOWN = 0.10

_VSC_AFTER_CRASH = 0.25

_VSC_AFTER_BREAKDOWN = 0.28

_YELLOW_S = {
    Trouble.SPIN: (8.0, 20.0),
    Trouble.BREAKDOWN: (12.0, 60.0),
    Trouble.CRASH: (20.0, 60.0),
}

_LAST_LAPS = 2  # no safety car is called back in later than this many laps before the end


class TrackStage(StrEnum):
    """How free the cars are to race."""

    RACING = "racing"
    SAFETY_CAR = "safety_car"
    VIRTUAL = "virtual"


class RaceControl:
    """Decides on the track status, and yields an event for every change.

    Mutable: the race passes it the time and the leader's laps, and reads its stage.

    Attributes:
        stage: How free the cars are to race now.
        overtake_enabled: Whether Overtake Mode may be armed.
    """

    def __init__(self, rng: Random, *, overtake_mode: bool) -> None:
        self._rng = rng
        self._overtake_mode = overtake_mode
        self.stage = TrackStage.RACING
        self.overtake_enabled = False
        self._status = TrackStatus.CLEAR
        self._yellow_until_s = -1.0
        self._yellow_sector = 1
        self._escalation: tuple[float, TrackStage] | None = None
        self._vsc_ends_s = 0.0
        self._sc_laps_left = 0
        self._enable_on_lap = rng.choice((1, 2))
        self._enable_at_s: float | None = None

    def report(self, at_s: float, trouble: Trouble, sector: int) -> list[Happening]:
        """Answer a car in trouble in a marshal sector."""
        if trouble is Trouble.SMALL or self.stage is not TrackStage.RACING:
            return []
        low, high = _YELLOW_S[trouble]
        self._yellow_until_s = max(self._yellow_until_s, at_s + self._rng.uniform(low, high))
        self._yellow_sector = sector
        if self._escalation is None:
            self._escalation = self._escalate(at_s, trouble)
        happenings: list[Happening] = self._set(at_s, TrackStatus.YELLOW)
        flag = "YELLOW" if trouble is Trouble.SPIN else "DOUBLE YELLOW"
        text = f"{flag} IN TRACK SECTOR {sector}"
        happenings.append(
            Announced(at_s + 0.1, "Flag", text, flag=flag, scope="Sector", sector=sector)
        )
        return happenings

    def tick(self, at_s: float) -> list[Happening]:
        """Return what falls due at `at_s`, apart from what waits for the leader's line crossing."""
        happenings: list[Happening] = []
        if self._escalation is not None and at_s >= self._escalation[0]:
            happenings += self._neutralise(at_s, self._escalation[1])
        elif self.stage is TrackStage.VIRTUAL and at_s >= self._vsc_ends_s:
            happenings += self._end_virtual(at_s)
        elif self._status is TrackStatus.YELLOW and at_s >= self._yellow_until_s:
            happenings += self._end_yellow(at_s)
        if self._enable_at_s is not None and at_s >= self._enable_at_s:
            happenings += self._enable(at_s)
        return happenings

    def leader_crossed(self, at_s: float, lap: int, laps: int) -> list[Happening]:
        """Answer the leader's crossing of the line with `lap` laps completed."""
        if self.stage is TrackStage.SAFETY_CAR:
            return self._safety_car_lap(at_s, laps - lap)
        if (
            self.stage is TrackStage.RACING
            and lap >= self._enable_on_lap
            and self._enable_at_s is None
        ):
            self._plan_enabling(at_s)
        return []

    def blue_flag(self, at_s: float, number: DriverNumber, code: str) -> Announced:
        """Return the message of a blue flag for a car about to be lapped."""
        text = f"WAVED BLUE FLAG FOR CAR {number} ({code})"
        return Announced(at_s, "Flag", text, flag="BLUE", scope="Driver", number=number)

    def _escalate(self, at_s: float, trouble: Trouble) -> tuple[float, TrackStage] | None:
        if trouble is Trouble.SPIN:
            return None
        crash = trouble is Trouble.CRASH
        luck = self._rng.random()
        sc = _SC_AFTER_CRASH if crash else _SC_AFTER_BREAKDOWN
        vsc = _VSC_AFTER_CRASH if crash else _VSC_AFTER_BREAKDOWN
        if luck >= sc + vsc:
            return None
        stage = TrackStage.SAFETY_CAR if luck < sc else TrackStage.VIRTUAL
        return at_s + self._rng.uniform(8.0, 30.0), stage

    def _neutralise(self, at_s: float, stage: TrackStage) -> list[Happening]:
        self._escalation = None
        self.stage = stage
        self._enable_at_s = None
        happenings: list[Happening] = []
        if stage is TrackStage.SAFETY_CAR:
            self._sc_laps_left = self._rng.randint(3, 5)
            happenings += self._set(at_s, TrackStatus.SAFETY_CAR)
            happenings.append(_safety_car(at_s, "SAFETY CAR", "DEPLOYED", "SAFETY CAR DEPLOYED"))
        else:
            self._vsc_ends_s = at_s + self._rng.uniform(70.0, 160.0)
            happenings += self._set(at_s, TrackStatus.VIRTUAL_SAFETY_CAR)
            name = "VIRTUAL SAFETY CAR"
            happenings.append(_safety_car(at_s, name, "DEPLOYED", f"{name} DEPLOYED"))
        if self.overtake_enabled:
            self.overtake_enabled = False
            happenings.append(Announced(at_s + 0.4, "Other", "OVERTAKE DISABLED"))
        return happenings

    def _end_virtual(self, at_s: float) -> list[Happening]:
        if self._status is TrackStatus.VIRTUAL_SAFETY_CAR:
            self._vsc_ends_s = at_s + self._rng.uniform(10.0, 15.0)
            name = "VIRTUAL SAFETY CAR"
            happenings = self._set(at_s, TrackStatus.VSC_ENDING)
            return [*happenings, _safety_car(at_s, name, "ENDING", f"{name} ENDING")]
        self.stage = TrackStage.RACING
        return self._go_green(at_s)

    def _end_yellow(self, at_s: float) -> list[Happening]:
        sector = self._yellow_sector
        text = f"CLEAR IN TRACK SECTOR {sector}"
        clear = Announced(at_s, "Flag", text, flag="CLEAR", scope="Sector", sector=sector)
        return [*self._set(at_s, TrackStatus.CLEAR), clear]

    def _safety_car_lap(self, at_s: float, laps_left: int) -> list[Happening]:
        self._sc_laps_left -= 1
        if self._sc_laps_left == 0:
            self.stage = TrackStage.RACING
            return self._go_green(at_s)
        if laps_left <= _LAST_LAPS:
            self._sc_laps_left = max(self._sc_laps_left, 2)  # the race ends behind it
        if self._sc_laps_left == 1:
            return [_safety_car(at_s, "SAFETY CAR", "IN THIS LAP", "SAFETY CAR IN THIS LAP")]
        return []

    def _go_green(self, at_s: float) -> list[Happening]:
        self._plan_enabling(at_s)
        clear = Announced(at_s, "Flag", "TRACK CLEAR", flag="CLEAR", scope="Track")
        return [*self._set(at_s, TrackStatus.CLEAR), clear]

    def _plan_enabling(self, at_s: float) -> None:
        if not self.overtake_enabled and self._overtake_mode:
            self._enable_at_s = at_s + self._rng.uniform(20.0, 90.0)

    def _enable(self, at_s: float) -> list[Happening]:
        self._enable_at_s = None
        if self.stage is not TrackStage.RACING:
            return []
        self.overtake_enabled = True
        self._enable_on_lap = 10**6  # from now on only a restart brings it back
        return [Announced(at_s, "Other", "OVERTAKE ENABLED")]

    def _set(self, at_s: float, status: TrackStatus) -> list[Happening]:
        if status is self._status:
            return []
        self._status = status
        return [StatusSet(at_s, status)]


def _safety_car(at_s: float, mode: str, status: str, text: str) -> Announced:
    return Announced(at_s + 0.1, "SafetyCar", text, mode=mode, status=status)
