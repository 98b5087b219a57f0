"""Serve the ledger page, which shows how forecasts came out."""
