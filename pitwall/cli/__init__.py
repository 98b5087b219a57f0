"""The commands of `python -m pitwall`, one module each."""
