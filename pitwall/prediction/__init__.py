"""Features of a battle, and the models that turn them into a probability of a pass."""
