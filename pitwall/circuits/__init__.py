"""Get descriptions of circuits from files on this machine, and from MultiViewer through FastF1."""

from pitwall.circuits.fastf1_guides import FastF1Guides
from pitwall.circuits.folder import CircuitFolder

__all__ = ["CircuitFolder", "FastF1Guides"]
