"""Serve the web pages with Reflex: their states, components and rows, and the event socket."""
