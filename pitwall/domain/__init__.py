"""Values and rules of racing; standard library only, no clock, no I/O."""
