"""One race in motion: messages in, battles, forecasts and frames out."""
