"""Serve the pages to log in, to register and to manage one's account."""
