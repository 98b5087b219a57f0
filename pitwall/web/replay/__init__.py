"""The replay page: transport, timeline, and the panels about a chosen battle."""
