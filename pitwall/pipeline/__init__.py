"""What runs all the time: clocks, the race engine, playback and the live frame."""
