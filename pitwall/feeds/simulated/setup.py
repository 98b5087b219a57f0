"""What is decided before lights out: circuit, cars, distance and the day, all from the seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from pitwall.errors import SettingsError
from pitwall.feeds.simulated.circuits import CIRCUITS, Circuit
from pitwall.feeds.simulated.grid import Entrant, enter
from pitwall.feeds.simulated.lap_shape import LapShape, measure
from pitwall.feeds.simulated.tyres import Wear

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
    circuit: Circuit
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
        shape=measure(circuit),
        laps=distance,
        entrants=enter(rng),
        wear=Wear.of(circuit.abrasion, distance),
        air_c=rng.uniform(18.0, 33.0),
        lights_out_at=start,
        overtake_mode=overtake_mode,
    )
