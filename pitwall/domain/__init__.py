"""Define the values and rules of racing with the standard library alone: no clock, no I/O."""
