"""The page of the forecast ledger."""
