"""Test that the circuit of a simulated race is known before anybody drives there."""

from __future__ import annotations

import math

import pytest

from pitwall.feeds.simulated.lap_shape import CIRCUITS, SimulatedCircuit, measure
from pitwall.feeds.simulated.outline import simulated_outline


@pytest.mark.parametrize("circuit", CIRCUITS, ids=lambda circuit: circuit.name)
def test_a_simulated_race_has_the_outline_of_its_circuit(circuit: SimulatedCircuit) -> None:
    key = circuit.meeting.lower().replace(" ", "-")

    outline = simulated_outline(f"2026-{key}-race-7")

    assert outline is not None
    length_m = sum(
        math.dist(a, b) for a, b in zip(outline.points, outline.points[1:], strict=False)
    )
    assert length_m == pytest.approx(circuit.length_m, rel=0.01)
    assert len(outline.points) == len(measure(circuit).spots)
    shape = measure(circuit, 7)
    assert outline.sector_ends == pytest.approx(
        [shape.loops_at[loop] for loop in shape.sector_ends], abs=1e-4
    )
    assert 0.1 < outline.sector_ends[0] < outline.sector_ends[1] < 0.9
    assert not outline.is_provisional


def test_another_race_has_none() -> None:
    assert simulated_outline("2025-dutch-grand-prix-race") is None
