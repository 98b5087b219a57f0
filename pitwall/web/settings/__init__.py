"""Serve the settings page: what a visitor chose for all pages."""
