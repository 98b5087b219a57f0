"""The live page, and the components of a race view that a replay shows too."""
