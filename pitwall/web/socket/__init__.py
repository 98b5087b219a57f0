"""Guard the event socket: who may send events, how many, and what state is held for each tab."""
