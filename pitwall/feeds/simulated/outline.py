"""Tell the outline of a simulated circuit, which is known before anybody drives there."""

from __future__ import annotations

import re
from functools import lru_cache

from pitwall.domain.circuits import Outline
from pitwall.domain.names import slug
from pitwall.feeds.simulated.lap_shape import CIRCUITS, SimulatedCircuit, measure

_SEED = re.compile(r"-(\d+)\Z")


@lru_cache(maxsize=8)
def simulated_outline(race_id: str) -> Outline | None:
    """Return the outline of the circuit of a stored simulated race; None of any other race.

    >>> simulated_outline("2025-dutch-grand-prix-race") is None
    True
    """
    for circuit in CIRCUITS:
        if f"-{slug(circuit.meeting)}-" in race_id:
            seed = _SEED.search(race_id)
            return _outline(circuit, int(seed[1]) if seed else 0)
    return None


def _outline(circuit: SimulatedCircuit, seed: int) -> Outline:
    shape = measure(circuit, seed)  # every race has its loops, and so its sectors, elsewhere
    points = tuple((round(spot.x_m, 1), round(spot.y_m, 1)) for spot in shape.spots)
    ends = tuple(round(shape.loops_at[loop], 4) for loop in shape.sector_ends)
    return Outline(points, ends, f"the simulated circuit {circuit.name}")
