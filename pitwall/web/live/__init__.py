"""Serve the live page, and draw the parts of a race that the replay page shares."""
