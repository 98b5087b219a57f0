"""Compute the features of a battle, and forecast from them the probability of a pass."""
