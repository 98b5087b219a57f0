"""Serve the page about the forecasts: what a chance means, and what is estimated."""
