"""Guard the event socket: who may speak, how much, and what is held of whom."""
