"""Format what identifies each car, and its tyres; these change once a lap at most."""

from __future__ import annotations

from dataclasses import dataclass

from pitwall.domain.frames import LiveFrame, TowerLine
from pitwall.domain.race import Compound, DriverNumber, Stint
from pitwall.web.shared.display_text import code, colour, cut

MINUS = "\N{MINUS SIGN}"
_GREY = "#8b8f83"
_LETTERS = {
    Compound.HYPERSOFT: "HS",
    Compound.ULTRASOFT: "US",
    Compound.SUPERSOFT: "SS",
    Compound.SUPERHARD: "SH",
    Compound.UNKNOWN: "?",
}


@dataclass
class CarRow:
    """One car; the other rows refer to it by its number.

    `tyre` is a letter, `compound` its CSS class, `tyre_words` is read aloud; `tyre_age` in laps
    is "" when not known. `gained` counts places since the grid, "" when level or not known.
    """

    code: str
    name: str
    colour: str
    tyre: str
    compound: str
    tyre_age: str
    tyre_words: str
    stops: str
    gained: str


def car_rows(frame: LiveFrame) -> dict[str, CarRow]:
    """Format every placed car, by number."""
    return {str(car.number): _car_row(car) for car in frame.tower}


def stint_rows(frame: LiveFrame) -> dict[str, list[list[str]]]:
    """Format the tyres of each car that it no longer drives: letter, CSS class, laps on the set.

    The set in use is in the car's own row, since its age changes with every lap.
    """
    return {
        str(car.number): [
            [tyre_letter(stint.compound), stint.compound.value.lower(), _laps_on(stint)]
            for stint in car.stints[:-1]
        ]
        for car in frame.tower
        if len(car.stints) > 1
    }


def tyre_letter(compound: Compound) -> str:
    """Return how timing screens name a compound: one letter, or two for those of 2018."""
    return _LETTERS.get(compound, compound.value[0])


def _laps_on(stint: Stint) -> str:
    """Return the laps driven in a stint; "" where not known."""
    if stint.tyre_life_laps is None:
        return ""
    return str(max(0, stint.tyre_life_laps - (stint.start_laps or 0)))


class DriverCodes(dict[DriverNumber, str]):
    """The letters of each placed car's driver; of any other car its number."""

    def __missing__(self, number: DriverNumber) -> str:
        """Return the number of a car that has no place."""
        return str(number)


def driver_codes(frame: LiveFrame) -> DriverCodes:
    """Return the letters of all drivers, by car."""
    return DriverCodes({car.number: driver_code(car) for car in frame.tower})


def driver_code(car: TowerLine) -> str:
    """Return the three letters, or the car number where the feed gave none."""
    return code(car.code, car.number)


def _car_row(car: TowerLine) -> CarRow:
    return CarRow(
        code=driver_code(car),
        name=cut(car.name) or f"Car {car.number}",
        colour=colour(car.team_colour, _GREY),
        tyre=tyre_letter(car.compound),
        compound=car.compound.value.lower(),
        tyre_age="" if car.tyre_life_laps is None else str(car.tyre_life_laps),
        tyre_words=_tyre_words(car),
        stops=str(car.pit_stops),
        gained=_gained(car),
    )


def _tyre_words(car: TowerLine) -> str:
    known = car.compound is not Compound.UNKNOWN
    words = [f"{car.compound.value.capitalize()} tyres" if known else "Tyres not known"]
    if car.tyre_life_laps is not None:
        words.append(f"{car.tyre_life_laps} lap{'' if car.tyre_life_laps == 1 else 's'} old")
    if car.fresh_tyre is False:
        words.append("used when fitted")
    return ", ".join(words)


def _gained(car: TowerLine) -> str:
    if not car.grid_position or car.grid_position == car.position:
        return ""
    return f"{car.grid_position - car.position:+d}".replace("-", MINUS)
