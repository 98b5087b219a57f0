"""The feeds that messages come from: one module or package for each kind."""
