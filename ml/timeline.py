"""Record a race second by second, to find the outcome of each battle afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from pitwall.domain.race import CarState, DriverNumber, RaceState, TrackStatus

# The outcomes of a battle between two instants; the first that applies counts.
FINISHED, RETIRED, PIT, NEUTRALISED, WET = "finished", "retired", "pit", "neutralised", "wet"
PASS, HOLD = "pass", "hold"
_NOWHERE: Final = 99


@dataclass(frozen=True, slots=True)
class _Second:
    """The state of the whole field in one second."""

    is_over: bool
    is_neutral: bool
    places: dict[DriverNumber, int]
    gone: frozenset[DriverNumber]  # retired or stopped
    in_lane: frozenset[DriverNumber]
    on_wets: frozenset[DriverNumber]


@dataclass(slots=True)
class Timeline:
    """The seconds of one race, from its first message on.

    Attributes:
        is_neutral: Whether the track interrupts every battle; at the line any flag does.
        is_in_lane: Whether a car's stop interrupts its battles; at the line for the whole lap.
    """

    is_neutral: Callable[[RaceState], bool] = lambda race: (
        race.track_status is not TrackStatus.CLEAR
    )
    is_in_lane: Callable[[CarState], bool] = lambda car: car.in_pit or car.pitted_this_lap
    _seconds: list[_Second] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._seconds)

    def note(self, race: RaceState) -> None:
        """Add the next second."""
        cars = list(race.cars.values())
        self._seconds.append(
            _Second(
                is_over=race.phase.is_over,
                is_neutral=self.is_neutral(race),
                places={car.number: place for place, car in enumerate(race.in_order())},
                gone=_numbers_where(cars, [not car.is_running for car in cars]),
                in_lane=_numbers_where(cars, [self.is_in_lane(car) for car in cars]),
                on_wets=_numbers_where(cars, [is_on_wets(car) for car in cars]),
            )
        )

    def outcome(
        self, attacker: DriverNumber, defender: DriverNumber, second: int, seconds: int
    ) -> str:
        """Return the outcome of a battle, `seconds` after `second`.

        `pass` means that the attacker is ahead when that time is over, and `hold` that it is not,
        as for `y1` at the line; all other outcomes interrupt the battle.
        """
        window = self._seconds[second : second + seconds + 1]
        if len(window) <= seconds or any(one.is_over for one in window):
            return FINISHED
        pair = {attacker, defender}
        if any(pair & one.gone for one in window):
            return RETIRED
        if any(pair & one.in_lane for one in window):
            return PIT
        if any(one.is_neutral for one in window):
            return NEUTRALISED
        if any(pair & one.on_wets for one in window):
            return WET
        last = window[-1].places
        return PASS if last.get(attacker, _NOWHERE) < last.get(defender, _NOWHERE) else HOLD


def _numbers_where(cars: Sequence[CarState], chosen: Sequence[bool]) -> frozenset[DriverNumber]:
    return frozenset(car.number for car, is_chosen in zip(cars, chosen, strict=True) if is_chosen)


def is_on_wets(car: CarState) -> bool:
    """Return whether a car is on intermediate or full wet-weather tyres."""
    return car.stint is not None and car.stint.compound.is_for_wet
