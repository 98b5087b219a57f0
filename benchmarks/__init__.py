"""Measure how fast pitwall is: each benchmark prints its figures side by side, from one run."""
