"""Serve the replay page: controls, timeline, and the panels about a chosen battle."""
