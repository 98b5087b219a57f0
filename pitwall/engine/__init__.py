"""Advance one race: take its messages and produce battles, forecasts and frames."""
