"""Define the commands of `python -m pitwall`, one module for each."""
