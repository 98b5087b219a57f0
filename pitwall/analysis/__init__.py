"""Answer questions about stored races: battles, lap comparisons, track maps, scores, what if."""
