"""Questions about stored races: battles, laps compared, track maps, calibration, what if."""
