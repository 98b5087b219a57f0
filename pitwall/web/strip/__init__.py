"""Draw the race strip, on the live page and in a replay."""
