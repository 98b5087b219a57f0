"""Frames turned into rows that a component can draw as they are: pure, and tested by value."""
