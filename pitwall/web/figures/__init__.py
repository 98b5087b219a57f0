"""Charts as plain values: pure functions from data to what `components.chart` draws."""
