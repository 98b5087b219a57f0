"""Serve the page that lists stored races."""
