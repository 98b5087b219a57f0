"""Serve the page for addresses that there are none of."""
