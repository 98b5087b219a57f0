"""Tests of the race strip."""
