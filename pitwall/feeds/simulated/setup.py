"""Decide what is known before lights out: teams, drivers, circuit, distance, weather."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from pitwall.domain.race import DriverNumber
from pitwall.errors import SettingsError
from pitwall.feeds.simulated.lap_shape import CIRCUITS, LapShape, SimulatedCircuit, measure
from pitwall.feeds.simulated.tyres import Wear

_TEAM_SPREAD_S = 2.0  # a lap, first team to last; tuned so that the field spreads as counted

_DRIVER_SD_S = 0.15  # a lap, between team-mates

_WEEKEND_SD_S = 0.12  # a lap, how well a team's set-up suits the day

_QUALIFYING_SD_S = 0.15

# Chosen so that cars differ at the speed traps as in 2023-25: by 1.4 to 3.4 km/h.
_ERRORS_OF_THE_DAY = (0.1, 0.3, 0.7, 2.2)  # some races pass without a yellow flag, some have ten

_TEAM_TRIM_SD = 0.007

_DRIVER_TRIM_SD = 0.004


@dataclass(frozen=True, slots=True)
class Team:
    """One team. `colour` is RRGGBB, light enough to read on a dark panel."""

    name: str
    colour: str
    drivers: tuple[tuple[int, str, str, str], tuple[int, str, str, str]]


TEAMS = (
    Team("Aurelia", "E9C46A", ((14, "VST", "Ilario", "Vastano"), (41, "KLM", "Ruben", "Kalmar"))),
    Team("Norrsken", "4CC9F0", ((3, "HOV", "Elis", "Hovland"), (28, "BRA", "Tomas", "Branik"))),
    Team("Cavallone", "FF595E", ((16, "DRV", "Matteo", "Dorvani"), (71, "OSK", "Jonas", "Oskar"))),
    Team("Kestrel", "F77F00", ((8, "WIN", "Callum", "Winshaw"), (52, "ROJ", "Andres", "Rojano"))),
    Team("Verdantia", "52B788", ((19, "MAB", "Idris", "Mabuto"), (64, "LEF", "Remy", "Lefaure"))),
    Team("Zephyr", "B8C0FF", ((7, "TAK", "Sora", "Takamori"), (33, "GRU", "Felix", "Grunau"))),
    Team("Monteluna", "C77DFF", ((21, "SIL", "Caio", "Silvares"), (45, "NDI", "Paul", "Ndiaro"))),
    Team("Halcyon", "90E0EF", ((11, "POR", "Lars", "Porsanger"), (58, "EGA", "Finn", "Egan"))),
    Team("Ironbridge", "ADB5BD", ((26, "STO", "Miles", "Stoker"), (77, "ZAR", "Emil", "Zarov"))),
    Team("Sundara", "FF99C8", ((5, "RAO", "Vihaan", "Raonath"), (39, "PIT", "Owen", "Pitcairn"))),
    Team("Calypso", "D4E157", ((2, "CRU", "Diego", "Cruzado"), (88, "LIN", "Wei", "Linzhao"))),
)


@dataclass(frozen=True, slots=True)
class Entrant:
    """One car and its driver on the day.

    Attributes:
        slowness_s: A lap of the reference length, against the quickest team's mean.
        craft: Skill in a fight, about 0 with a spread of 1.
        error_rate: Factor on how often this driver errs; 1 is usual.
        trim: How much faster the car is on straights, as a share of its speed; it is slower in
            corners to the same amount of time a lap.
    """

    number: DriverNumber
    code: str
    first_name: str
    last_name: str
    team: str
    colour: str
    slowness_s: float
    craft: float
    error_rate: float
    trim: float = 0.0


def enter(rng: Random) -> tuple[Entrant, ...]:
    """Return the cars on their grid places: pole first."""
    order = list(TEAMS)
    rng.shuffle(order)
    entrants: list[Entrant] = []
    day = rng.choice(_ERRORS_OF_THE_DAY)
    for rank, team in enumerate(order):
        # The front is closer together than the back.
        car = _TEAM_SPREAD_S * (rank / (len(order) - 1)) ** 1.15 + rng.gauss(0.0, _WEEKEND_SD_S)
        trim = rng.gauss(0.0, _TEAM_TRIM_SD)
        for number, code, first, last in team.drivers:
            entrants.append(
                Entrant(
                    number=DriverNumber(number),
                    code=code,
                    first_name=first,
                    last_name=last,
                    team=team.name,
                    colour=team.colour,
                    slowness_s=car + rng.gauss(0.0, _DRIVER_SD_S),
                    craft=max(-2.0, min(2.0, rng.gauss(0.0, 1.0))),
                    error_rate=day * rng.uniform(0.5, 1.6),
                    trim=trim + rng.gauss(0.0, _DRIVER_TRIM_SD),
                )
            )
    noise = {e.number: rng.gauss(0.0, _QUALIFYING_SD_S) for e in entrants}
    return tuple(sorted(entrants, key=lambda e: e.slowness_s + noise[e.number]))


_FIRST_RACE_AT = datetime(2026, 7, 5, 13, 0, tzinfo=UTC)

PRE_RACE_S = 120.0  # from the first message to lights out


@dataclass(frozen=True, slots=True)
class RaceSetup:
    """Everything about a race that its running does not change.

    Attributes:
        laps: The announced distance.
        entrants: On their grid places, pole first.
        overtake_mode: Whether race control ever enables Overtake Mode.
        air_c: Air temperature at the start.
        lights_out_at: UTC, fictional.
    """

    seed: int
    circuit: SimulatedCircuit
    shape: LapShape
    laps: int
    entrants: tuple[Entrant, ...]
    wear: Wear
    air_c: float
    lights_out_at: datetime
    overtake_mode: bool = True


def prepare(seed: int, laps: int | None = None, *, overtake_mode: bool = True) -> RaceSetup:
    """Return the race of `seed`; `laps` shortens it, and its tyres wear faster to match.

    Raises:
        SettingsError: `laps` is below 1.
    """
    if laps is not None and laps < 1:
        raise SettingsError(f"a simulated race needs at least one lap, not {laps}")
    rng = Random(f"{seed}:setup")  # noqa: S311 - a simulation, and it must repeat
    circuit = rng.choice(CIRCUITS)
    distance = laps or circuit.laps
    # Another day for each seed, within the season, and a delay as there always is.
    delay_s = round(rng.uniform(180.0, 260.0), 3)
    start = _FIRST_RACE_AT + timedelta(days=7 * (seed % 22), seconds=delay_s)
    return RaceSetup(
        seed=seed,
        circuit=circuit,
        shape=measure(circuit, seed),
        laps=distance,
        entrants=enter(rng),
        wear=Wear.of(circuit.abrasion, distance),
        air_c=rng.uniform(14.0, 33.0),
        lights_out_at=start,
        overtake_mode=overtake_mode,
    )
