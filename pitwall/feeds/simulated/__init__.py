"""Simulate a seeded race of fictional cars in the feed's wire format, with known truth."""

from pitwall.feeds.simulated.feed import SimulatedFeed
from pitwall.feeds.simulated.setup import RaceSetup, prepare
from pitwall.feeds.simulated.truth import Truth, simulate

__all__ = ["RaceSetup", "SimulatedFeed", "Truth", "prepare", "simulate"]
