"""Where things stand: one module for each page."""
