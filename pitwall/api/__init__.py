"""Serve programs: JSON routes with their errors and documentation, and protections of the app."""
